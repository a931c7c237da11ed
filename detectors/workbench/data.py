"""Data sets of an installation: read, kept, given kinds, roles and remedies."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from detectors import checks, kinds, reading, registry
from detectors.checks import Finding, Remedy
from detectors.errors import StorageError
from detectors.frames import sample_frame
from detectors.imports import Import
from detectors.reading import ReadingOptions
from detectors.storage.arrivals import MEGABYTE
from detectors.storage.choices import Applied, Choices, load_choices, save_choices
from detectors.storage.files import DATA_GONE, bytes_on_disk, new_id, share_files
from detectors.storage.offered import OfferedFile, offered_files, offered_path
from detectors.storage.records import DataSetRecord
from detectors.workbench.ground import Ground


class DataSets(Ground):
    """Imports data, says what it is, and checks it."""

    def import_file(self, source: Path, name: str, options: ReadingOptions | None = None) -> DataSetRecord:
        """Reads an uploaded file into the workspace, in whichever way it can be read; keeps the file itself for a while.

        Raises:
            DataError: the file cannot be read; nothing of it is kept.
        """
        return self.start_import(source, name, options=options or ReadingOptions()).result()

    def start_import(
        self, source: Path, name: str, done: Callable[[], None] = lambda: None, *, options: ReadingOptions | None = None,
        data_id: str | None = None,
    ) -> Import:  # fmt: skip
        """Begins to read an uploaded file into the workspace, in the background; `done` is called when it is over.

        Without `options`, a file that can be read in two ways is not read: the result raises `Doubted`. The data set gets the
        id `data_id`, where one was set aside for it.
        """
        turn = self._turns.of(source.stat().st_size)
        return self._begun(Import(name, lambda watch: self._import(source, name, watch, options, data_id), turn, done))

    def start_fetch(self, url: str) -> Import:
        """Begins to fetch a file from an object store, and then to read it.

        Raises:
            DataError: this server does not fetch from there.
        """
        name = reading.check_url(url, self.settings.urls)
        folder = self.workspace.incoming / new_id()
        folder.mkdir()

        def work(watch: reading.Watch) -> DataSetRecord:
            limits = replace(
                reading.limits_for(self.settings.largest_mb * MEGABYTE, self.settings.reader_memory_mb * 2**20),
                fetched_bytes=self.settings.largest_mb * MEGABYTE, free_bytes=self.settings.keep_free_mb * MEGABYTE,
            )  # fmt: skip
            return self._import(reading.fetch_file(url, folder, name=name, limits=limits, watch=watch), name, watch)

        turn = self._turns.of(self.settings.largest_mb * MEGABYTE)  # nobody knows yet how large it is
        return self._begun(Import(name, work, turn, lambda: shutil.rmtree(folder, ignore_errors=True)))

    def offered_files(self) -> list[OfferedFile]:
        """The files that can be read without being uploaded, where the server's owner offers a folder."""
        return offered_files(self.settings.folder) if self.settings.folder else []

    def start_offered(self, name: str) -> Import:
        """Begins to read one of the `offered_files`, where it lies.

        Raises:
            DataError: it is not there, or no longer.
        """
        assert self.settings.folder is not None
        return self.start_import(offered_path(self.settings.folder, name), name.rpartition("/")[2])

    def _begun(self, begun: Import) -> Import:
        self._imports[:] = [*(other for other in self._imports if not other.has_ended), begun]  # one list for all owners
        return begun

    def _import(
        self, source: Path, name: str, watch: reading.Watch, options: ReadingOptions | None = None, data_id: str | None = None
    ) -> DataSetRecord:
        data_id = data_id or new_id()
        folder = self.workspace.data / data_id
        limits = reading.limits_for(source.stat().st_size, self.settings.reader_memory_mb * 2**20)
        try:
            report = reading.read_file(source, folder, name=name, limits=limits, options=options, ask=options is None, watch=watch)
        except reading.Doubted as doubted:
            raise reading.Doubted(self._kept(source, doubted.preview.content_hash), doubted.preview) from None
        except reading.Misread as misread:
            misread.source = self._kept(source, misread.content_hash)
            raise
        self._kept(source, report.content_hash)
        return self._recorded(data_id, report)

    def preview_file(self, source: Path, name: str, options: ReadingOptions | None = None) -> reading.Preview:
        """The first rows of a file as they would be read.

        Raises:
            DataError: it cannot be read in this way.
        """
        limits = reading.limits_for(source.stat().st_size, self.settings.reader_memory_mb * 2**20)
        return reading.preview_file(source, name=name, limits=limits, options=options)

    def original(self, content_hash: str) -> Path | None:
        """The uploaded file with this content, while it is kept."""
        return self.originals.find(content_hash)

    def _kept(self, source: Path, content_hash: str) -> Path:
        """Where the file is kept: only what came into the workspace is, a file of somebody else's folder stays where it lies."""
        if source.is_file() and source.resolve().is_relative_to(self.workspace.root):
            return self.originals.keep(source, content_hash)
        return source

    def import_sample(self, sample: str) -> DataSetRecord:
        """Makes a sample; where the owner has it already, and not in the bin, that one is opened again.

        Whoever tries a sample twice wants to go on with it. An uploaded file becomes a data set of its own every time.
        """
        data_id = new_id()
        report = reading.make_sample(sample, self.workspace.data / data_id)
        before = self.records.data_sets(content_hash=report.content_hash)
        if not before:
            return self._recorded(data_id, report)
        shutil.rmtree(self.workspace.data / data_id)
        return before[0]

    def _recorded(self, data_id: str, report: reading.Report) -> DataSetRecord:
        """Makes the record of what was read: every upload has one of its own, the same content only shares its space."""
        folder = self.data_folder(data_id)
        try:
            share_files(folder, [self.data_folder(other) for other in self.records.same_content(report.content_hash)])
            kind = self.possible_kinds(data_id)[0]
            chosen = self.proposed_roles(data_id, kind)
            record = DataSetRecord(
                data_id, report.name, kind, report.rows, report.columns, report.content_hash, chosen, self.owner, size=bytes_on_disk(folder)
            )
            self.records.add(record)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return record

    def proposed_roles(self, data_id: str, kind: str) -> dict[str, str]:
        """A role for every column of a data set that is worked on as `kind`."""
        return {role.column: role.role for role in kinds.KINDS[kind].propose(self.profile(data_id), self.report(data_id).rows)}

    def possible_kinds(self, data_id: str) -> list[str]:
        """The kinds that a data set can be worked on as, the likeliest first."""
        report = self.report(data_id)
        return [kind for kind in kinds.fitting(self.profile(data_id), report.rows, report.kind) if registry.for_kind(kind)]

    def set_kind(self, data_id: str, kind: str) -> None:
        """Works on a data set as another kind from now on, with the roles proposed for that. Its runs stay as they are."""
        self.records.set_kind(data_id, kind, self.proposed_roles(data_id, kind))

    def findings(self, record: DataSetRecord) -> list[Finding]:
        """What the checks say of a data set with the roles and choices it has now."""
        columns = checks.columns_needed(record.roles)
        sample = sample_frame(self.data_folder(record.id), columns, checks.rows_looked_at(record.rows, len(columns)))
        preparation = self.choices(record.id).preparation
        return checks.findings(checks.Facts(record.kind, record.rows, self.profile(record.id), record.roles, sample, preparation))

    def choices(self, data_id: str) -> Choices:
        """What was chosen about a data set when its checks were answered."""
        return load_choices(self.data_folder(data_id))

    def apply(self, data_id: str, finding: Finding, remedy: Remedy) -> None:
        """Does what a remedy says: gives columns other roles, or chooses how the data are prepared.

        Raises:
            DataError: the roles could not be worked with.
        """
        record, chosen = self._present(data_id), self.choices(data_id)
        before = {name: chosen.preparation[name] for name in remedy.preparation if name in chosen.preparation}
        roles_before = {column: record.roles[column] for column in remedy.roles}
        done = Applied(finding.key, remedy.title, dict(remedy.roles), roles_before, dict(remedy.preparation), before)
        self._set_roles(record, dict(remedy.roles))
        save_choices(chosen.and_also(done), self.data_folder(data_id))

    def undo(self, data_id: str, key: str) -> None:
        """Takes back the remedy that answered the finding `key`; a role that was changed since then stays.

        Raises:
            DataError: the roles could not be worked with.
        """
        record, chosen = self._present(data_id), self.choices(data_id)
        undone = next((done for done in chosen.applied if done.key == key), Applied(key, ""))
        still = [column for column, role in undone.roles.items() if record.roles.get(column) == role]
        self._set_roles(record, {column: undone.roles_before[column] for column in still})
        save_choices(chosen.without(key), self.data_folder(data_id))

    def _present(self, data_id: str) -> DataSetRecord:
        """The record as it is kept: another page may have changed it since this one was shown."""
        record = self.records.data_set(data_id)
        if record is None:
            raise StorageError(DATA_GONE)
        return record

    def _set_roles(self, record: DataSetRecord, changed: Mapping[str, str]) -> None:
        if changed:
            chosen = {**record.roles, **changed}
            kinds.check_roles(record.kind, chosen, self.profile(record.id))
            self.records.set_roles(record.id, chosen)
