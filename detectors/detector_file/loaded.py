"""A detector file opened for scoring and explaining new data."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from detectors import registry
from detectors.base import Detector, Progress, Scores
from detectors.data_set import DataSet
from detectors.detector_file.canaries import Canaries, Moved, differing
from detectors.detector_file.conforming import conformed
from detectors.detector_file.deciding import Deciding
from detectors.detector_file.explaining import explanation_table
from detectors.detector_file.frame_data import FrameData
from detectors.detector_file.manifest import CARD, MANIFEST, KeptThreshold, Manifest
from detectors.detector_file.opening import open_detector_file
from detectors.detector_file.signature import Signed, SigningKey
from detectors.detector_file.writing import BACKGROUND
from detectors.errors import AnomalystError, DataError, StorageError
from detectors.explanations.shapley import Explainer, Explanation
from detectors.messages import N_, Message
from detectors.preparation import Preparation, load_preparation
from detectors.runs.explained import ExplainedRun, game_of
from detectors.runs.scoring import score_rows

#: More rows than this are explained together, by the faster method.
ONE_BY_ONE = 50

NO_BACKGROUND = N_("This detector file carries no background rows, so it cannot explain. Write it again from its run.")
NO_CONTEXT = N_("Only series have rows before them; `before` is for those.")
NO_ROW = N_("There is no row {row}; the rows are 0 to {last}.")
NO_PICTURE = N_("Picture {row} is not an array of whole numbers from 0 to 255 with height, width and 1 or 3 channels.")

#: New rows: a frame; texts; or pictures, each (height, width, channels) from 0 to 255.
NewRows = pd.DataFrame | Sequence[str | None] | Sequence[NDArray[np.uint8]]


@dataclass(frozen=True)
class LoadedDetector:
    """Scores and explains new rows as the run did that it was written from, to the last bit.

    Example::

        import detectors

        found = detectors.load("detector.zip")
        scores = found.score(frame)                 # one float64 a row, higher is more unusual
        flagged = scores > found.threshold.cut_off
        print(found.explain(frame, rows=[3, 17]))   # what each column added to these scores
        print(found.card)
    """

    manifest: Manifest
    detector: Detector
    preparation: Preparation
    card: str
    """For people, as Markdown: what it learned from, how it was judged, its limits, which training rows it carries."""
    signed: Signed
    """Whether the file was signed by this installation, by another one, or by nobody."""
    identity: str = ""
    """The SHA-256 of its manifest: equal for copies of the same file."""
    usual: NDArray[np.float32] | None = field(default=None, repr=False)
    """Usual rows that explanations compare with; None in files of format 1."""
    moved: Moved | None = None
    """How the canaries' scores differ here; None where the libraries and the machine are those that it was written with."""

    @property
    def threshold(self) -> KeptThreshold:
        """Where unusual begins: the rule, its value, the cut-off, why and by whom it was chosen."""
        return self.manifest.threshold

    @cached_property
    def deciding(self) -> Deciding:
        """What is flagged: the threshold, of segments where they have their own, and the suppressions of the run."""
        return Deciding.of(self.manifest)

    @property
    def warning(self) -> Message | None:
        """What is to be said before its scores are believed: other libraries, and what moved under them."""
        if self.moved is None:
            return None
        return self.moved.message(differing(self.manifest.libraries, self.manifest.machine))

    def score(self, data: NewRows, *, before: NewRows | None = None) -> pd.Series:
        """One float64 a row, with the index of `data`; higher is more unusual. A row of a table does not depend on others.

        Args:
            data: a frame with the columns that were learned from, in any order, others are left out; for text also a
                sequence of texts; for images a sequence of arrays, (height, width, channels), from 0 to 255.
            before: for series, the rows that came before: new rows are seen after them. They get no score.

        Raises:
            DataError: a column is missing or of another type.
        """
        rows, first = self._with_context(data, before)
        found = self.scores_of(rows)[first:] if rows.rows else np.empty(0)
        index = data.index if isinstance(data, pd.DataFrame) else pd.RangeIndex(len(found))
        return pd.Series(found, index=index, name="score")

    def flag(self, scores: ArrayLike, data: pd.DataFrame | None = None) -> NDArray[np.bool_]:
        """Which of `scores`, (rows,), are flagged: those above the cut-off whose row in `data` no suppression silences.

        Raises:
            DataError: segments have cut-offs of their own, or there are suppressions, and `data` was not given or lacks a column.
        """
        return self.deciding.flagged(scores, data)

    def explain(self, data: NewRows, rows: Sequence[int] | None = None, *, before: NewRows | None = None) -> pd.DataFrame:
        """What each part of some rows added to their score: ``row, score, base, part, contribution, actual, expected``.

        Args:
            data: as for `score`.
            rows: positions in `data`, from 0; None: those that are flagged.
            before: as for `score`.

        Raises:
            DataError: as for `score`; or there is no such row.
        """
        held, first = self._with_context(data, before)
        wanted = (
            np.flatnonzero(self.flag(self.scores_of(held)[first:], data if isinstance(data, pd.DataFrame) else None))
            if rows is None
            else np.asarray(rows, dtype=np.intp)
        )
        found = self.explain_rows(held, wanted + first)
        return found.assign(row=found["row"] - first)

    def scores_of(self, data: DataSet, progress: Progress | None = None) -> Scores:
        """The scores of all rows of a data set, (rows,)."""
        return score_rows(self.detector, self.preparation, data, progress)[0]

    def explain_rows(self, data: DataSet, rows: NDArray[np.intp], progress: Progress | None = None) -> pd.DataFrame:
        """As `explain`, of the rows of a data set."""
        if self.usual is None:
            raise StorageError(NO_BACKGROUND)
        outside = rows[(rows < 0) | (rows >= data.rows)]
        if len(outside):
            raise DataError(NO_ROW, row=int(outside[0]), last=data.rows - 1)
        game = game_of(self.detector, self.preparation, self.usual, tuple(self.manifest.scores.get("levels", ())))
        run = ExplainedRun(data, self.preparation, self.detector, Explainer(game, self.manifest.seed))
        if not len(rows):
            return explanation_table(self.preparation, data, rows, _nothing(game.n_units))
        found = run.many(rows, progress) if len(rows) > ONE_BY_ONE else _one_by_one(run, rows)
        return explanation_table(self.preparation, data, rows, found)

    def held(self, data: NewRows, notes: list[Message]) -> FrameData:
        """`data` as preparations see it; what does not fit its column is added to `notes`."""
        roles = {column: self.manifest.roles[column] for column in self.manifest.used}
        if self.manifest.kind == "images":
            pictures = [_picture(each, row) for row, each in enumerate(data)]
            return FrameData(roles=roles, held=pd.DataFrame(index=pd.RangeIndex(len(pictures))), shown=pictures)
        if not isinstance(data, pd.DataFrame):
            column = next(name for name, role in roles.items() if role == "text")
            data = pd.DataFrame({column: pd.Series(list(data), dtype=object)})
        columns = self.manifest.columns or [{"name": name, "role": role, "type": "number"} for name, role in roles.items()]
        return FrameData(roles=roles, held=conformed(data, columns, notes))

    def _with_context(self, data: NewRows, before: NewRows | None) -> tuple[FrameData, int]:
        """`data` after what came before it, and the position of its first row."""
        notes: list[Message] = []
        rows = self.held(data, notes)
        for note in notes:
            warnings.warn(str(note), stacklevel=3)
        if before is None:
            return rows, 0
        if self.manifest.kind != "series":
            raise AnomalystError(NO_CONTEXT)
        context = self.held(before, [])
        return FrameData(roles=rows.roles, held=pd.concat([context.held, rows.held], ignore_index=True)), context.rows


