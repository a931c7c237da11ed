"""Reads the published figures of other methods from ``BASELINES.md`` beside the data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: Columns of the means, as they are called there and here.
FIGURES = {"AUROC": "auroc", "AP": "average_precision", "VUS-PR": "vus_pr"}

MEANS = re.compile(r"(\w+), ([\w-]+) \(\d+ data sets\)")
PER_SET_SERIES = re.compile(r"Series, ([\w-]+): VUS-PR")
PER_SET_TABLES = "Tables, per data set (AUROC / AP)"


@dataclass
class Baselines:
    """Figures by (kind, protocol) and method: means over all sets, and one set's where they are given; kinds as folder names."""

    means: dict[tuple[str, str], dict[str, dict[str, float]]] = field(default_factory=dict)
    per_set: dict[tuple[str, str], dict[str, dict[str, dict[str, float]]]] = field(default_factory=dict)
    """(kind, protocol) → method → set → figures."""

    def over(self, kind: str, protocol: str, sets: set[str], all_sets: int) -> dict[str, dict[str, float]]:
        """Means over `sets`, of the figures known for each of them; over all sets, the published means."""
        if len(sets) == all_sets:
            return self.means.get((kind, protocol), {})
        methods = self.per_set.get((kind, protocol), {})
        return {method: _means([known[name] for name in sets]) for method, known in methods.items() if sets <= set(known)}


def read_baselines(path: Path) -> Baselines:
    """The figures in the file, or none where there is no such file."""
    found = Baselines()
    if not path.is_file():
        return found
    for above, heading, rows in _tables(path.read_text(encoding="utf-8")):
        if means := MEANS.fullmatch(heading):
            found.means[means[1].lower(), means[2]] = {row[0]: _figures(rows[0][1:], row[1:]) for row in rows[1:]}
        elif series := PER_SET_SERIES.fullmatch(heading):
            found.per_set["series", series[1]] = _by_method(rows, ["vus_pr"])
        elif above == PER_SET_TABLES:
            found.per_set["tables", heading] = _by_method(rows, ["auroc", "average_precision"])
    return found


def _tables(text: str) -> Iterator[tuple[str, str, list[list[str]]]]:
    """Every table with the heading of its chapter, the nearest heading, and its rows of cells, the names first."""
    above = heading = ""
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("| ").split("|")]
            if not set("".join(cells)) <= set("-: "):
                rows.append(cells)
            continue
        if rows:
            yield above, heading, rows
            rows = []
        if line.startswith("#"):
            heading = line.lstrip("# ")
            above = heading if line.startswith("## ") else above


def _figures(names: list[str], cells: list[str]) -> dict[str, float]:
    known = dict(zip(names, cells, strict=True))
    figures = {ours: float(known[theirs]) for theirs, ours in FIGURES.items() if theirs in known}
    seconds = next((float(cell) for name, cell in known.items() if name.startswith("CPU s")), None)
    return figures if seconds is None else {**figures, "seconds": seconds}


def _by_method(rows: list[list[str]], figures: list[str]) -> dict[str, dict[str, dict[str, float]]]:
    methods: dict[str, dict[str, dict[str, float]]] = {}
    for name, *cells in rows[1:]:
        for method, cell in zip(rows[0][1:], cells, strict=True):
            methods.setdefault(method, {})[name] = dict(zip(figures, map(float, cell.split("/")), strict=True))
    return methods


def _means(all_figures: list[dict[str, float]]) -> dict[str, float]:
    return {figure: sum(figures[figure] for figures in all_figures) / len(all_figures) for figure in all_figures[0]}
