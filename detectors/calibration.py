"""Scores made true probabilities: of the rows given 0.3, about three in ten are anomalies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_

#: How probabilities are calibrated.
CALIBRATIONS = {"platt": N_("A curve of two numbers (Platt)"), "isotonic": N_("Any rising steps (isotonic)"), "none": N_("None")}

#: Probabilities closer than this to 0 and 1 count as that close: their log-odds would be infinite.
SMALLEST = 1e-15

#: Newton's steps at most, and the change of the parameters that ends them.
MOST_STEPS, SMALLEST_STEP = 100, 1e-10

#: Steps make equal what differs: so much of the uncalibrated probability is mixed in, and rows keep their order.
ORDER_SHARE = 1e-3


@dataclass(frozen=True)
class Calibration:
    """A rising curve from log-odds to probabilities: straight lines between knots, or 1 / (1 + exp(-(slope · log-odds + shift)))."""

    slope: float = 1.0
    shift: float = 0.0
    at: tuple[float, ...] = ()
    """The log-odds of the knots, and the probability at each; empty where it is the curve of slope and shift."""
    probabilities: tuple[float, ...] = ()

    @classmethod
    def fit(cls, way: str, scores: NDArray[np.float64], is_anomaly: NDArray[np.bool_]) -> Self | None:
        """Learns from probabilities, (rows,), of rows that were not learned from; None where it is not wanted, or they tell nothing.

        Platt 1999, Probabilistic outputs for support vector machines; Zadrozny & Elkan 2002, doi:10.1145/775047.775151
        """
        if way == "none":
            return None
        log_odds = _log_odds(scores)
        return cls._steps(log_odds, is_anomaly) if way == "isotonic" else cls._curve(log_odds, is_anomaly)

    @classmethod
    def _curve(cls, log_odds: NDArray[np.float64], is_anomaly: NDArray[np.bool_]) -> Self | None:
        anomalies = int(is_anomaly.sum())
        # Platt's targets, a little inside 0 and 1: few rows that are told apart without fault do not make the curve a step.
        wanted = np.where(is_anomaly, (anomalies + 1) / (anomalies + 2), 1 / (len(is_anomaly) - anomalies + 2))
        spread = float(log_odds.std())
        if spread == 0:
            return None
        scaled = (log_odds - log_odds.mean()) / spread
        design = np.column_stack([scaled, np.ones(len(scaled))])
        found = _newton(design, wanted)
        slope = float(found[0] / spread)
        # A falling curve would turn the order around: the rows were too few, or the scores are worse than chance.
        return cls(slope, float(found[1] - slope * log_odds.mean())) if slope > 0 else None

    @classmethod
    def _steps(cls, log_odds: NDArray[np.float64], is_anomaly: NDArray[np.bool_]) -> Self:
        from sklearn.isotonic import IsotonicRegression

        fitted = IsotonicRegression(y_min=0, y_max=1).fit_transform(log_odds, is_anomaly.astype(np.float64))
        levels, of_row = np.unique(fitted, return_inverse=True)
        middles = np.bincount(of_row, log_odds) / np.bincount(of_row)
        return cls(at=tuple(middles.tolist()), probabilities=tuple(levels.tolist()))

    def of(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probabilities, (rows,), that uncalibrated ones, (rows,), become."""
        log_odds = _log_odds(scores)
        if self.at:
            steps = np.interp(log_odds, self.at, self.probabilities)
            return (1 - ORDER_SHARE) * steps + ORDER_SHARE * scores
        return _sigmoid(self.slope * log_odds + self.shift)

    def to_json(self) -> dict[str, Any]:
        return {"slope": self.slope, "shift": self.shift, "at": list(self.at), "probabilities": list(self.probabilities)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        return cls(float(record["slope"]), float(record["shift"]), tuple(record["at"]), tuple(record["probabilities"]))


def _newton(design: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two numbers of a logistic curve through `wanted`, (rows,), over `design`, (rows, 2)."""
    found = np.array([1.0, float(np.log(wanted.mean() / (1 - wanted.mean())))])
    for _ in range(MOST_STEPS):
        there = _sigmoid(design @ found)
        weights = np.maximum(there * (1 - there), 1e-12)
        step = np.linalg.solve((design * weights[:, None]).T @ design + 1e-9 * np.eye(2), design.T @ (wanted - there))
        # Steps beyond what the curve bends over lead away again where classes are all but apart.
        found = found + step * min(1.0, 5 / max(1e-12, float(np.abs(step).max())))
        if np.abs(step).max() < SMALLEST_STEP:
            break
    return found


def _log_odds(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    return np.log(inside) - np.log1p(-inside)


def _sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-np.clip(values, -700, 700)))
