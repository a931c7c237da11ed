"""An axis for numbers of both signs and very different sizes: linear around 0, logarithmic beyond."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.messages import shown

#: Values are stretched once the largest is so many times as large as what most of them stay below.
SKEWED, MOST = 20, 0.9

#: Decades that are named on each side.
MOST_TICKS = 4


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
        return cls(float(np.median(sizes)) if largest > SKEWED * most else None, largest)

    def places(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where `values` are drawn."""
        return values if self.linear is None else np.arcsinh(values / self.linear)

    def ticks(self) -> dict[str, Any]:
        """What plotly is told of the axis: the values behind the places."""
        if self.linear is None:
            return {}
        first, last = np.floor(np.log10(self.linear)), np.floor(np.log10(self.largest))
        step = max(1, int(np.ceil((last - first) / MOST_TICKS)))
        decades = 10.0 ** np.arange(last, first - 1, -step)[::-1]
        named = np.concatenate([-decades[::-1], [0.0], decades])
        return {"tickmode": "array", "tickvals": self.places(named), "ticktext": [shown(float(value)) for value in named]}
