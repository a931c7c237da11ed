"""A shallow decision tree that imitates a detector's flags on columns that people know, and how well it does.

Craven & Shavlik, Extracting tree-structured representations of trained networks, NIPS 1995: fidelity is how far the tree
says what the detector says, on rows that the tree was not grown on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors.base import Decisions
from detectors.errors import DataError
from detectors.geometry.grown_trees import GrownTrees
from detectors.intervals import Interval, share_interval
from detectors.messages import N_
from detectors.trees import Cut, WordedTree, tree_in_words

#: Questions one after the other, at most: four fit on a page.
MOST_DEPTH = 4

#: Flagged rows that an imitation needs: enough to grow on some and to be judged by others.
FEWEST_FLAGGED = 10

#: Of the rows, the share to grow trees on and the share to choose one of them by; the rest judges it.
GROWN, CHOSEN = 0.5, 0.2

#: A deeper tree is worth its questions if it agrees (F1) by so much better.
WORTH_A_QUESTION = 0.01

#: From this F1 on an imitation is good, below the other it is bad.
GOOD, BAD = 0.8, 0.5


@dataclass(frozen=True)
class Fidelity:
    """How far a tree says what the detector says, on `rows` that it was not grown on, `flagged` of them flagged."""

    rows: int
    flagged: int
    reproduced: float
    """Of the flagged rows the share that the tree flags."""
    right: float
    """Of the rows that the tree flags the share that is flagged; 0 where it flags none."""
    balanced_accuracy: float
    """Mean of the shares of flagged and of other rows of which it says the same; .5 by chance."""

    @property
    def f1(self) -> float:
        """Harmonic mean of `reproduced` and `right`."""
        return 2 * self.reproduced * self.right / ((self.reproduced + self.right) or 1.0)

    @property
    def interval(self) -> Interval:
        """Where `reproduced` lies, 95 times in 100."""
        return share_interval(round(self.reproduced * self.flagged), self.flagged)


@dataclass(frozen=True)
class Imitation:
    """A tree in words, and its fidelity."""

    tree: WordedTree
    """Of each node how many rows that it was grown on came by: not flagged, flagged."""
    flags: tuple[bool, ...]
    """(nodes,): whether the tree flags what ends there."""
    fidelity: Fidelity

    def to_json(self) -> dict[str, Any]:
        return {"tree": self.tree.to_json(), "flags": list(self.flags), "fidelity": asdict(self.fidelity)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        return cls(WordedTree.from_json(record["tree"]), tuple(record["flags"]), Fidelity(**record["fidelity"]))


def imitate(
    X: NDArray[np.float32], flagged: NDArray[np.bool_], weights: NDArray[np.float64], in_words: Callable[[int, float], Cut], seed: int = 0
) -> Imitation:
    """Grows trees that say which rows are `flagged`, (rows,), from their numbers `X`, (rows, numbers); keeps the best short one.

    `weights`, (rows,), say how many rows each stands for; `in_words` what it means that a number is above a value.

    Raises:
        DataError: too few rows are flagged, or too few are not; or no number varies.
    """
    _refuse_what_cannot_be_told(X, flagged)
    grown, choosing, judging = _thirds(flagged, seed)
    best, best_f1 = None, -1.0
    for depth in range(1, MOST_DEPTH + 1):
        for balanced in (False, True):
            tree = _grown(X[grown], flagged[grown], weights[grown], depth, balanced=balanced, seed=seed)
            f1 = _fidelity(tree.says(X[choosing]), flagged[choosing], weights[choosing]).f1
            if best is None or f1 > best_f1 + WORTH_A_QUESTION:
                best, best_f1 = tree, f1
    assert best is not None
    best = best.pruned().rounded(X[grown], in_words)
    return Imitation(
        tree_in_words(best.decisions, in_words, ()),
        tuple(bool(flag) for flag in best.flags),
        _fidelity(best.says(X[judging]), flagged[judging], weights[judging]),
    )


@dataclass(frozen=True)
class _Tree:
    """Questions, and for every node whether what ends there is flagged, (nodes,)."""

    decisions: Decisions
    flags: NDArray[np.bool_]

    def says(self, X: NDArray[np.float32]) -> NDArray[np.bool_]:
        found, places = self.decisions, np.arange(len(self.flags))
        low, high = (np.where(found.number >= 0, child, places).astype(np.int32) for child in (found.low, found.high))
        number = np.maximum(found.number, 0).astype(np.int32)
        ends = GrownTrees(number, found.value, low, high, np.zeros(1, np.int32)).answers(X)[:, 0]
        return self.flags[ends]

    def pruned(self) -> _Tree:
        """Without questions both of whose answers say the same."""
        number, low, high = self.decisions.number.copy(), self.decisions.low, self.decisions.high
        flags = self.flags.copy()
        for node in range(len(number) - 1, -1, -1):  # children come after their parents
            if number[node] >= 0 and number[low[node]] < 0 and number[high[node]] < 0 and flags[low[node]] == flags[high[node]]:
                number[node], flags[node] = -1, flags[low[node]]
        kept = _reached(number, low, high)
        place = np.full(len(number), -1)
        place[kept] = np.arange(len(kept))
        asks = number[kept] >= 0
        low, high = (np.where(asks, place[child[kept]], -1) for child in (low, high))
        found = Decisions(number[kept], self.decisions.value[kept], low, high, self.decisions.rows[kept])
        return _Tree(found, flags[kept])

    def rounded(self, X: NDArray[np.float32], in_words: Callable[[int, float], Cut]) -> _Tree:
        """The same answers for the rows `X`, with questions in numbers that are as round as these rows allow."""
        values = self.decisions.value.copy()
        for node in np.flatnonzero(self.decisions.number >= 0):
            column = X[:, self.decisions.number[node]]
            low, high = column[column <= values[node]], column[column > values[node]]
            if len(low) and len(high):
                values[node] = _round_between(int(self.decisions.number[node]), float(low.max()), float(high.min()), in_words)
        found = self.decisions
        return _Tree(Decisions(found.number, values, found.low, found.high, found.rows), self.flags)


def _refuse_what_cannot_be_told(X: NDArray[np.float32], flagged: NDArray[np.bool_]) -> None:
    few = min(int(flagged.sum()), int((~flagged).sum()))
    if few < FEWEST_FLAGGED:
        told = (
            N_("Only {few} rows are flagged, and {fewest} are needed to learn rules from some and to judge them by others. Flag more.")
            if flagged.sum() == few
            else N_("All but {few} rows are flagged, and {fewest} others are needed to tell the flagged ones from. Flag fewer.")
        )
        raise DataError(told, few=few, fewest=FEWEST_FLAGGED)
    if not np.ptp(X, axis=0).any():
        raise DataError(N_("The rows do not differ in anything that a rule could ask for."))


def _thirds(flagged: NDArray[np.bool_], seed: int) -> list[NDArray[np.intp]]:
    """Positions to grow trees on, to choose one by and to judge it by: of flagged rows and of others the same shares."""
    chance = np.random.default_rng(seed)
    parts: list[list[NDArray[np.intp]]] = [[], [], []]
    for group in (np.flatnonzero(flagged), np.flatnonzero(~flagged)):
        mixed = chance.permutation(group)
        ends = (np.array([GROWN, GROWN + CHOSEN]) * len(mixed)).round().astype(int)
        for part, found in zip(parts, np.split(mixed, ends), strict=True):
            part.append(found)
    return [np.sort(np.concatenate(part)) for part in parts]


def _grown(
    X: NDArray[np.float32], flagged: NDArray[np.bool_], weights: NDArray[np.float64], depth: int, *, balanced: bool, seed: int
) -> _Tree:
    """A tree whose ends are flagged where that agrees best (F1) with the rows it was grown on."""
    from sklearn.tree import DecisionTreeClassifier

    counted = weights * np.where(flagged, (weights * ~flagged).sum() / (weights * flagged).sum(), 1.0) if balanced else weights
    fewest = max(1, min(5, int(flagged.sum()) // 5))
    model = DecisionTreeClassifier(criterion="entropy", max_depth=depth, min_samples_leaf=fewest, random_state=seed % 2**32)
    tree = model.fit(X, flagged, sample_weight=counted).tree_
    came_by = model.decision_path(X)
    rows = np.stack([came_by[flagged == outcome].sum(axis=0).A1 for outcome in (False, True)], axis=1)
    ends = model.apply(X)
    sums = np.stack([np.bincount(ends, weights * (flagged == outcome), tree.node_count) for outcome in (False, True)], axis=1).astype(
        np.float64
    )
    number = np.where(tree.children_left >= 0, tree.feature, -1)
    found = Decisions(number, tree.threshold.copy(), tree.children_left, tree.children_right, rows.astype(np.int64))
    return _Tree(found, _flags_of_ends(sums))


def _flags_of_ends(sums: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which ends to flag, (nodes,), by how many rows end there, (nodes, not flagged and flagged): those of the best F1."""
    share = sums[:, 1] / np.maximum(sums.sum(axis=1), 1e-12)
    order = np.argsort(-share, kind="stable")
    hits, told = np.cumsum(sums[order, 1]), np.cumsum(sums[order].sum(axis=1))
    f1 = 2 * hits / (told + sums[:, 1].sum())
    flags = np.zeros(len(sums), dtype=bool)
    flags[order[: int(np.argmax(f1)) + 1]] = True
    return flags


