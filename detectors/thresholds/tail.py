"""Extreme-value tail: how far usual scores reach, told by the shape of the highest of them (peaks over threshold)."""

from __future__ import annotations

import math

import numpy as np

from detectors.base import Scores
from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule, percentile
from detectors.thresholds.evidence import Evidence

#: Fewer scores beyond the level, or fewer different ones, say nothing of a shape.
FEWEST_PEAKS, FEWEST_DIFFERENT = 20, 10

#: Of more scores beyond the level so many stand for all, evenly over their ranks and with the highest.
MOST_PEAKS = 10_000

#: Where the tail found and the one fitted differ by a larger share of it, it is no tail: two groups, or few values. What chance
#: adds falls with the root of the peaks.
WORST_FIT, BY_CHANCE = 0.1, 0.9

#: A tail whose shape is nearer to zero than this is exponential.
EXPONENTIAL = 1e-9


class Tail(Rule):
    title = N_("Extreme-value tail")
    help = N_(
        "Fits a tail (generalised Pareto) to the training scores above the level and flags what usual rows would reach no more often "
        "than this. Unusual rows among those learned from lengthen the tail and raise the cut-off. Siffer et al. 2017."
    )
    label = N_("tail {value} %")
    setting = "{value} %"
    order = 60
    grows = 1

    value: float = number(
        0.1, title=N_("False alarms, %"), help=N_("Share of usual rows that may be flagged, in %; less than was ever seen is allowed."),
        low=1e-6, high=50,
    )  # fmt: skip
    level: float = number(
        95.0, title=N_("Tail from, percentile"), help=N_("Training scores above this percentile are the tail."), low=50, high=99.9
    )

    def cut_off(self, evidence: Evidence) -> float:
        scores, share = evidence.training, self.value / 100
        start = percentile(scores, self.level)
        excesses = np.asarray(scores[np.searchsorted(scores, start, side="right") :]) - start
        _check(excesses, self.level)
        beyond = len(excesses) / len(scores)
        if share >= beyond:
            return percentile(scores, 100 - self.value)
        shape, scale = pareto_tail(excesses)
        if _misfit(excesses, shape, scale) > WORST_FIT + BY_CHANCE / math.sqrt(len(excesses)):
            raise DataError(N_("The scores above percentile {level} are not shaped like a tail: other rules fit better."), level=self.level)
        rarity = math.log(share / beyond)
        reach = -scale * rarity if abs(shape) < EXPONENTIAL else scale * math.expm1(-shape * rarity) / shape
        return start + reach


def pareto_tail(excesses: Scores) -> tuple[float, float]:
    """Shape and scale of the generalised Pareto distribution of ascending positive `excesses`, (peaks,); shape 0 is exponential.

    Zhang & Stephens 2009, doi:10.1198/tech.2009.08017: a weighted mean over candidates, with nothing to iterate.
    """
    peaks = excesses if len(excesses) <= MOST_PEAKS else excesses[np.linspace(0, len(excesses) - 1, MOST_PEAKS).astype(np.intp)]
    candidates = 20 + int(math.sqrt(len(peaks)))
    quarter = float(peaks[int(len(peaks) / 4 + 0.5) - 1])
    inverse = 1 / float(peaks[-1]) + (1 - np.sqrt(candidates / (np.arange(1, candidates + 1) - 0.5))) / (3 * quarter)
    shapes = np.array([np.log1p(-one * peaks).mean() for one in inverse])
    likelihood = len(peaks) * (np.log(-inverse / shapes) - shapes - 1)
    weights = np.exp(likelihood - likelihood.max())
    chosen = float((inverse * weights).sum() / weights.sum())
    shape = float(np.log1p(-chosen * peaks).mean())
    return shape, -shape / chosen


def _misfit(excesses: Scores, shape: float, scale: float) -> float:
    """The largest difference between the shares of the tail up to each excess, found and fitted (Kolmogorov)."""
    rises = excesses / scale if abs(shape) < EXPONENTIAL else np.log1p(np.maximum(shape * excesses / scale, EXPONENTIAL - 1)) / shape
    ranks = np.arange(len(excesses) + 1) / len(excesses)
    fitted = -np.expm1(-rises)
    return float(max(np.abs(fitted - ranks[1:]).max(), np.abs(fitted - ranks[:-1]).max()))


def _check(excesses: Scores, level: float) -> None:
    if len(excesses) < FEWEST_PEAKS:
        raise DataError(
            N_("Only {peaks} training scores lie above their percentile {level}, and a tail needs {fewest}. Begin it lower, or take a percentile."),
            peaks=len(excesses), level=level, fewest=FEWEST_PEAKS,
        )  # fmt: skip
    if len(np.unique(excesses)) < FEWEST_DIFFERENT:
        raise DataError(N_("The scores above percentile {level} are nearly all equal, so they show no tail."), level=level)
