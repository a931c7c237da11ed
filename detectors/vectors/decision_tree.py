"""A decision tree that learns from labelled rows."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Decisions, Progress
from detectors.errors import StorageError
from detectors.geometry.grown_trees import GrownTrees
from detectors.geometry.learned_arrays import FILE, LearnedArrays
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.params import Preset, integer


class DecisionTree(LabelledDetector, LearnedArrays):
    """A few questions, one after the other; the answers are read like rules. A row's score is the share of anomalies where it ends.

    One more of each outcome is counted at every end: of two ends with anomalies alone, the one with more rows says more.
    """

    title = N_("Decision tree")
    family = N_("Trees")
    summary = N_("Asks a few questions of each row, learned from labelled ones. It is drawn, and reads as rules.")
    reference = "Breiman, Friedman, Olshen & Stone: Classification and regression trees, 1984"
    when = N_("Someone has to understand and check every decision: the whole detector fits on a page.")
    when_not = N_("Finding as many anomalies as possible: gradient-boosted trees are far better. It gives many rows the same score.")
    tells_kinds = True
    arrays: ClassVar = ("number_", "value_", "low_", "high_", "weighed_", "rows_")
    number_: NDArray[np.int32]
    value_: NDArray[np.float64]
    low_: NDArray[np.int32]
    high_: NDArray[np.int32]
    weighed_: NDArray[np.float64]
    """How much the rows that came by each node count, by outcome, (nodes, outcomes)."""
    rows_: NDArray[np.int64]
    """How many they are, (nodes, outcomes)."""

    depth: int = integer(
        4, title=N_("Questions one after the other"), low=1, high=8, help=N_("At most so many. Each one more doubles the answers that have to be read.")
    )  # fmt: skip
    rows_per_answer: int = integer(
        10, title=N_("Rows per answer"), low=1, high=10_000,
        help=N_("An answer rests on so many rows at least. Fewer finds smaller groups of anomalies, and chance ones."),
    )  # fmt: skip

    presets: ClassVar = {"short": Preset(N_("Short"), N_("Two questions at most: four rules."), {"depth": 2})}
    quick: ClassVar = {"rows_per_answer": 1}

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        from sklearn.tree import DecisionTreeClassifier

        progress.check()
        model = DecisionTreeClassifier(max_depth=self.depth, min_samples_leaf=self.rows_per_answer, random_state=self.seed % 2**32)
        weights = self._row_weights(y)
        tree = model.fit(X, y, sample_weight=weights).tree_
        places = np.arange(tree.node_count)
        asks = tree.children_left >= 0
        low, high = (np.where(asks, child, places) for child in (tree.children_left, tree.children_right))
        came_by = model.decision_path(X)
        rows = np.stack([came_by[y == outcome].sum(axis=0).A1 for outcome in range(self.n_outcomes)], axis=1)
        each = (
            np.ones(self.n_outcomes)
            if weights is None
            else np.array([_weight(weights, y == outcome) for outcome in range(self.n_outcomes)])
        )
        number = np.where(asks, tree.feature, 0)
        self._take(
            (number.astype(np.int32), tree.threshold, low.astype(np.int32), high.astype(np.int32), rows * each, rows.astype(np.int64))
        )
        progress.report("fitting", 1, 1)

    @property
    def _trees(self) -> GrownTrees:
        return GrownTrees(self.number_, self.value_, self.low_, self.high_, np.zeros(1, np.int32))

    def _probabilities(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        counted = self.weighed_ + 1.0
        return (counted / counted.sum(axis=1, keepdims=True))[self._trees.answers(X)[:, 0]]

    def decisions(self) -> Decisions:
        asks = self.low_ != np.arange(len(self.low_))
        number, low, high = (np.where(asks, values, -1).astype(np.intp) for values in (self.number_, self.low_, self.high_))
        return Decisions(number, self.value_, low, high, self.rows_)

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        if not self._trees.is_sound or self.number_.max() >= self.row_shape_[0] or len(self.weighed_) != len(self.number_):
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE)


def _weight(weights: NDArray[np.float32], rows: NDArray[np.bool_]) -> float:
    return float(weights[rows][0]) if rows.any() else 1.0
