"""Which data sets the rows of a new one may follow on from, so that a series is seen after what came before it."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.errors import DataError
from detectors.following import Follows, follows
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.storage.records import DataSetRecord
from detectors.workbench.saved import SavedDetectors

#: Data sets that are looked at, the newest ones.
LOOKED_AT = 50

CANNOT = N_("These rows cannot follow on from that data set: it lacks a column, or does not end before they begin.")


@dataclass(frozen=True)
class RowsBefore:
    """A data set that may hold what came before."""

    record: DataSetRecord
    how: Follows


class Following(SavedDetectors):
    """Scores new rows of a series after those that came before them."""

    def rows_before(self, detector_id: str, data_id: str) -> list[RowsBefore]:
        """The data sets that a saved detector's new data may follow on from, those that end nearest first; none but for series."""
        manifest = self.detector_manifest(detector_id)
        if not KINDS[manifest.kind].ordered:
            return []
        time = next((column for column in manifest.used if manifest.roles[column] == "time"), None)
        later, found = self.profile(data_id), []
        for record in self.records.data_sets()[:LOOKED_AT]:
            how = None if record.id == data_id else follows(self.profile(record.id), later, manifest.used, time)
            if how is not None:
                found.append(RowsBefore(record, how))
        return sorted(found, key=lambda each: each.how.steps or 0.0)

    def score_after(self, detector_id: str, data_id: str, before: str | None) -> str:
        """As `score_data`, after the rows of the data set `before`, where there is one.

        Raises:
            DataError: the rows cannot follow on from that one.
            StorageError: as `score_data`.
        """
        if before is not None and before not in {each.record.id for each in self.rows_before(detector_id, data_id)}:
            raise DataError(CANNOT)
        return self.score_data(detector_id, data_id, before)
