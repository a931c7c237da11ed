"""Several data sets of an installation put together as one, with what people said of their rows."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors import reading
from detectors.joining import Asked, Part, Placed, columns_of, placed
from detectors.library import LONGEST_NAME, LONGEST_NOTE
from detectors.reading.process import Task, run_worker
from detectors.reading.progress import PROGRESS_FILE
from detectors.runs.relearning import Relearning, told
from detectors.storage.choices import load_choices, save_choices
from detectors.storage.files import bytes_on_disk, new_id, published
from detectors.storage.records import DataSetRecord
from detectors.verdicts import Mark, in_force
from detectors.workbench.data import DataSets
from detectors.workbench.learning import Learning

NOTHING: Mapping[str, int] = {}


@dataclass(frozen=True)
class Together:
    """Data sets that are put together, and as what."""

    records: tuple[DataSetRecord, ...]
    placed: Placed
    roles: Mapping[str, str]
    kind: str
    note: str

    @property
    def name(self) -> str:
        return joined_name([record.name for record in self.records])


class Joining(DataSets, Learning):
    """Makes one data set of several."""

    def _joined(self, together: Together, watch: reading.Watch) -> DataSetRecord:
        """The rows as a data set of their own, with the marks on them."""
        data_id = new_id()
        parts = tuple(Part(self.data_folder(record.id), record.name) for record in together.records)
        limits = reading.limits_for(sum(record.size or 0 for record in together.records), self.settings.reader_memory_mb * 2**20)
        with tempfile.TemporaryDirectory(dir=self.workspace.incoming) as scratch, published(self.data_folder(data_id)) as folder:
            asked = Asked(parts, together.roles, together.kind, Path(scratch) / "kept.npz")
            asked.save_kept(together.placed.kept)
            run_worker(Task("join", asked.to_json(), str(folder.resolve()), together.name), limits, watch)
            (folder / PROGRESS_FILE).unlink(missing_ok=True)
            save_choices(load_choices(parts[0].folder), folder)
        try:
            report = self.report(data_id)
            roles = {profile.name: together.roles.get(profile.name, "ignored") for profile in self.profile(data_id)}
            record = DataSetRecord(
                data_id, together.name, together.kind, report.rows, report.columns, report.content_hash, roles, self.owner,
                note=together.note[:LONGEST_NOTE], size=bytes_on_disk(self.data_folder(data_id)),
            )  # fmt: skip
            self.records.add(record)
        except BaseException:
            shutil.rmtree(self.data_folder(data_id), ignore_errors=True)
            raise
        self._marks.carry(data_id, self._carried(together))
        return record

    def _carried(self, together: Together, since: Mapping[str, int] = NOTHING) -> list[Mark]:
        """The marks on all parts, on the rows where these stand now, in the order in which they were given.

        With `since`, data set → the number of a mark, those that were given after it.
        """
        found = [
            replace(mark, first=first, last=last, together=mark.together and f"{record.id} {mark.together}")
            for record, places in zip(together.records, together.placed.places, strict=True)
            for mark in in_force(self._marks.of(record.id))
            if mark.id > since.get(record.id, 0)
            for first, last in _stretches(places[mark.first : mark.last + 1])
        ]
        return sorted(found, key=lambda mark: (mark.marked, mark.id))

    def follow_marks(self, run_id: str) -> None:
        """Carries over what was said of the parts since they were put together for a run, where all of them are still here."""
        with self._supervisor.looking:
            relearning = Relearning.load(self.run_folder(run_id).path)
            ids = [str(each) for each in relearning.told.get("parts", [])] if relearning else []
            records = [record for data_id in ids if (record := self.records.data_set(data_id)) is not None]
            latest = {record.id: self.latest_mark(record.id) for record in records}
            if relearning is None or len(records) < len(ids) or latest == (since := relearning.told.get("marks", latest)):
                return
            request = self.run_folder(run_id).request()
            parts = [Part(self.data_folder(record.id), record.name) for record in records]
            found = placed(parts, columns_of(parts, request.roles), request.kind, once=bool(relearning.told["once"]))
            self._marks.carry(request.data_id, self._carried(Together(tuple(records), found, request.roles, request.kind, ""), since))
            told(relearning, marks=latest).save(self.run_folder(run_id).path)


def joined_name(names: Sequence[str]) -> str:
    """What several data sets together are called, short enough to be a name."""
    name = " + ".join(names)
    return name if len(name) <= LONGEST_NAME else f"{names[0][: LONGEST_NAME // 2]} + {len(names) - 1}"


def _stretches(rows: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Rows, in whatever order, as stretches from a first to a last one."""
    ordered = np.unique(rows)
    breaks = np.flatnonzero(np.diff(ordered) > 1)
    firsts, lasts = np.append(0, breaks + 1), np.append(breaks, len(ordered) - 1)
    return list(zip(ordered[firsts].tolist(), ordered[lasts].tolist(), strict=True))