def _fidelity(says: NDArray[np.bool_], flagged: NDArray[np.bool_], weights: NDArray[np.float64]) -> Fidelity:
    def share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float:
        total = float(weights[whole].sum())
        return float(weights[part & whole].sum()) / total if total else 0.0

    reproduced = share(says, flagged)
    balanced = (reproduced + share(~says, ~flagged)) / 2
    return Fidelity(len(flagged), int(flagged.sum()), reproduced, share(flagged, says), balanced)


def _reached(number: NDArray[np.intp], low: NDArray[np.intp], high: NDArray[np.intp]) -> NDArray[np.intp]:
    """The nodes that can still be come by, in their order."""
    found, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if number[node] >= 0:
            waiting += [int(low[node]), int(high[node])]
    return np.sort(np.array(found, dtype=np.intp))


def _round_between(number: int, low: float, high: float, in_words: Callable[[int, float], Cut]) -> float:
    """A value from `low` up to `high` (excluded) that reads as a round number, in the space of both."""
    first, last = in_words(number, low).value, in_words(number, high).value
    if not isinstance(first, float) or not isinstance(last, float) or not first < last:
        return (low + high) / 2
    there = roundest(first, last)
    way = (there - first) / (last - first)
    return low + way * (high - low)


def roundest(low: float, high: float) -> float:
    """The number from `low` up to `high` (excluded) with the fewest digits; the lowest of them."""
    if low <= 0 < high:
        return 0.0
    power = int(np.floor(np.log10(max(abs(low), abs(high)))))
    for digits in range(-power, 18 - power):
        found = round(float(np.ceil(low * 10.0**digits)) / 10.0**digits, max(0, digits))
        if low <= found < high:
            return found
    return low
