"""A column of numbers, moments or yes / no as one number: filled, pulled in, bent, scaled; and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.preparation.shapes import NormalQuantiles, Shape, YeoJohnson, shape_from_json
from detectors.preparation.values import as_numbers

#: A spread below this share of the values' size is rounding, not spread: such a column counts as constant.
SMALLEST_SPREAD = 1e-9

#: A float32 keeps seven digits: a number restored from one is off by about this share of its distance from the center.
FLOAT32_ROUNDING = 1e-6

#: A prepared number is no larger than this: its square, summed over thousands of columns, still fits into a float32.
LARGEST = 1e15

#: The calendar's ends, in seconds since 1970: what a detector expects of a date may lie beyond them.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799

#: A column is bent from this skewness on; the exponential distribution has 2, a normal one 0.
SKEWED = 1.0


@dataclass
class NumberColumn:
    """How one number column is prepared: `fill` for what is missing, within `low` and `high`, bent by `shape`, then (value - `center`) / `scale`."""

    kind: ClassVar[str] = "number"
    measured: ClassVar[bool] = True

    column: str
    fill: float
    center: float
    scale: float
    type: str = "number"
    """``number``, ``integer``, ``date`` (seconds since 1970, UTC) or ``boolean`` (0 and 1)."""
    low: float | None = None
    high: float | None = None
    shape: Shape | None = None

    @property
    def width(self) -> int:
        return 1

    @property
    def names(self) -> list[str]:
        return [self.column]

    def write(self, values: pd.Series, out: NDArray[np.float32]) -> None:
        out[:, 0] = self.scaled(as_numbers(values, self.type))

    @property
    def is_only_scaled(self) -> bool:
        """Whether nothing happens to a number that is not missing but that it is scaled."""
        return self.low is None and self.shape is None

    def write_whole(self, numbers: NDArray[np.float64], out: NDArray[np.float32]) -> bool:
        """Writes what `scaled` gives for `numbers` that are only scaled into `out`, both (rows,); False, where one is missing or huge."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = numbers - self.center
            scaled /= self.scale
        if not (len(scaled) and scaled.max() <= LARGEST and scaled.min() >= -LARGEST):  # both are NaN where one of them is
            return False
        out[:] = scaled
        return True

    def scaled(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Numbers in the data's units, (rows,), NaN where missing, as they are prepared."""
        missing = np.isnan(numbers)
        if missing.any():
            numbers = np.where(missing, self.fill, numbers)
        if self.low is not None and self.high is not None:
            numbers = np.clip(numbers, self.low, self.high)
        if self.shape is not None:
            numbers = self.shape.bent(numbers)
        scaled = numbers - self.center
        with np.errstate(over="ignore"):
            scaled /= self.scale
        return np.clip(scaled, -LARGEST, LARGEST, out=scaled)

    def restore(self, block: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Prepared numbers, (rows, 1), as the column held them: floats, booleans, or naive dates in UTC, to the second."""
        numbers = block[:, 0].astype(np.float64)
        values = self._unscaled(numbers)
        if self.type == "boolean":
            return values >= 0.5
        if self.type == "date":
            return np.clip(values.round(), FIRST_SECOND, LAST_SECOND).astype("datetime64[s]")
        if self.type == "integer":
            rounding = np.abs(self._unscaled(numbers + FLOAT32_ROUNDING * np.maximum(1, np.abs(numbers))) - values)
            return np.where(np.abs(values - values.round()) <= rounding, values.round(), values)
        return values

    def _unscaled(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        values = numbers * self.scale + self.center
        return values if self.shape is None else self.shape.straightened(values)

    def to_json(self) -> dict[str, Any]:
        record = {name: value for name, value in vars(self).items() if name != "shape"}
        return {**record, "shape": self.shape.to_json() if self.shape else None}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        shape = record.get("shape")
        return cls(**{**record, "shape": shape_from_json(shape) if shape else None})


@dataclass(frozen=True)
class NumberChoices:
    """How number columns are to be prepared; the names are those of the parameters of `TablePreparation`."""

    scaling: str = "standard"
    missing_numbers: str = "median"
    winsorise: float = 0.0
    skew: str = "none"

    def fit_number(self, column: str, values: NDArray[np.float64], kind: str) -> NumberColumn:
        """Learns from the training values, (rows,), NaN where missing."""
        known = values[~np.isnan(values)]
        if not len(known):
            return NumberColumn(column, 0.0, 0.0, 1.0, kind)
        fill = float(np.median(known)) if self.missing_numbers == "median" else _most_frequent(known)
        filled = known if len(known) == len(values) else np.where(np.isnan(values), fill, values)
        low = high = shape = None
        if self.winsorise and kind != "boolean":
            low, high = (float(end) for end in np.quantile(known, [self.winsorise, 1 - self.winsorise]))
            filled = np.clip(filled, low, high)
        if kind != "boolean":
            shape = self._shape(filled)
        bent = filled if shape is None else shape.bent(filled)
        center, scale = self._center_and_scale(bent)
        constant = scale <= SMALLEST_SPREAD * max(1.0, abs(center)) or not np.isfinite(scale)
        return NumberColumn(column, fill, center, 1.0 if constant else scale, kind, low, high, shape)

    def _shape(self, values: NDArray[np.float64]) -> Shape | None:
        center, scale = float(values.mean()), float(values.std())
        if not np.isfinite(scale) or scale <= SMALLEST_SPREAD * max(1.0, abs(center)):
            return None
        if self.scaling == "quantile":
            return NormalQuantiles.fit(values)
        if self.skew == "yeo_johnson" and abs(skewness(values)) >= SKEWED:
            return YeoJohnson.fit(values, center, scale)
        return None

    def _center_and_scale(self, values: NDArray[np.float64]) -> tuple[float, float]:
        if self.scaling == "quantile":
            return 0.0, 1.0
        if self.scaling == "min_max":
            return float(values.min()), float(np.ptp(values))
        if self.scaling == "robust":
            low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
            # A column that is mostly one value has no interquartile range but still has a spread.
            return float(middle), float(high - low) or float(values.std())
        return float(values.mean()), float(values.std())


def skewness(values: NDArray[np.float64]) -> float:
    """How much longer the upper side of `values` is than the lower one: 0 for a symmetric column, or a constant one."""
    spread = float(values.std())
    if not np.isfinite(spread) or spread <= SMALLEST_SPREAD * max(1.0, abs(float(values.mean()))):
        return 0.0
    return float(np.mean(((values - values.mean()) / spread) ** 3))


def _most_frequent(known: NDArray[np.float64]) -> float:
    values, counts = np.unique(known, return_counts=True)
    return float(values[counts.argmax()])
