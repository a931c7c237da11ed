"""What is silenced in the runs of an installation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.frames import iter_rows, sample_frame
from detectors.segments import Segments, cut_offs_by_row
from detectors.storage.files import new_id
from detectors.storage.suppressed import add_suppression, suppressions_of, withdraw
from detectors.storage.tables import SuppressionRecord, ThresholdRecord
from detectors.suppressions import Bound, Middle, Suppression, columns_of, silenced_by
from detectors.workbench.ground import Ground

#: Rows by which the spread of a column is judged.
SPREAD_ROWS = 20_000


@dataclass(frozen=True)
class Given:
    """Why a suppression is made: the row it is made from, a note, and who makes it."""

    row: int | None = None
    note: str = ""
    author: str = ""


class Suppressing(Ground):
    """Silences rows like those that were marked normal."""

    def all_suppressions(self, run_id: str) -> list[SuppressionRecord]:
        """The suppressions of a run, also withdrawn ones, the newest first."""
        return suppressions_of(self.records, run_id)

    def suppressions(self, run_id: str) -> list[Suppression]:
        """The suppressions of a run that are in force, the oldest first."""
        return [suppression_of(record) for record in reversed(self.all_suppressions(run_id)) if record.withdrawn is None]

    def middles(self, data_id: str, columns: Sequence[str]) -> dict[str, Middle]:
        """Where the values of each column of numbers lie, over a sample of the rows."""
        if not columns:
            return {}
        frame = sample_frame(self.data_folder(data_id), columns, SPREAD_ROWS).apply(pd.to_numeric, errors="coerce")
        quarters = frame.quantile([0.25, 0.5, 0.75])
        return {str(name): Middle(median, high - low) for name, (low, median, high) in quarters.items()}

    def suppress(self, run_id: str, bounds: Sequence[Bound], given: Given) -> str:
        """Silences the rows of a run that meet all `bounds`, and gives the suppression's id.

        Raises:
            StorageError: the run is gone.
        """
        rule = Suppression(tuple(bounds)).to_json()
        record = SuppressionRecord(new_id(), run_id, rule, row=given.row, note=given.note, author=given.author or self.owner)
        add_suppression(self.records, record)
        return record.id

    def withdraw(self, suppression_id: str, *, back: bool = False) -> None:
        """Lets a suppression silence nothing any longer or, with `back`, puts it in force again."""
        withdraw(self.records, suppression_id, back=back)

    def silenced(self, data_id: str, suppressions: Sequence[Suppression], rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """For each of `rows` which of the suppressions silences it first, (rows,); -1 where none does."""
        if not suppressions or not len(rows):
            return np.full(len(rows), -1, dtype=np.intp)
        frames = iter_rows(self.data_folder(data_id), rows, columns_of(suppressions))
        return np.concatenate([silenced_by(suppressions, frame) for frame in frames])

    def flagged_by(self, kept: ThresholdRecord) -> NDArray[np.bool_]:
        """Which rows of its run a threshold that was kept flags, (rows,), those that are silenced left out."""
        folder = self.run_folder(kept.run_id)
        cut_offs: Any = kept.cut_off
        data_id = folder.request().data_id
        if kept.segments:
            segments = Segments.of(self.data_folder(data_id), kept.segments["column"])
            cut_offs = cut_offs_by_row(segments, kept.segments["cut_offs"], kept.cut_off)
        flagged = np.asarray(folder.array("scores")) > cut_offs
        rows = np.flatnonzero(flagged)
        flagged[rows[self.silenced(data_id, self.suppressions(kept.run_id), rows) >= 0]] = False
        return flagged


def suppression_of(record: SuppressionRecord) -> Suppression:
    """A suppression as it was kept, with who made it, when and why."""
    kept = Suppression.from_json(record.rule)
    facts = {"author": record.author, "created": record.created.isoformat(timespec="seconds"), "note": record.note}
    return Suppression(kept.bounds, record.id, record.row, {name: fact for name, fact in facts.items() if fact})
