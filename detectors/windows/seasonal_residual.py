"""Seasonal residual: what is left of a window when its level and the usual course of a period are taken from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.geometry.learned_arrays import LearnedArrays
from detectors.geometry.neighbours import Neighbours
from detectors.geometry.periods import dominant_period
from detectors.geometry.stretches import longest_stretch
from detectors.messages import N_
from detectors.network.window_detector import usual_size
from detectors.params import integer

#: In units of the prepared columns: where nothing is left of any window, a smaller residual is none.
SMALLEST_RESIDUAL = 0.01


class SeasonalResidual(LearnedArrays):
    """Learns the course of one period; what a window does beside its level and that course is unusual.

    The training series, put together from its windows, is taken apart into trend (the moving mean over a period), season
    (the median of what is left, step of the period by step) and rest. A window is laid on the season where it fits best.
    The score of a step is the mean over the columns of (rest ÷ usual rest)², that of a window the mean over its steps.
    """

    title = N_("Seasonal residual")
    family = N_("Statistics")
    summary = N_("Takes level and the usual course of a period from each stretch, and measures what is left.")
    reference = (
        "Cleveland, Cleveland, McRae & Terpenning: STL: a seasonal-trend decomposition procedure based on loess, Journal of "
        "Official Statistics 1990; the season as in the classical decomposition, with medians"
    )
    when = N_("Series with one clear rhythm, such as days or weeks: steps that leave it. Quick, and explained by one curve.")
    when_not = N_(
        "Series without a rhythm, or with several; a jump to another level that lasts longer than the window; a period whose place was "
        "moved, which fits as well somewhere else."
    )
    score_name = N_("residual")
    arrays: ClassVar = ("season_", "usual_")
    season_: NDArray[np.float32]
    """The usual course of one period, (period, columns)."""
    usual_: NDArray[np.float32]
    """How much is usually left, (columns,)."""

    period: int = integer(
        0, title=N_("Period"), low=0, high=100_000,
        help=N_("Steps after which the series repeats itself. 0 finds it; where there is none, only the level is taken away."),
    )  # fmt: skip

    def _learn(self, X: NDArray[np.float32], progress: Progress) -> Sequence[NDArray[Any]]:
        season = season_of(longest_stretch(X), self.period or None)
        self._lay_out(season)
        return [season, usual_size(self._rest(X).astype(np.float32), SMALLEST_RESIDUAL)]

    def _take(self, arrays: Sequence[NDArray[Any]]) -> None:
        super()._take(arrays)
        self._lay_out(self.season_)

    def _lay_out(self, season: NDArray[np.float32]) -> None:
        """Keeps the season as windows see it, from each of its steps on, at mean 0 like a window without its level."""
        places = (np.arange(len(season))[:, None] + np.arange(self.row_shape_[0])) % len(season)
        courses = season[places] - season[places].mean(axis=1, keepdims=True)
        self._courses = Neighbours(courses.reshape(len(season), -1))

    def _usual_course(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """The level of each window and the season where it fits best, (rows, steps, columns)."""
        level = X.mean(axis=1, keepdims=True, dtype=np.float64)
        fits = self._courses.nearest((X - level).astype(np.float32).reshape(len(X), -1), 1, Progress())[1][:, 0]
        return level + self._courses.rows[fits].reshape(X.shape)

    def _rest(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        return X - self._usual_course(X)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        return self._element_scores(X).mean(axis=1)

    def _element_scores(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """What is left of each step, in squares of what usually is, (rows, steps)."""
        return np.square(self._rest(X) / self.usual_).mean(axis=2)

    def _expected(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._usual_course(X).astype(np.float32)


def season_of(series: NDArray[np.float32], period: int | None) -> NDArray[np.float32]:
    """The usual course of one period of `series`, (steps, columns), from its first step on and at mean 0: (period, columns).

    Without a `period` the dominant one; a single 0 where the series has none, or is shorter than two.
    """
    period = period or dominant_period(series) or 1
    rest = _without_trend(series, period)
    if period < 2 or len(rest) < period:
        return np.zeros((1, series.shape[1]), dtype=np.float32)
    season = np.stack([np.median(rest[step::period], axis=0) for step in range(period)])
    season = np.roll(season, (len(series) - len(rest)) // 2, axis=0)
    return (season - season.mean(axis=0)).astype(np.float32)


def _without_trend(series: NDArray[np.float32], period: int) -> NDArray[np.float64]:
    """`series` without its mean over the period around each step; the steps nearer to an end than half a period are left out."""
    weights = np.ones(period + 1 - period % 2)
    if period % 2 == 0:
        weights[[0, -1]] = 0.5  # both ends are half a step: the mean over an even period has its middle between two steps
    weights /= weights.sum()
    reach = len(weights) // 2
    if len(series) <= 2 * reach:
        return np.empty((0, series.shape[1]))
    trend = np.stack([np.convolve(column, weights, mode="valid") for column in series.T.astype(np.float64)], axis=1)
    return series[reach : len(series) - reach] - trend
