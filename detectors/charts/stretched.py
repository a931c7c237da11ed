"""An axis for numbers of both signs and very different sizes: linear around 0, logarithmic beyond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.messages import N_, Message, shown

#: The name of an axis of SHAP values.
ADDED = N_("added to the score (SHAP value)")

#: Values are stretched once the largest is so many times as large as what most of them stay below.
SKEWED, MOST = 20, 0.9

#: Decades that are named on each side, at most; and places closer to 0 than this are not named, for want of room.
MOST_TICKS, CLOSEST = 4, 0.8


@dataclass(frozen=True)
class StretchedAxis:
    """Where values lie on an axis; `linear` is the size up to which it is about linear, None where it is all along."""

    linear: float | None
    largest: float

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> StretchedAxis:
        """An axis on which most of `values` can be told apart."""
        sizes = np.abs(values[np.isfinite(values)])
        sizes = sizes[sizes > 0]
        if not len(sizes):
            return cls(None, 0.0)
        most, largest = float(np.quantile(sizes, MOST)), float(sizes.max())
        return cls(most if largest > SKEWED * most else None, largest)

    def places(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where `values` are drawn."""
        return values if self.linear is None else np.arcsinh(values / self.linear)

    def ticks(self) -> dict[str, Any]:
        """What plotly is told of the axis: the values behind the places."""
        if self.linear is None:
            return {}
        last = np.floor(np.log10(self.largest))
        decades = 10.0 ** (last - np.arange(MOST_TICKS)[::-1])
        decades = decades[self.places(decades) >= CLOSEST]
        named = np.concatenate([-decades[::-1], [0.0], decades])
        places = {"tickmode": "array", "tickvals": self.places(named), "ticktext": [shown(float(value)) for value in named]}
        return {**places, "tickangle": 0}

    def named(self, name: str) -> Message:
        """What the axis is called."""
        return Message(name if self.linear is None else N_("{name}, logarithmic far from 0"), {"name": name})
