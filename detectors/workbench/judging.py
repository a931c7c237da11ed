"""What people say of the rows of an installation's data sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detectors.kinds import KINDS
from detectors.storage.marks import Marks, Said, Speaker
from detectors.verdicts import Mark, Verdicts, verdicts_of
from detectors.workbench.ground import Ground


class Judging(Ground):
    """Keeps verdicts and notes; whatever was said stays, and can be taken back."""

    def verdicts(self, data_id: str) -> Verdicts:
        """The verdicts that hold on a data set, of all who gave some."""
        return verdicts_of(self._marks.of(data_id))

    def latest_mark(self, data_id: str) -> int:
        """The number of the latest mark on a data set: `Verdicts.latest`, without gathering them."""
        return self._marks.latest(data_id)

    def verdicts_on(self, data_id: str, spans: Sequence[tuple[int, int]]) -> Verdicts:
        """The same of the marks on some rows alone, given by their first and last ones."""
        first, last = min(first for first, _ in spans), max(last for _, last in spans)
        return verdicts_of(self._marks.on(data_id, first, last))

    def mark(self, data_id: str, said: Sequence[Said], author: str | None = None, run_id: str | None = None) -> None:
        """Keeps what one person, by default whom the settings name, says of some rows, in one go.

        It is in the database when this returns.

        Raises:
            StorageError: the data set is gone.
            DataError: there is no such row, or no such verdict.
        """
        self._marks.add(data_id, said, Speaker(author or self.settings.author, run_id))

    def undo_mark(self, data_id: str, author: str | None = None) -> list[tuple[int, int]]:
        """Takes back what a person said last: what held before holds again. Gives the stretches, none where nothing is left.

        Raises:
            StorageError: the data set is gone.
        """
        return self._marks.take_back(data_id, author or self.settings.author)

    def marks_on(self, data_id: str, row: int) -> list[Mark]:
        """Everything that was ever said of a row, the latest first."""
        return self._marks.on(data_id, row, row)[::-1]

    def judged(self, data_ids: Iterable[str]) -> dict[str, int]:
        """How many rows, or events of a series, have a verdict, by data set; those without any mark are left out."""
        marked = self._marks.marked()
        return {data_id: sum(self.verdict_counts(data_id).values()) for data_id in data_ids if data_id in marked}

    def verdict_counts(self, data_id: str, verdicts: Verdicts | None = None) -> dict[str, int]:
        """How many rows, or events of a series, have each verdict, of `verdicts` where they were read already."""
        record = self.records.data_set(data_id)
        is_series = record is not None and KINDS[record.kind].ordered
        found = self.verdicts(data_id) if verdicts is None else verdicts
        return found.counts(events=is_series)

    @property
    def _marks(self) -> Marks:
        return Marks(self.records)