def load(path: Path | str, *, key: SigningKey | None = None) -> LoadedDetector:
    """The detector in the detector file `path`, checked before anything of it is loaded; runs no code of it.

    Where libraries or machine are others than those it was written with, its canaries are scored: see `warning`.

    Args:
        key: of this installation, to tell what was signed here; None: that is not looked at.

    Raises:
        StorageError: it is no detector file, has a newer format, or a member is not as it was written; the error names it.
    """
    path = Path(path)
    with tempfile.TemporaryDirectory(prefix="anomalyst-") as name:
        folder = Path(name)
        opened = open_detector_file(path, folder, key)
        manifest = opened.manifest
        detector, preparation = loaded_from(folder, manifest, path.name)
        usual = np.load(folder / BACKGROUND, allow_pickle=False) if (folder / BACKGROUND).exists() else None
        card = (folder / CARD).read_text(encoding="utf-8") if (folder / CARD).exists() else ""
        canaries = Canaries.load(folder, path.name)
    found = LoadedDetector(manifest, detector, preparation, card, opened.signed, opened.identity, usual)
    _check_deciding(found, path.name)
    moved = None
    if canaries is not None and differing(manifest.libraries, manifest.machine):
        moved = canaries.moved(detector.score(preparation.finish(canaries.items)), manifest.threshold.cut_off)
    return replace(found, moved=moved)


NOT_LOADED = N_("`{file}` was not opened: its member `{member}` is not what this version writes ({reason}). Take an undamaged copy.")


def loaded_from(folder: Path, manifest: Manifest, file: str) -> tuple[Detector, Preparation]:
    """Detector and preparation, where they are those that the manifest names."""
    try:
        member = "detector/detector.json"
        detector = registry.load(folder / "detector")
        member = "preparation/preparation.json"
        preparation = load_preparation(folder / "preparation")
    except AnomalystError as error:
        raise StorageError(NOT_LOADED, file=file, member=member, reason=str(error).rstrip(".")) from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OSError, RecursionError, OverflowError, EOFError) as error:
        raise StorageError(NOT_LOADED, file=file, member=member, reason=type(error).__name__) from error
    if (detector.name(), detector.representation()) != (manifest.detector, manifest.representation):
        raise StorageError(NOT_LOADED, file=file, member="detector/detector.json", reason=f"{detector.representation()}/{detector.name()}")
    if (preparation.kind, preparation.representation) != (manifest.kind, manifest.representation):
        raise StorageError(NOT_LOADED, file=file, member=member, reason=f"{preparation.kind}/{preparation.representation}")
    return detector, preparation


def _check_deciding(found: LoadedDetector, file: str) -> None:
    try:
        Deciding.of(found.manifest)
    except (AnomalystError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(NOT_LOADED, file=file, member=MANIFEST, reason="threshold, suppressions") from error


def _one_by_one(run: ExplainedRun, rows: NDArray[np.intp]) -> Explanation:
    found = run.row(int(rows[0])).explanation
    for row in rows[1:].tolist():
        found = found.and_also(run.row(row).explanation)
    return found


def _nothing(units: int) -> Explanation:
    return Explanation(np.zeros((0, units)), np.zeros(0), np.zeros(0), np.zeros((0, 1), dtype=np.float32))


def _picture(picture: Any, row: int) -> NDArray[np.uint8]:
    found = np.asarray(picture)
    found = found[:, :, None] if found.ndim == 2 else found
    whole = found.ndim == 3 and found.shape[2] in (1, 3) and found.dtype.kind in "iu" and found.size
    if not whole or found.min() < 0 or found.max() > 255:
        raise DataError(NO_PICTURE, row=row)
    return found.astype(np.uint8)
