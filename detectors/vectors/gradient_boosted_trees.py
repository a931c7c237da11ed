"""Gradient-boosted trees that learn from labelled rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn, taken
from detectors.base import Progress
from detectors.errors import StorageError
from detectors.geometry.grown_trees import GrownTrees
from detectors.geometry.learned_arrays import FILE, LearnedArrays
from detectors.labelled import LabelledDetector
from detectors.messages import N_
from detectors.params import Preset, integer, number

#: Rounds between two looks at the stop flag.
ROUNDS_A_PIECE = 50

#: A column is cut at so many places at most, scikit-learn's own limit, found on so many rows.
MOST_CUTS, ROWS_TO_CUT = 254, 200_000


class GradientBoostedTrees(LabelledDetector, LearnedArrays):
    """Small trees, each learned from what the ones before it got wrong; their answers add up to the log-odds of an anomaly.

    With several kinds of anomalies every round grows a tree for each of them, and one for normal rows.
    """

    title = N_("Gradient-boosted trees")
    family = N_("Trees")
    summary = N_("Hundreds of small trees learn from labelled rows, each from what those before it got wrong.")
    reference = (
        "Friedman: Greedy function approximation, a gradient boosting machine, Annals of Statistics 29(5), 2001, doi:10.1214/aos/1013203451"
    )
    when = N_("Labelled anomalies, dozens or more, in a table of any kind: the first choice where there are labels.")
    when_not = N_("A handful of labelled anomalies, or anomalies of a kind that was not labelled yet. It cannot be read like rules.")
    step_name = N_("round {done} of {total}")
    tells_kinds = True
    at_once = False
    arrays: ClassVar = ("number_", "value_", "low_", "high_", "roots_", "answer_", "base_", "outcomes_")
    number_: NDArray[np.int32]
    value_: NDArray[np.float64]
    low_: NDArray[np.int32]
    high_: NDArray[np.int32]
    roots_: NDArray[np.int32]
    answer_: NDArray[np.float64]
    """What a row that ends at a node adds, (nodes,)."""
    base_: NDArray[np.float64]
    """Where the sums begin, (1,) or (outcomes,)."""
    outcomes_: NDArray[np.int64]
    """What a row was, where it was learned from: of several kinds perhaps not all."""

    rounds: int = integer(
        200, title=N_("Rounds"), low=1, high=5000, help=N_("Trees one after the other. More learn finer, and in the end by heart.")
    )  # fmt: skip
    learning_rate: float = number(
        0.05, title=N_("Learning rate"), low=0.001, high=1.0, help=N_("How much each tree adds. Smaller needs more rounds and is steadier.")
    )  # fmt: skip
    leaves: int = integer(
        15, title=N_("Leaves per tree"), low=2, high=1000, help=N_("Larger trees see more columns in combination.")
    )  # fmt: skip
    rows_per_leaf: int = integer(
        5, title=N_("Rows per leaf"), low=1, high=10_000, advanced=True,
        help=N_("A leaf rests on so many rows at least. Fewer finds smaller groups of anomalies, and chance ones."),
    )  # fmt: skip
    l2: float = number(
        1.0, title=N_("L2 penalty"), low=0.0, high=1000.0, advanced=True, help=N_("Price on large answers of single leaves.")
    )  # fmt: skip
    columns_share: float = number(
        0.25, title=N_("Share of columns"), low=0.05, high=1.0, advanced=True,
        help=N_("Share of the columns that each question may choose from, at random. Below 1, trees differ more."),
    )  # fmt: skip

    presets: ClassVar = {
        "small": Preset(N_("Few labels"), N_("Tiny trees, for some dozens of labelled anomalies."), {"leaves": 4, "rounds": 100}),
    }
    quick: ClassVar = {"rounds": 30, "leaves": 4}

    def _fit_labelled(self, X: NDArray[np.float32], y: NDArray[np.int8], progress: Progress) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        weights, cuts = self._row_weights(y), _cuts(taken(X, drawn(len(X), ROWS_TO_CUT, self.seed)))
        codes = _codes(X, cuts)
        model = HistGradientBoostingClassifier(
            max_iter=0, learning_rate=self.learning_rate, max_leaf_nodes=self.leaves, min_samples_leaf=self.rows_per_leaf,
            l2_regularization=self.l2, max_features=self.columns_share, early_stopping=False, warm_start=True,
            random_state=self.seed % 2**32,
        )  # fmt: skip
        done = 0
        while done < self.rounds:
            progress.check()
            done = min(done + ROUNDS_A_PIECE, self.rounds)
            model.set_params(max_iter=done)
            model.fit(codes, y, sample_weight=weights)
            progress.report("fitting", done, self.rounds)
            if progress.stop_asked():
                break
        self._take(_arrays(model, cuts))

    @property
    def _trees(self) -> GrownTrees:
        return GrownTrees(self.number_, self.value_, self.low_, self.high_, self.roots_)

    def _probabilities(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        answers = self.answer_[self._trees.answers(X)].reshape(len(X), -1, len(self.base_))
        sums = self.base_ + answers.sum(axis=1)
        if len(self.base_) == 1:
            odds = np.exp(-np.abs(sums[:, 0]))
            less = odds / (1 + odds)  # the less probable of the two, without rounding it to 0
            found = np.stack([np.where(sums[:, 0] > 0, less, 1 - less), np.where(sums[:, 0] > 0, 1 - less, less)], axis=1)
        else:
            shares = np.exp(sums - sums.max(axis=1, keepdims=True))
            found = shares / shares.sum(axis=1, keepdims=True)
        probabilities = np.zeros((len(X), self.n_outcomes))
        probabilities[:, self.outcomes_] = found
        return probabilities

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        whole = len(self.roots_) % len(self.base_) == 0 and len(self.answer_) == len(self.number_)
        outcomes = len(self.outcomes_) == max(2, len(self.base_)) and int(self.outcomes_.max()) < self.n_outcomes
        if not (self._trees.is_sound and whole and outcomes and self.number_.max() < self.row_shape_[0]):
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE)


def _cuts(X: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """For each column the places where it may be cut, growing: between its values, or as many rows apart as there are places.

    scikit-learn would look for them too, but with weighted rows it takes longer for that than for all of the trees.
    """
    cuts = []
    for column in X.T.astype(np.float64):
        values = np.unique(column)
        if len(values) > MOST_CUTS + 1:
            values = np.unique(np.quantile(column, np.linspace(0, 1, MOST_CUTS + 1), method="lower"))
        cuts.append((values[1:] + values[:-1]) / 2)
    return cuts


def _codes(X: NDArray[np.float32], cuts: list[NDArray[np.float64]]) -> NDArray[np.uint8]:
    """For each value how many cuts lie below it: what is at most cut k has at most the code k."""
    codes = np.empty(X.shape, dtype=np.uint8)
    for column, places in enumerate(cuts):
        codes[:, column] = np.searchsorted(places, X[:, column], side="left")
    return codes


def _arrays(model: Any, cuts: list[NDArray[np.float64]]) -> tuple[NDArray[Any], ...]:
    """The trees of scikit-learn's model, one after the other, round by round."""
    trees = [predictor.nodes for in_round in model._predictors for predictor in in_round]
    roots = np.cumsum([0, *(len(nodes) for nodes in trees[:-1])])
    nodes = np.concatenate(trees)
    first, places = np.repeat(roots, [len(each) for each in trees]), np.arange(len(nodes))
    leaf = nodes["is_leaf"].astype(bool)
    value = np.zeros(len(nodes))
    for place in np.flatnonzero(~leaf):
        column = cuts[nodes["feature_idx"][place]]
        value[place] = column[min(int(nodes["num_threshold"][place]), len(column) - 1)]
    low, high = (np.where(leaf, places, first + nodes[side]).astype(np.int32) for side in ("left", "right"))
    return (
        np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32), value, low, high,
        roots.astype(np.int32), nodes["value"].astype(np.float64), np.ravel(model._baseline_prediction).astype(np.float64),
        np.asarray(model.classes_, dtype=np.int64),
    )  # fmt: skip
