"""Matrix profile: how unlike its nearest stretch of the training series the shape of a window is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.geometry.neighbours import KeptNeighbours, Neighbours
from detectors.geometry.stretches import shifts, starts_of
from detectors.messages import N_
from detectors.params import Preset, choice

#: Windows that begin so close to each other, as a share of their length, are the same stretch: a trivial match.
TRIVIAL_SHARE = 0.25

#: The spread of a window counts at least this share of its column's usual one: the noise of one that stands still is no shape.
SMALLEST_SHARE = 0.1

#: In units of the prepared columns: a smaller spread is none.
SMALLEST_SPREAD = 1e-3


class MatrixProfile(KeptNeighbours):
    """Keeps the training windows; one whose shape is far from all of them is unusual: a discord.

    The score is the Euclidean distance to the nearest training window after each was brought to mean 0 and spread 1
    column by column, as the root of the mean over the columns of its square. With one column it is what STUMPY computes.
    A training window is compared with those that begin more than a quarter of a window before or after it.
    """

    title = N_("Matrix profile")
    summary = N_("Compares the shape of each stretch with the most similar one of the training series.")
    reference = (
        "Yeh et al.: Matrix profile I: All pairs similarity joins for time series, ICDM 2016, doi:10.1109/ICDM.2016.0179; "
        "Law: STUMPY, JOSS 2019, doi:10.21105/joss.01504"
    )
    when = N_("Series with shapes that come again, such as heartbeats or machine cycles: a beat of another shape, whatever its height.")
    when_not = N_(
        "Anomalies that are too high or too large but of usual shape, unless height and level are compared too; series of noise, whose windows are all equally unlike; "
        "an anomaly that came twice has found its match. Its file holds training rows."
    )
    score_name = N_("distance to the nearest stretch")
    arrays: ClassVar = ("rows_", "starts_", "smallest_")
    starts_: NDArray[np.intp]
    """The step at which each window kept begins, (rows,)."""
    smallest_: NDArray[np.float64]
    """The least that counts as the spread of a window, (columns,)."""

    compares: str = choice(
        "shape", title=N_("Compares"), choices={"shape": N_("Shape alone"), "values": N_("Shape, height and level")},
        help=N_("What makes two stretches alike. By shape alone, a small wave is like a large one, and a high one like a low one."),
    )  # fmt: skip

    presets: ClassVar = {
        "values": Preset(N_("Height and level too"), N_("For anomalies that are too high, too low or too large."), {"compares": "values"})
    }

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        spread = np.median(X.std(axis=1, dtype=np.float64), axis=0)
        smallest = np.maximum(SMALLEST_SHARE * spread, SMALLEST_SPREAD)
        return [self._keep(X), starts_of(X)[self._kept], smallest]

    def _take(self, arrays: Sequence[NDArray[Any]]) -> None:
        super()._take(arrays)
        self._neighbours = Neighbours(self._shapes(self.rows_))
        self._zone = int(np.ceil(TRIVIAL_SHARE * self.rows_.shape[1]))
        ends = np.searchsorted(self.starts_, self.starts_ + 2 * self._zone, side="right")
        self._most_trivial = int((ends - np.arange(len(self.starts_))).max())

    def _training_scores(self, X: NDArray[np.float32], progress: Progress) -> Scores:
        return self.score(X, progress)  # a training window is left out of its own neighbours whoever asks

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._nearest(X)[0]

    def _nearest(self, X: NDArray[np.float32]) -> tuple[Scores, NDArray[np.float32]]:
        """For each window the distance to the nearest kept one that is not the same stretch, and the shape of that one, flat."""
        shapes = self._shapes(X)
        distances, nearest = self._neighbours.nearest(shapes, 1, Progress())
        found, places = distances[:, 0], nearest[:, 0]
        later = shifts(self.rows_[places], X, self._zone)
        same = np.flatnonzero(np.abs(later) <= self._zone)
        if len(same):
            starts = self.starts_[places[same]] + later[same]
            found[same], places[same] = self._nearest_elsewhere(shapes[same], starts)
        return found, self._neighbours.rows[places]

    def _nearest_elsewhere(self, shapes: NDArray[np.float32], starts: NDArray[np.intp]) -> tuple[Scores, NDArray[np.intp]]:
        """Distance and place of the nearest kept window that does not begin near `starts`, both (rows,)."""
        # So many are fetched that one of them lies outside, whatever the nearest ones are.
        distances, places = self._neighbours.nearest(shapes, self._most_trivial + 1, Progress())
        away = np.abs(self.starts_[places] - starts[:, None])
        # Of a series that is a single stretch, the one that begins farthest away.
        outside = (away > self._zone) | ((away == away.max(axis=1, keepdims=True)) & (away.max(axis=1, keepdims=True) <= self._zone))
        chosen = outside.argmax(axis=1)[:, None]
        return np.take_along_axis(distances, chosen, axis=1)[:, 0], np.take_along_axis(places, chosen, axis=1)[:, 0]

    def _shapes(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """Windows in one level and spread as far as they are compared so, (rows, steps × columns)."""
        level, spread = self._level_and_spread(X)
        return ((X - level) / (spread * np.sqrt(X.shape[2]))).astype(np.float32).reshape(len(X), -1)

    def _level_and_spread(self, X: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is taken from each window and what it is divided by, both (rows, 1, columns)."""
        level = X.mean(axis=1, keepdims=True, dtype=np.float64)
        if self.compares == "values":
            return np.zeros_like(level), np.ones_like(level)
        return level, np.maximum(X.std(axis=1, keepdims=True, dtype=np.float64), self.smallest_)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        """The nearest training stretch in the level and spread of each window."""
        level, spread = self._level_and_spread(X)
        return (self._nearest(X)[1].reshape(X.shape) * spread * np.sqrt(X.shape[2]) + level).astype(np.float32)
