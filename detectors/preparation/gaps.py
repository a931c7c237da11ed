"""Whether the value of a column is missing, as a number of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.preparation.values import as_numbers


@dataclass
class MissingFlag:
    """1 where a value of `column` is missing, else 0."""

    kind: ClassVar[str] = "missing"
    measured: ClassVar[bool] = False

    column: str
    type: str | None
    """That of a number column, whose infinite and unreadable values count as missing too; None for any other."""

    @property
    def width(self) -> int:
        return 1

    @property
    def names(self) -> list[str]:
        return [f"{self.column} missing"]

    def write(self, values: pd.Series, out: NDArray[np.float32]) -> None:
        out[:, 0] = is_missing(values, self.type)

    def restore(self, block: NDArray[np.floating[Any]]) -> NDArray[Any]:
        """Whether the value is missing, (rows,)."""
        return block[:, 0] >= 0.5

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        return cls(**record)


def is_missing(values: pd.Series, kind: str | None) -> NDArray[np.bool_]:
    """Which values are missing, (rows,); of number columns also those that are infinite or no numbers."""
    return np.isnan(as_numbers(values, kind)) if kind else values.isna().to_numpy()
