"""A table into vectors: one item a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import room_for
from detectors.base import Detector, Progress
from detectors.data_set import DataSet
from detectors.explanations.reasons import Reason, reasons
from detectors.messages import N_
from detectors.params import choice, integer
from detectors.preparation.columns import ColumnEncoding
from detectors.preparation.contract import Items, Preparation

#: How numbers are scaled, for every preparation that scales some.
SCALINGS = {
    "standard": N_("Mean 0, standard deviation 1"),
    "robust": N_("Median 0, interquartile range 1"),
    "min_max": N_("Smallest 0, largest 1"),
}


class TablePreparation(Preparation):
    """Missing values filled, categories one-hot encoded, numbers scaled."""

    kind = "table"
    representation = "vectors"
    native = True

    scaling: str = choice(
        "standard", title=N_("Scaling"), choices=SCALINGS, advanced=True,
        help=N_("How numbers are brought to one size before training."),
    )  # fmt: skip
    one_hot_limit: int = integer(
        20, title=N_("Categories kept per column"), low=2, high=1000, advanced=True,
        help=N_("The most frequent values of a text column get a number of their own; the rest share one."),
    )  # fmt: skip

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.encoding = ColumnEncoding(scaling=self.scaling, one_hot_limit=self.one_hot_limit)

    @property
    def columns(self) -> list[str]:
        """The original columns: the units of an explanation."""
        return self.encoding.columns

    @property
    def names(self) -> list[str]:
        return self.encoding.names

    @property
    def units(self) -> NDArray[np.intp]:
        return self.encoding.origins

    def fit(self, data: DataSet, fitted: NDArray[np.bool_], *, seed: int = 0, progress: Progress | None = None) -> Self:
        self.encoding.fit(data.frame_to_fit(data.columns("feature"), fitted, seed))
        return self

    def items(self, data: DataSet) -> Items:
        X = room_for((data.rows, len(self.names)))
        for rows, frame in data.blocks(self.columns):
            X[rows] = self.encoding.transform(frame)
        return Items(X)

    def explained(self, data: DataSet, rows: NDArray[np.intp], detector: Detector) -> NDArray[np.float32]:
        return self.encoding.transform(data.frame(self.columns, rows))

    def reasons(
        self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64], expected: NDArray[np.float32]
    ) -> Sequence[Sequence[Reason]]:
        return reasons(values, self.columns, data.frame(self.columns, rows), self.encoding.restore(expected))

    def weigh(self, data: DataSet, rows: NDArray[np.intp], values: NDArray[np.float64]) -> tuple[list[str], NDArray[np.float64]]:
        return self.columns, np.abs(values).mean(axis=0)

    def _to_json(self) -> dict[str, Any]:
        return self.encoding.to_json()

    def _from_json(self, record: Mapping[str, Any]) -> None:
        self.encoding = ColumnEncoding.from_json(record)
