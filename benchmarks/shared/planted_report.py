"""How often explanations name the planted column, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The share of rows whose planted column is to come first, and among the first three; and how far a table may stay behind what is simpler.
BAR_FIRST, BAR_THREE, BAR_BEHIND = 0.70, 0.88, 0.01

#: What explanations are held against.
SIMPLE = {"z_scores": "z-scores", "network": "residuals of a small autoencoder", "own": "its own residuals"}

#: Detectors for which there is a bar.
BARRED = ("auto", "autoencoder")


@dataclass(frozen=True)
class Outcome:
    """One detector on one table: of each way to explain how many of `rows` rows had the planted column first, and among the first three."""

    detector: str
    set: str
    rows: int
    tried: int
    hits: Mapping[str, Sequence[float]] = field(default_factory=dict)
    agreement: float | None = None
    """Rank correlation of the method for many rows with shap's explainer."""
    row_s: float | None = None
    """Seconds that one row took, the median."""
    many_s: float | None = None
    """Seconds that a row took when all were explained at once."""
    refusal: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.detector, self.set

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def share(self, way: str) -> NDArray[np.float64]:
        """Of the rows, (first, three)."""
        return np.array(self.hits[way]) / max(1, self.rows)

    def behind(self) -> NDArray[np.float64]:
        """By how much the best simple way is ahead, (first, three); negative where it is not."""
        simple = [self.share(way) for way in SIMPLE if way in self.hits]
        return np.max(simple, axis=0) - self.share("ours")


def hits(values: NDArray[np.float64], columns: NDArray[np.intp]) -> list[float]:
    """In how many rows the planted of `columns` has the highest of `values`, (rows, columns), and one of the three highest.

    Of equal values any could be named first: each counts with its chance.
    """
    own = values[np.arange(len(values)), columns][:, None]
    higher, equal = (values > own).sum(axis=1), (values == own).sum(axis=1)
    return [float(np.clip((places - higher) / equal, 0, 1).sum()) for places in (1, 3)]


def by_detector(outcomes: Iterable[Outcome]) -> str:
    """One line a detector: means over the rows of all tables."""
    found = [outcome for outcome in outcomes if outcome.rows]
    lines = []
    for detector in sorted({outcome.detector for outcome in found}):
        of_it = [outcome for outcome in found if outcome.detector == detector]
        rows = sum(outcome.rows for outcome in of_it)
        cells = [_cell(_pooled(of_it, way)) for way in ("ours", *SIMPLE)]
        agreement = [outcome.agreement for outcome in of_it if outcome.agreement is not None]
        seconds = [outcome.row_s for outcome in of_it if outcome.row_s is not None]
        measured = [f"{np.mean(agreement):.3f}" if agreement else "–", f"{1000 * np.median(seconds):.0f}" if seconds else "–"]
        lines.append([detector, str(rows), str(len(of_it)), *cells, *measured])
    lines.sort(key=lambda line: line[3], reverse=True)
    head = ["detector", "rows", "tables", "ours", *SIMPLE.values(), "rank correlation, many rows with shap's", "ms a row"]
    return _markdown([head, *lines])


def by_table(outcomes: Iterable[Outcome], detector: str) -> str:
    """One line a table: ours beside what is simpler, and whether ours is at most so little behind."""
    of_it = sorted((each for each in outcomes if each.detector == detector and each.rows), key=lambda each: each.set)
    lines = []
    for each in of_it:
        behind = each.behind()
        mark = "" if (behind <= BAR_BEHIND).all() else "behind"
        lines.append(
            [
                each.set,
                str(each.rows),
                str(each.tried),
                *(_cell(each.share(way)) if way in each.hits else "–" for way in ("ours", *SIMPLE)),
                mark,
            ]
        )
    return _markdown([["table", "rows", "of plantings", "ours", *SIMPLE.values(), ""], *lines])


def verdict(outcomes: Iterable[Outcome], detector: str) -> tuple[str, bool]:
    """What is asked of `detector`, what was found, and whether that is enough."""
    of_it = [each for each in outcomes if each.detector == detector and each.rows]
    pooled = _pooled(of_it, "ours")
    behind = [each.set for each in of_it if (each.behind() > BAR_BEHIND).any()]
    enough = pooled is not None and pooled[0] >= BAR_FIRST and pooled[1] >= BAR_THREE
    words = f"{detector}: {_cell(pooled)}, asked for {BAR_FIRST:.2f} / {BAR_THREE:.2f}: {'met' if enough else 'NOT MET'}; "
    words += f"behind the best simple one by more than {BAR_BEHIND} on {len(behind)} of {len(of_it)} tables"
    return words + (f" ({', '.join(behind)})" if behind else ""), enough and not behind


def _pooled(outcomes: Sequence[Outcome], way: str) -> NDArray[np.float64] | None:
    known = [outcome for outcome in outcomes if way in outcome.hits]
    if not known:
        return None
    return np.asarray(np.sum([outcome.hits[way] for outcome in known], axis=0) / sum(outcome.rows for outcome in known))


def _cell(shares: NDArray[np.float64] | None) -> str:
    return "–" if shares is None else f"{shares[0]:.2f} / {shares[1]:.2f}"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
