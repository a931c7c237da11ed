"""What a watch does besides scoring: explains flags, sees a series after what came before it, and sends a link along."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray
from pyarrow import parquet

from detectors.base import Progress
from detectors.detector_file.explained_files import Opened, write_explanations
from detectors.detector_file.loaded import LoadedDetector
from detectors.errors import AnomalystError
from detectors.messages import N_, Message
from detectors.reading import ReadingOptions
from detectors.watching.folder import WatchFolder
from detectors.watching.looking import shown_name

#: Of the files that were scored, the last one.
LATEST = """SELECT name FROM files WHERE ended IS NOT NULL AND json_extract(outcome, '$.refused') IS NULL ORDER BY ended DESC, rowid DESC LIMIT 1"""

#: What the explanations of a file's flags are called, beside its scores.
ENDING = ".reasons.parquet"

UNEXPLAINED = N_("Its flags could not be explained ({reason}).")


def reasons_beside(scores: Path) -> Path:
    """Where the explanations of a file are whose scores are in the file `scores`."""
    return scores.with_name(scores.stem + ENDING)


@dataclass(frozen=True)
class Scored:
    """A file that was just scored."""

    loaded: LoadedDetector
    source: Path
    scores: Path
    before: Path | None
    options: ReadingOptions | None

    def most_unusual(self, count: int) -> NDArray[np.intp]:
        """The positions of at most `count` flags, the highest score first."""
        rows, scores = [np.zeros(0, np.int64)], [np.zeros(0)]
        for batch in parquet.ParquetFile(self.scores).iter_batches(columns=["row", "score", "flagged"]):
            chosen = batch.column(2).to_numpy(zero_copy_only=False)
            rows.append(batch.column(0).to_numpy()[chosen])
            scores.append(batch.column(1).to_numpy()[chosen])
        order = np.argsort(-np.concatenate(scores), kind="stable")[:count]
        return np.concatenate(rows)[order].astype(np.intp)


@dataclass(frozen=True)
class Further:
    """What was asked for beyond scores."""

    explain: int = 0
    """Flags of a file that are explained at most, the most unusual ones."""
    before: Path | None = None
    """For a series, a file of the rows that came before every file."""
    after_previous: bool = False
    """For a series, whether each file is seen after the one that was scored before it."""
    link: str | None = None
    """An address; ``{file}`` and ``{scores}`` stand for the file's name and the path of its scores."""

    def rows_before(self, kept: WatchFolder, path: Path) -> Path | None:
        """The file whose rows came before those of the file `path`; None where there is none, or it is gone."""
        if not self.after_previous:
            return self.before
        with kept.changing() as database:
            found = database.execute(LATEST).fetchone()
        named = [] if found is None else [other for other in path.parent.iterdir() if shown_name(other) == found["name"] and other != path]
        return next(iter(named), None)

    def explained(self, scored: Scored, progress: Progress) -> tuple[str | None, str | None]:
        """Writes why the flags of a file have their scores, beside these: where that is; or why it could not be told."""
        wanted = scored.most_unusual(self.explain) if self.explain else np.zeros(0, np.intp)
        if not len(wanted):
            return None, None
        out = reasons_beside(scored.scores)
        try:
            with tempfile.TemporaryDirectory(prefix="anomalyst-") as folder:
                opened = Opened.of(scored.loaded, scored.source, Path(folder), before=scored.before, options=scored.options)
                write_explanations(opened.explained(wanted, progress), out)
        except AnomalystError as error:  # the scores are there all the same
            return None, str(Message(UNEXPLAINED, {"reason": str(error).rstrip(".")}))
        return str(out), None

    def linked(self, name: str, scores: Path | None) -> str | None:
        """The address that goes along with the warnings of a file."""
        if self.link is None:
            return None
        return self.link.replace("{file}", quote(name, safe="")).replace("{scores}", quote(str(scores or ""), safe=""))
