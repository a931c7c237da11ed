"""Flagged rows by why they were flagged: few groups with the same causes instead of hundreds of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.messages import Message
from detectors.preparation.contract import Reason

#: Two rows belong together where their causes overlap by more than this (Bhattacharyya coefficient: 0 none, 1 the same).
SMALLEST_OVERLAP = 0.4

#: Groups that are told apart, and the rows that one holds at least; what fits into none of them is the rest.
MOST_GROUPS, FEWEST_ROWS = 10, 2

#: Causes that name a group, each with at least this share of what raised its rows' scores.
NAMED_CAUSES, NAMED_SHARE = 3, 0.2

#: More rows than these are not compared with one another: the others join the group that is most like them.
MOST_COMPARED = 1500

#: One column alone is behind the flags where it gives more than half of the reasons for so large a share of so many rows.
ALARMING_SHARE, ALARMING_ROWS, ALONE = 0.8, 20, 0.5


@dataclass(frozen=True)
class Causes:
    """What raised the scores of some rows, by cause."""

    names: list[Message]
    shares: NDArray[np.float64]
    """(rows, causes): how the weight of a row's reasons is divided among the causes; a row without reasons is all 0."""

    @classmethod
    def of(cls, found: Sequence[Sequence[Reason]]) -> Causes:
        """Of the reasons for each row."""
        names: dict[str, Message] = {}
        for row in found:
            for reason in row:
                names.setdefault(str(reason.cause), reason.cause)
        place = {text: number for number, text in enumerate(names)}
        weights = np.zeros((len(found), len(names)))
        for number, row in enumerate(found):
            for reason in row:
                weights[number, place[str(reason.cause)]] += reason.weight
        sums = weights.sum(axis=1, keepdims=True)
        return cls(list(names.values()), np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0))


@dataclass(frozen=True)
class ReasonGroup:
    """Rows with the same causes."""

    causes: tuple[Message, ...]
    """Those that drive it, the strongest first; none: what fits into no group."""
    members: NDArray[np.intp]
    """Which of the rows that were grouped, counted from 0; the most typical first."""


@dataclass(frozen=True)
class Alarm:
    """One column is behind almost all flags."""

    column: str
    share: float
    """The share of the rows, from 0 to 1, of whose reasons it gives more than half."""
    rows: int


def overlaps(shares: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """How alike the causes of rows are, (rows, others), from 0 to 1: the Bhattacharyya coefficient (Bhattacharyya 1943)."""
    overlap: NDArray[np.float64] = np.sqrt(shares) @ np.sqrt(others).T
    return overlap


def clusters(shares: NDArray[np.float64]) -> NDArray[np.intp]:
    """For every row the number of its group, (rows,): rows are put together while the groups overlap enough, on average.

    Above `MOST_COMPARED` rows that many of them, spread evenly, are put together, and the others join the group that is most
    like them.
    """
    from sklearn.cluster import AgglomerativeClustering

    if len(shares) < 2:
        return np.zeros(len(shares), dtype=np.intp)
    compared = np.unique(np.linspace(0, len(shares) - 1, min(len(shares), MOST_COMPARED)).astype(np.intp))
    distances = 1 - np.minimum(overlaps(shares[compared], shares[compared]), 1)
    grower = AgglomerativeClustering(None, metric="precomputed", linkage="average", distance_threshold=1 - SMALLEST_OVERLAP)
    of_compared = _in_order(grower.fit_predict(distances))
    if len(compared) == len(shares):
        return of_compared
    centers = np.stack([shares[compared[of_compared == group]].mean(axis=0) for group in range(of_compared.max() + 1)])
    return np.asarray(overlaps(shares, centers).argmax(axis=1), dtype=np.intp)


def _in_order(numbers: NDArray[np.intp]) -> NDArray[np.intp]:
    """The same groups, counted in the order of their first rows."""
    _, first, group = np.unique(numbers, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[group], dtype=np.intp)


def groups_of(causes: Causes, numbers: NDArray[np.intp]) -> list[ReasonGroup]:
    """The groups behind the `numbers` that `clusters` gave, (rows,): the largest first, what is left over last."""
    with_reasons = causes.shares.any(axis=1)
    sizes = np.bincount(numbers[with_reasons], minlength=numbers.max(initial=0) + 1)
    fewest = FEWEST_ROWS if (sizes > 0).sum() > MOST_GROUPS else 1
    largest = [int(number) for number in np.argsort(-sizes, kind="stable") if sizes[number] >= fewest][:MOST_GROUPS]
    groups = [_group(causes, np.flatnonzero((numbers == number) & with_reasons)) for number in largest]
    rest = np.flatnonzero(~np.isin(numbers, largest) | ~with_reasons)
    return [*groups, ReasonGroup((), rest)] if len(rest) else groups


def _group(causes: Causes, members: NDArray[np.intp]) -> ReasonGroup:
    center = causes.shares[members].mean(axis=0)
    strongest = np.argsort(-center, kind="stable")[:NAMED_CAUSES]
    named = [cause for place, cause in enumerate(strongest) if place == 0 or center[cause] >= NAMED_SHARE]
    typical = np.argsort(-overlaps(causes.shares[members], center[None])[:, 0], kind="stable")
    return ReasonGroup(tuple(causes.names[cause] for cause in named), members[typical])


def one_column_alarm(found: Sequence[Sequence[Reason]], columns: int) -> Alarm | None:
    """The column that gives most of the reasons for almost all flagged rows; None where there is none, or few columns anyway.

    Args:
        found: the reasons for each row. Reasons without a column (places of a picture, words) raise no alarm.
        columns: how many columns the detector learned from.
    """
    if columns < 3 or len(found) < ALARMING_ROWS:
        return None
    alone: dict[str, int] = {}
    for row in found:
        first, total = row[0] if row else None, sum(reason.weight for reason in row)
        column = getattr(first, "column", None)
        if first is not None and column is not None and first.weight > ALONE * total:
            alone[column] = alone.get(column, 0) + 1
    column = max(alone, key=lambda name: alone[name], default="")
    share = alone.get(column, 0) / len(found)
    return Alarm(column, share, len(found)) if share >= ALARMING_SHARE else None
