"""Explains rows of a file by a detector file: those that are asked for, or the flagged ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.base import Progress
from detectors.data_set import DataSet
from detectors.detector_file.batches import Batch, Source, open_source
from detectors.detector_file.explaining import COLUMNS
from detectors.detector_file.loaded import NO_ROW, LoadedDetector
from detectors.detector_file.parts import write_csv
from detectors.detector_file.streaming import after, scored_batches, wanted_of, whole_of
from detectors.errors import DataError
from detectors.messages import Message
from detectors.reading import ReadingOptions


@dataclass(frozen=True)
class Opened:
    """A file whose rows can be explained."""

    loaded: LoadedDetector
    rows: Source
    folder: Path
    """For what must be read."""
    before: Path | None = None
    """For a series, a file of the rows that came before."""
    notes: list[Message] = field(default_factory=list)
    """What did not fit its column, in the rows that were looked at."""

    @classmethod
    def of(
        cls, loaded: LoadedDetector, source: Path, folder: Path, *, before: Path | None = None, options: ReadingOptions | None = None
    ) -> Self:
        """The file `source`; what must be read of it comes into the folder `folder`.

        Raises:
            DataError: it cannot be read, or does not have the columns.
        """
        return cls(loaded, open_source(source, folder / "data", wanted_of(loaded), options), folder, before)

    def flagged(self) -> NDArray[np.intp]:
        """The positions of the rows that are flagged, growing."""
        if not self.rows.rows:
            return np.zeros(0, dtype=np.intp)
        if self.loaded.manifest.kind == "series":
            whole, data, first = self._series
            return np.flatnonzero(self.loaded.flag(self.loaded.scores_of(data)[first:], whole.deciding))
        found = [frame.loc[frame["flagged"], "row"].to_numpy() for _, frame in scored_batches(self.loaded, self.rows, 0, self.notes)]
        return np.concatenate(found).astype(np.intp)

    def explained(self, wanted: NDArray[np.intp], progress: Progress | None = None) -> pd.DataFrame:
        """A line for every part of each of the rows `wanted`, in their order: `COLUMNS`.

        Raises:
            DataError: there is no such row.
        """
        outside = wanted[(wanted < 0) | (wanted >= self.rows.rows)]
        if len(outside):
            raise DataError(NO_ROW, row=int(outside[0]), last=self.rows.rows - 1)
        if not len(wanted):
            return pd.DataFrame(columns=COLUMNS)
        if self.loaded.manifest.kind == "series":
            _, data, first = self._series
            explained = self.loaded.explain_rows(data, wanted + first, progress)
            return explained.assign(row=explained["row"] - first)
        found = []
        for batch in self.rows.batches(int(wanted.min()), self.notes):
            found.append(self._of_batch(batch, wanted, progress))
            if batch.first + batch.data.rows > wanted.max():
                break
        table = pd.concat([frame for frame in found if frame is not None], ignore_index=True)
        order = {row: place for place, row in enumerate(wanted.tolist())}
        return table.sort_values("row", key=lambda row: row.map(order), kind="stable", ignore_index=True)

    @cached_property
    def _series(self) -> tuple[Batch, DataSet, int]:
        """All rows; the same after those that came before, and how many those are."""
        whole = whole_of(self.rows, self.notes)
        return whole, *after(whole.data, self.before, self.folder / "before", self.loaded)

    def _of_batch(self, batch: Batch, wanted: NDArray[np.intp], progress: Progress | None) -> pd.DataFrame | None:
        """The wanted rows of one batch, explained; None where it has none of them."""
        inside = wanted[(wanted >= batch.first) & (wanted < batch.first + batch.data.rows)] - batch.first
        if not len(inside):
            return None
        found = self.loaded.explain_rows(batch.data, inside, progress)
        return found.assign(row=found["row"] + batch.first)


def write_explanations(found: pd.DataFrame, out: Path) -> None:
    """Writes explanations as Parquet or CSV, by the name of `out`: whole, or not at all."""
    half = out.with_name(f".{out.name}.half")
    if out.suffix == ".parquet":
        # Values of several columns stand in one: as texts they are all of one type.
        found.assign(**{name: found[name].map(_as_text) for name in ("actual", "expected")}).to_parquet(half, index=False)
    else:
        with half.open("wb") as stream:
            write_csv(iter([found]), stream)
    half.replace(out)


def _as_text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) else str(value)
