"""The plain baseline of series: how far a step lies from the steps before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Progress, Scores
from detectors.messages import N_
from detectors.params import choice

FILE = "spread.npy"

#: A spread within a window counts at least this share of the column's usual one: a window that stands still has none.
SMALLEST_SHARE = 0.1

#: In units of the prepared columns: a smaller spread is none.
SMALLEST_SPREAD = 0.01

#: From the median absolute deviation to the standard deviation of a normal distribution.
MAD_TO_DEVIATION = 1.4826


class RollingZScore(Detector):
    """The distance of a step from the mean of the window before it, in standard deviations of that window.

    Over several columns, the largest counts.
    """

    title = N_("Rolling z-score")
    family = N_("Statistics")
    summary = N_("Measures how many standard deviations a step lies from the mean of those before.")
    reference = "Shewhart: Economic control of quality of manufactured product, 1931 (control charts)"
    when = N_("A plain baseline to compare with: sudden spikes and jumps, explained in one sentence.")
    when_not = N_("Series with a rhythm shorter or not much longer than the window: every peak of it looks unusual. Slow drifts go unseen.")
    score_name = N_("z-score")

    center: str = choice(
        "mean", title=N_("Compared with"),
        choices={"mean": N_("Mean and standard deviation"), "median": N_("Median and median absolute deviation")},
        help=N_("What stands for the steps before. The median is not moved by earlier anomalies in the window."),
    )  # fmt: skip

    def spoken_steps(self, steps: int) -> tuple[int, int]:
        return steps - 1, steps

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        progress.check()
        spreads = self._level_and_spread(X)[1]
        self._least = np.maximum(SMALLEST_SHARE * np.median(spreads, axis=0), SMALLEST_SPREAD)
        progress.report("fitting", 1, 1)

    def _level_and_spread(self, X: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of the steps before the last one of each window, both (rows, columns)."""
        before = X[:, :-1].astype(np.float64) if X.shape[1] > 1 else X.astype(np.float64)
        if self.center == "mean":
            return before.mean(axis=1), before.std(axis=1)
        level = np.median(before, axis=1)
        return level, MAD_TO_DEVIATION * np.median(np.abs(before - level[:, None]), axis=1)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        level, spread = self._level_and_spread(X)
        return (np.abs(X[:, -1] - level) / np.maximum(spread, self._least)).max(axis=1)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """The window with the level of the steps before as its last step."""
        expected = X.copy()
        expected[:, -1] = self._level_and_spread(X)[0]
        return expected

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """The z-score of the last step, (rows, steps); 0 for those before."""
        scores = np.zeros(X.shape[:2])
        scores[:, -1] = self._score(X)
        return scores

    def _save(self, folder: Path) -> None:
        np.save(folder / FILE, self._least, allow_pickle=False)

    def _load(self, folder: Path) -> None:
        self._least = np.load(folder / FILE, allow_pickle=False)
