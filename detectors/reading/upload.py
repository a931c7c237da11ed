"""Reads one upload, or a folder of files, into a folder that appears whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.reading.fetching import FETCHED_FILE
from detectors.reading.options import ReadingOptions
from detectors.reading.preview import Preview, load_preview
from detectors.reading.process import USUAL_LIMITS, Limits, Task, Watch, run_worker
from detectors.reading.progress import PROGRESS_FILE
from detectors.reading.report import Report, load_report
from detectors.storage.files import published


class Doubted(Exception):
    """Something about the file `source` can be read in two ways, so a person is to look at `preview` first.

    Control flow, never shown as an error.
    """

    def __init__(self, source: Path, preview: Preview) -> None:
        super().__init__(source, preview)
        self.source, self.preview = source, preview


def read_file(
    source: Path, folder: Path, *, name: str, limits: Limits = USUAL_LIMITS, options: ReadingOptions | None = None, ask: bool = False,
    watch: Watch | None = None,
) -> Report:  # fmt: skip
    """Reads the file or folder `source`, called `name` by the analyst, into the new `folder`: data, report and profile.

    `watch` is told how far it is; when it raises, reading ends and nothing is kept.

    Raises:
        DataError: the file cannot be read, with the reason and what to do (`Misread` where it might be in another way); `folder`
            then does not exist.
        Doubted: only with `ask`: it can be read in two ways; `folder` then does not exist.
        StorageError: `folder` exists already.
    """
    if folder.exists():
        raise StorageError(N_("The folder `{folder}` exists already. Choose a new one."), folder=str(folder))
    with published(folder.resolve()) as part:
        run_worker(Task("read", str(source.resolve()), str(part), name, _said(options), ask), limits, watch)
        preview = load_preview(part)
        if preview is not None:
            raise Doubted(source, preview)
        (part / PROGRESS_FILE).unlink(missing_ok=True)
    return load_report(folder)


def preview_file(source: Path, *, name: str, limits: Limits = USUAL_LIMITS, options: ReadingOptions | None = None) -> Preview:
    """The first rows of `source` as they would be read with `options`.

    Raises:
        DataError: it cannot be read in this way, with the reason and what to do.
    """
    with tempfile.TemporaryDirectory() as folder:
        run_worker(Task("preview", str(source.resolve()), folder, name, _said(options)), limits)
        preview = load_preview(Path(folder))
    assert preview is not None
    return preview


def fetch_file(url: str, folder: Path, *, name: str, limits: Limits, watch: Watch | None = None) -> Path:
    """Fetches what is behind `url`, which `fetching.check_url` allowed, into the existing `folder`; gives where it lies.

    Raises:
        DataError: it cannot be fetched, with the reason.
    """
    run_worker(Task("fetch", url, str(folder.resolve()), name), limits, watch)
    return folder / FETCHED_FILE


def _said(options: ReadingOptions | None) -> dict[str, object]:
    return options.parameters if options else {}
