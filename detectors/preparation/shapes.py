"""Bending the numbers of a column into another shape, and back: skew taken out, or ranks laid on a normal distribution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

#: Rows that decide how a column is bent: finding the power takes a logarithm of each again and again.
MOST_ROWS = 50_000

#: Quantiles that are kept of a column.
QUANTILES = 501

#: Beyond the values that were learned from, a normal column goes on for so many standard deviations.
BEYOND = 10.0

#: A power this close to 0 (or 2) stands for the logarithm.
NEARLY_LOGARITHM = 1e-9


class Shape(Protocol):
    """Increasing, so that it can be taken back."""

    name: ClassVar[str]

    def bent(self, values: Numbers) -> Numbers:
        """Values in the data's units, (rows,), in the other shape."""
        ...

    def straightened(self, values: Numbers) -> Numbers:
        """What `bent` was given."""
        ...

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class YeoJohnson:
    """A power that makes a skewed column more symmetric, found by likelihood; of (value - `center`) / `scale`.

    Yeo & Johnson: A new family of power transformations to improve normality or symmetry, 2000, doi:10.1093/biomet/87.4.954
    """

    name: ClassVar[str] = "yeo_johnson"
    power: float
    center: float
    scale: float

    @classmethod
    def fit(cls, values: Numbers, center: float, scale: float) -> Self:
        from sklearn.preprocessing import PowerTransformer

        few = (values[:: -(-len(values) // MOST_ROWS)] - center) / scale
        power = float(PowerTransformer(standardize=False).fit(few[:, None]).lambdas_[0])
        return cls(power, center, scale)

    def bent(self, values: Numbers) -> Numbers:
        u = (values - self.center) / self.scale
        high, low = np.maximum(u, 0), np.maximum(-u, 0)
        return _power(high, self.power) - _power(low, 2 - self.power)

    def straightened(self, values: Numbers) -> Numbers:
        high, low = np.maximum(values, 0), np.maximum(-values, 0)
        return (_root(high, self.power) - _root(low, 2 - self.power)) * self.scale + self.center

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, **asdict(self)}


def _power(u: Numbers, power: float) -> Numbers:
    """((1 + u) to the `power` - 1) / `power`, of u from 0 on."""
    logarithm = np.log1p(u)
    return logarithm if abs(power) < NEARLY_LOGARITHM else np.expm1(power * logarithm) / power


def _root(bent: Numbers, power: float) -> Numbers:
    """The u of `_power`. With a negative power, `_power` never reaches -1 / `power`: what lies there or beyond is the largest u."""
    if abs(power) < NEARLY_LOGARITHM:
        return np.expm1(np.minimum(bent, 700.0))
    inside = np.maximum(power * bent, -1 + 1e-12)
    return np.expm1(np.minimum(np.log1p(inside) / power, 700.0))


@dataclass(frozen=True)
class NormalQuantiles:
    """Ranks laid on a normal distribution: the middle value becomes 0, the one that 84 % lie below becomes 1.

    scikit-learn's transformer puts the smallest and the largest value at ±5.2 however few rows there are, which would make
    both look unusual: here they lie where the extremes of so many normal numbers would. What lies beyond them goes on in
    steps of the column's standard deviation, instead of counting as the largest.
    """

    name: ClassVar[str] = "quantile"
    values: list[float]
    normal: list[float]

    @classmethod
    def fit(cls, values: Numbers) -> Self:
        usual = NormalDist()
        end = usual.inv_cdf(1 - 0.5 / max(2, len(values)))
        # Evenly spread in the normal numbers: the tails get as many quantiles as the middle.
        normal = np.linspace(-end, end, QUANTILES)
        found = np.quantile(values, [usual.cdf(z) for z in normal], method="hazen")
        knots, place = np.unique(found, return_inverse=True)
        middles = np.bincount(place, weights=normal) / np.bincount(place)  # a value of many rows lies in their middle
        spread = float(values.std()) or 1.0
        far = BEYOND * spread
        return cls(
            [float(knots[0] - far), *knots.tolist(), float(knots[-1] + far)],
            [float(middles[0] - BEYOND), *middles.tolist(), float(middles[-1] + BEYOND)],
        )

    def bent(self, values: Numbers) -> Numbers:
        return np.interp(values, self.values, self.normal)

    def straightened(self, values: Numbers) -> Numbers:
        return np.interp(values, self.normal, self.values)

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, **asdict(self)}


SHAPES: dict[str, type[YeoJohnson] | type[NormalQuantiles]] = {shape.name: shape for shape in (YeoJohnson, NormalQuantiles)}


def shape_from_json(record: Mapping[str, Any]) -> Shape:
    """The shape whose `to_json` gave `record`."""
    return SHAPES[record["name"]](**{name: value for name, value in record.items() if name != "name"})
