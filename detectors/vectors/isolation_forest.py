"""Isolation forest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn, is_large, taken
from detectors.base import Detector, Progress, Scores
from detectors.errors import StorageError
from detectors.messages import N_
from detectors.params import Preset, integer, number, switch

FILE = "forest.skops"

#: Trees grown between two looks at the stop flag.
TREES_A_PIECE = 10

#: Rows that all trees draw from at least, where not all rows are at hand.
FEWEST_DRAWN = 100_000

#: What a forest consists of beside scikit-learn's own estimators. A fixed list: a file that asks for more is not ours.
TRUSTED_TYPES = ["sklearn.tree._tree.Tree"]


class IsolationForest(Detector):
    """Trees of random cuts; a row that few cuts separate from all others is unusual.

    The score is 2 to the minus (mean depth of the row ÷ expected depth), between 0 and 1; about 0.5 is a row like many.
    """

    title = N_("Isolation forest")
    family = N_("Trees")
    summary = N_("Cuts the data at random, again and again, and counts how few cuts set a row apart.")
    reference = "Liu, Ting & Zhou: Isolation forest, ICDM 2008, doi:10.1109/ICDM.2008.17"
    when = N_(
        "A first look at any table: fast, needs no scaling, copes with many rows, many columns and a few anomalies among the training rows."
    )
    when_not = N_(
        "Anomalies that are ordinary in every single column and only unusual in combination: "
        "neighbours or an autoencoder see those better. Also hundreds of columns of which only a few matter."
    )
    score_name = N_("isolation score")
    step_name = N_("tree {done} of {total}")

    trees: int = integer(
        100, title=N_("Trees"), low=1, high=5000, help=N_("More trees give steadier scores and take longer, in proportion.")
    )  # fmt: skip
    rows_per_tree: int = integer(
        256, title=N_("Rows per tree"), low=2, high=100_000,
        help=N_("Rows drawn for each tree. More finds finer anomalies; fewer keeps groups of anomalies from hiding each other."),
    )  # fmt: skip
    features_share: float = number(
        1.0, title=N_("Share of columns"), low=0.01, high=1.0, advanced=True,
        help=N_("Share of the columns that each tree may cut. Below 1, trees differ more."),
    )  # fmt: skip
    bootstrap: bool = switch(
        False, title=N_("Draw with replacement"), advanced=True, help=N_("Whether a tree may draw the same row more than once.")
    )  # fmt: skip

    presets: ClassVar = {
        "steady": Preset(N_("Steady"), N_("Five times the trees: scores hardly depend on chance."), {"trees": 500}),
        "fine": Preset(N_("Fine"), N_("More rows per tree, for anomalies close to dense groups."), {"rows_per_tree": 2048, "trees": 200}),
    }
    quick: ClassVar = {"trees": 25}

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        from sklearn.ensemble import IsolationForest as Forest

        X = self._enough_rows(X)
        self._forest = Forest(
            n_estimators=0, max_samples=min(self.rows_per_tree, len(X)), max_features=self.features_share,
            bootstrap=self.bootstrap, random_state=self.seed % 2**32, warm_start=True,
        )  # fmt: skip
        while self._forest.n_estimators < self.trees:
            progress.check()
            self._forest.n_estimators = min(self._forest.n_estimators + TREES_A_PIECE, self.trees)
            self._forest.fit(X)
            progress.report("fitting", self._forest.n_estimators, self.trees)
            if progress.stop_asked():
                break

    def _enough_rows(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of an array too large for memory as many rows as all trees draw together, drawn at random: scikit-learn would copy it."""
        enough = max(self.trees * self.rows_per_tree, FEWEST_DRAWN)
        if not is_large(X.shape) or len(X) <= enough:
            return X
        return taken(X, drawn(len(X), enough, self.seed))

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return -self._forest.score_samples(X)

    def _save(self, folder: Path) -> None:
        from skops.io import dump

        dump(self._forest, folder / FILE)

    def _load(self, folder: Path) -> None:
        from skops.io import load

        try:
            forest = load(folder / FILE, trusted=TRUSTED_TYPES)
        # A TypeError is skops refusing a type that is not on the list, the others are a file that is none.
        except (TypeError, OSError, BadZipFile, KeyError, ValueError) as error:
            raise _unusable() from error
        if not _is_sound(forest, self.row_shape_[0]):
            raise _unusable()
        self._forest = forest


def _is_sound(forest: Any, columns: int) -> bool:
    """Whether every tree stays within its nodes and columns: scikit-learn follows a tree's numbers without looking."""
    if type(forest).__name__ != "IsolationForest" or not getattr(forest, "estimators_", None):
        return False
    return len(forest.estimators_) == len(forest.estimators_features_) and all(
        len(features) <= columns and _tree_is_sound(estimator.tree_, len(features))
        for estimator, features in zip(forest.estimators_, forest.estimators_features_, strict=True)
    )


def _tree_is_sound(tree: Any, columns: int) -> bool:
    inner = np.flatnonzero(tree.children_left != -1)
    children = np.concatenate([tree.children_left[inner], tree.children_right[inner]])
    features = tree.feature[inner]
    # Children come after their parent, so no path runs in a circle.
    children_follow = (children > np.tile(inner, 2)).all() and (children < tree.node_count).all()
    return bool(children_follow and (features >= 0).all() and (features < columns).all())


def _unusable() -> StorageError:
    return StorageError(
        N_("`{file}` is missing or damaged, or holds more than a forest, and was not opened. Train the detector again."), file=FILE
    )
