"""Figures of detectors beside those of other methods, as tables in plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from statistics import mean, median
from typing import Any

from benchmarks.shared.baselines import Baselines
from detectors.ranks import ranks

FIGURES = {"auroc": "AUROC", "average_precision": "AP", "vus_pr": "VUS-PR"}

#: By which figure methods are ordered.
LEADING = {"series": "vus_pr"}
LEADING_ELSEWHERE = "auroc"

#: The figures of one set that are shown side by side, as the baselines have them.
PER_SET = {"series": ("vus_pr",)}
PER_SET_ELSEWHERE = ("auroc", "average_precision")

OURS, UNKNOWN = "»", "–"


@dataclass(frozen=True)
class Outcome:
    """One detector on one set under one protocol: its figures, or the sentence that says why there are none."""

    kind: str
    protocol: str
    set: str
    detector: str
    figures: Mapping[str, float | None] = field(default_factory=dict)
    seconds: float | None = None
    refusal: str | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.kind, self.protocol, self.set, self.detector

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def means(kind: str, protocol: str, outcomes: list[Outcome], baselines: Baselines, all_sets: int) -> str:
    """Means over the sets, the best method first.

    Beside detectors stand baselines over the same sets, where they are known. A detector that did not finish every
    set says on how many; its mean is then over others than the rest and bears no comparison.
    """
    sets = {outcome.set for outcome in outcomes}
    known = baselines.over(kind, protocol, sets, all_sets)
    shown = ["auroc", "average_precision", *(["vus_pr"] if kind == "series" else [])]
    leading = LEADING.get(kind, LEADING_ELSEWHERE)
    ranks = mean_ranks(_by_set(kind, protocol, outcomes, baselines, leading))
    lines = [
        (
            figures.get(leading),
            ["  " + method, *_cells(figures, shown), _number(ranks.get(method), 1), _number(figures.get("seconds"), 2), ""],
        )
        for method, figures in known.items()
    ]
    for detector in sorted({outcome.detector for outcome in outcomes}):
        done = [outcome for outcome in outcomes if outcome.detector == detector and not outcome.refusal]
        figures = {figure: _mean([outcome.figures.get(figure) for outcome in done]) for figure in shown}
        seconds = median(outcome.seconds for outcome in done if outcome.seconds is not None) if done else None
        tried = sum(outcome.detector == detector for outcome in outcomes)
        note = "" if len(done) == len(sets) else f"{len(done)} of {len(sets)} sets" + ("" if tried == len(sets) else f", {tried} tried")
        name = f"{OURS} {detector}"
        lines.append((figures[leading], [name, *_cells(figures, shown), _number(ranks.get(name), 1), _number(seconds, 2), note]))
    lines.sort(key=lambda line: -1.0 if line[0] is None else line[0], reverse=True)
    head = ["  method", *(FIGURES[figure] for figure in shown), "mean rank", "s, median", ""]
    return f"{kind}, {protocol}: means over {len(sets)} sets\n" + _aligned([head, *(cells for _, cells in lines)])


def mean_ranks(figures: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The mean, over the sets, of each method's rank, 1 for the best; `figures` are those of a method by set.

    Only methods that have a figure for every set take part; equal figures share their mean rank. None alone has a rank.
    """
    sets = sorted(set().union(*figures.values())) if figures else []
    whole = {method: [known[name] for name in sets] for method, known in figures.items() if set(sets) <= set(known)}
    if len(whole) < 2:
        return {}
    by_set = [ranks([-value for value in column]) for column in zip(*whole.values(), strict=True)]
    return {method: float(mean(column)) for method, column in zip(whole, zip(*by_set, strict=True), strict=True)}


def _by_set(kind: str, protocol: str, outcomes: list[Outcome], baselines: Baselines, figure: str) -> dict[str, dict[str, float]]:
    """The figure of every method, ours and others, by set."""
    sets = {outcome.set for outcome in outcomes}
    others = baselines.per_set.get((kind, protocol), {})
    found = {method: {name: known[name][figure] for name in sets if name in known} for method, known in others.items()}
    for outcome in outcomes:
        value = outcome.figures.get(figure)
        if value is not None:
            found.setdefault(f"{OURS} {outcome.detector}", {})[outcome.set] = value
    return found


def every_set(kind: str, protocol: str, outcomes: list[Outcome], baselines: Baselines) -> str:
    """One line a set, one column a method, detectors first; ! where a detector refused."""
    shown = PER_SET.get(kind, PER_SET_ELSEWHERE)
    found = {(outcome.set, outcome.detector): outcome for outcome in outcomes}
    detectors = sorted({outcome.detector for outcome in outcomes})
    known = baselines.per_set.get((kind, protocol), {})
    lines = [["set", *(f"{OURS} {detector}" for detector in detectors), *known]]
    for name in sorted({outcome.set for outcome in outcomes}):
        ours = [found.get((name, detector)) for detector in detectors]
        cells = [UNKNOWN if outcome is None else "!" if outcome.refusal else "/".join(_cells(outcome.figures, shown)) for outcome in ours]
        theirs = ["/".join(_cells(figures[name], shown)) if name in figures else UNKNOWN for figures in known.values()]
        lines.append([name, *cells, *theirs])
    return f"{kind}, {protocol}: {' / '.join(FIGURES[figure] for figure in shown)}\n" + _aligned(lines)


def refusals(outcomes: list[Outcome]) -> str:
    """What was refused, and why."""
    return "\n".join(
        f"! {outcome.detector} on {outcome.set}, {outcome.protocol}: {outcome.refusal}" for outcome in outcomes if outcome.refusal
    )


def _mean(figures: list[float | None]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    return mean(known) if known else None


def _cells(figures: Mapping[str, float | None], shown: list[str] | tuple[str, ...]) -> list[str]:
    return [_number(figures.get(figure), 3) for figure in shown]


def _number(value: float | None, digits: int) -> str:
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def _aligned(rows: list[list[str]]) -> str:
    """The first column to the left, the others to the right, but for remarks without a heading."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    first, *others = zip(*rows, strict=True)
    columns = [[cell.ljust(widths[0]) for cell in first]]
    for column, width in zip(others, widths[1:], strict=True):
        columns.append([cell.rjust(width) if column[0] else cell for cell in column])
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))
