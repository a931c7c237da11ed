"""What one owner keeps: names and notes, sizes on disk, the bin, and deleting for good."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.storage.bin import Bin, Chosen
from detectors.storage.files import Workspace, bytes_on_disk
from detectors.storage.records import DataSetRecord, Records, RunRecord
from detectors.supervisor import Supervisor

#: Characters of a name and of a note.
LONGEST_NAME, LONGEST_NOTE = 120, 2000


@dataclass(frozen=True)
class InBin:
    """What is in the bin: data sets with all that went along, and runs that were deleted by themselves."""

    data_sets: list[DataSetRecord]
    runs: list[RunRecord]
    sizes: dict[str, int]
    """Bytes of each, by its id; those of a data set with those of its runs."""

    @property
    def chosen(self) -> Chosen:
        return Chosen(tuple(record.id for record in self.data_sets), tuple(run.id for run in self.runs))


class Library:
    """Renames, deletes and restores. Safe to use from several sessions: what another one did first is told, or done once."""

    def __init__(self, workspace: Workspace, records: Records, supervisor: Supervisor) -> None:
        self._workspace, self._records, self._supervisor = workspace, records, supervisor
        self._bin = Bin(records)

    # ── names and notes ──

    def rename_data_set(self, data_id: str, name: str) -> None:
        """Gives a data set another name.

        Raises:
            StorageError: the name is empty or too long, or the data set is gone.
        """
        if not name.strip():
            raise StorageError(N_("A data set needs a name: type at least one letter."))
        self._records.describe(DataSetRecord, data_id, name=short(name, LONGEST_NAME))

    def rename_run(self, run_id: str, name: str) -> None:
        """Gives a run a name; without one it goes by its detector and its time.

        Raises:
            StorageError: the name is too long, or the run is gone.
        """
        self._records.describe(RunRecord, run_id, name=short(name, LONGEST_NAME))

    def note_data_set(self, data_id: str, note: str) -> None:
        self._records.describe(DataSetRecord, data_id, note=short(note, LONGEST_NOTE))

    def note_run(self, run_id: str, note: str) -> None:
        self._records.describe(RunRecord, run_id, note=short(note, LONGEST_NOTE))

    # ── the bin: one change at a time ──

    def delete(self, chosen: Chosen) -> Chosen:
        """Moves data sets (with their runs) and runs to the bin, stopping what is at work; gives what this call has moved."""
        with self._supervisor.looking:
            put = self._bin.put(chosen)
            for run_id in self._bin.still_at_work() if put else ():
                self._supervisor.stop(run_id, "discard")
        return put

    def restore(self, chosen: Chosen) -> Chosen:
        """Takes out of the bin; gives what came back.

        Raises:
            StorageError: nothing of it is in the bin any more, nor where it was: it was deleted for good.
        """
        with self._supervisor.looking:
            restored = self._bin.take_out(chosen)
        missing = chosen.without(restored)
        gone = [data_id for data_id in missing.data if self._records.data_set(data_id) is None]
        gone += [run_id for run_id in missing.runs if self._records.run(run_id) is None]
        if gone and not restored:
            raise StorageError(N_("This cannot be restored: it was deleted for good in the meantime."))
        return restored

    def in_bin(self) -> InBin:
        data_sets, runs = self._bin.contents()
        of_runs = self._bin.sizes_of_runs()
        sizes = {record.id: (record.size or 0) + of_runs.get(record.id, 0) for record in data_sets}
        return InBin(data_sets, runs, sizes | {run.id: run.size or 0 for run in runs})

    def is_in_bin(self, chosen: Chosen) -> bool:
        return bool(self._bin.holds(chosen))

    def purge(self, chosen: Chosen) -> Chosen:
        """Deletes for good what is in the bin: records, files, explanations. Gives what is gone by this call.

        The files of a run that is just being stopped go once its trainer has let go of them.
        """
        with self._supervisor.looking:
            purged = self._bin.purge(chosen)
            self._supervisor.remove_leftovers()
        return purged

    def empty_bin(self) -> Chosen:
        """Deletes everything in the bin for good."""
        return self.purge(self.in_bin().chosen)

    # ── sizes ──

    def bytes_kept(self) -> int:
        """Bytes of all data sets, runs and saved detectors on the disk, everybody's, with the bin; what two data sets share counts once."""
        return bytes_on_disk(self._workspace.data, self._workspace.runs, self._workspace.detectors)


def short(text: str, most: int) -> str:
    """`text` without space around it; raises `StorageError` where it has more than `most` characters."""
    text = text.strip()
    if len(text) > most:
        raise StorageError(N_("This text has {length} characters; {most} fit. Shorten it."), length=len(text), most=most)
    return text
