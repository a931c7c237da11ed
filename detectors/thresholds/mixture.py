"""Mixture of two: usual and unusual scores as two overlapping bells."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.axis import Histogram, histogram
from detectors.thresholds.contract import Rule, check_few
from detectors.thresholds.evidence import Evidence

#: Shares of the rows that the lower bell begins with: the best end of all of these beginnings is taken.
BEGINNINGS = (0.5, 0.8, 0.95, 0.99)

#: The two bells are moved so often at most, and until the likelihood of a row rises by less than this.
ROUNDS, RISE = 200, 1e-8

#: Bars that are one while the bells are moved: nothing so narrow is a bell.
TOGETHER = 4


@dataclass(frozen=True)
class Bells:
    """Two normal distributions in places, the lower one first, (2,) each, and the logarithm of the likelihood."""

    shares: NDArray[np.float64]
    means: NDArray[np.float64]
    deviations: NDArray[np.float64]
    likelihood: float

    def of_upper(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The chance that a row at each of `places` belongs to the upper bell."""
        lower, upper = _logs(places, self.shares, self.means, self.deviations)
        chance: NDArray[np.float64] = np.exp(upper - np.logaddexp(lower, upper))
        return chance


class Mixture(Rule):
    title = N_("Mixture of two")
    help = N_(
        "Describes the training scores, on a logarithmic axis, by two bells, a large one of usual and a small one of unusual rows, and flags "
        "what belongs to the upper one with at least this probability. Misleads where usual scores are no bell."
    )
    label = N_("mixture")
    order = 90
    grows = -1

    value: float = number(
        0.5, title=N_("Probability"), help=N_("How probable it must be that a row belongs to the upper group."), low=0.01, high=0.9999
    )

    def cut_off(self, evidence: Evidence) -> float:
        bars = histogram(evidence.training)
        bells = _fitted(bars.coarser(TOGETHER))
        _check(bells, bars.coarser(TOGETHER))
        above = bars.places > bells.means[0]
        sure = np.flatnonzero(above & (bells.of_upper(bars.places) >= self.value))
        if not len(sure):
            raise DataError(
                N_("No score belongs to the upper of two groups with a probability of {value}. Ask for less."), value=self.value
            )
        found = float(bars.edges[sure[0]])
        check_few(evidence.training, found)
        return found


def _fitted(bars: Histogram) -> Bells:
    """The best of several beginnings, each improved until it stays (expectation maximisation)."""
    ranks = bars.counts.cumsum() / bars.counts.sum()
    return max((_improved(bars, ranks <= share) for share in BEGINNINGS), key=lambda bells: bells.likelihood)


def _improved(bars: Histogram, lower: NDArray[np.bool_]) -> Bells:
    belongs = np.stack([lower, ~lower]).astype(np.float64)
    rows, likelihood, before = bars.counts.sum(), -math.inf, -math.inf
    shares = means = deviations = np.empty(2)
    for _ in range(ROUNDS):
        weights = belongs * bars.counts
        held = np.maximum(weights.sum(axis=1), 1e-9)
        shares, means = held / rows, (weights * bars.places).sum(axis=1) / held
        deviations = np.sqrt((weights * (bars.places - means[:, None]) ** 2).sum(axis=1) / held + bars.width**2)
        logs = _logs(bars.places, shares, means, deviations)
        summed = np.logaddexp(*logs)
        before, likelihood = likelihood, float((summed * bars.counts).sum())
        belongs = np.exp(logs - summed)
        if likelihood - before < RISE * rows:
            break
    order = np.argsort(means)
    return Bells(shares[order], means[order], deviations[order], likelihood)


def _check(bells: Bells, bars: Histogram) -> None:
    rows = bars.counts.sum()
    mean = (bars.counts * bars.places).sum() / rows
    deviation = math.sqrt((bars.counts * (bars.places - mean) ** 2).sum() / rows + bars.width**2)
    one = float(
        (bars.counts * (-0.5 * ((bars.places - mean) / deviation) ** 2 - math.log(deviation))).sum() - rows * math.log(2 * math.pi) / 2
    )
    if bells.likelihood - one <= 1.5 * math.log(rows):  # three more numbers must earn their place (Schwarz 1978)
        raise DataError(N_("One bell describes these scores as well as two, so they do not part into two groups."))


def _logs(
    places: NDArray[np.float64], shares: NDArray[np.float64], means: NDArray[np.float64], deviations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The logarithm of share × density of both bells at each place, (2, places)."""
    distance = (places - means[:, None]) / deviations[:, None]
    logs: NDArray[np.float64] = np.log(shares / deviations)[:, None] - 0.5 * distance**2 - math.log(2 * math.pi) / 2
    return logs
