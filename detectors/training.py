"""Training from Python, by the same way as the command line: the same file and the same words give the same scores."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors import reading
from detectors.command_line import NO_FILE, Begun, Training, begin, fitted, leave_in, scores_table
from detectors.errors import DataError
from detectors.frames import load_frame
from detectors.pictures import load_pictures
from detectors.runs.deciding import USUAL, Decided, decided
from detectors.runs.execute import FittedRun
from detectors.thresholds import Threshold


class Settings(TypedDict, total=False):
    """What may be said of a training. Columns that are not named have the roles that the Data page would propose."""

    kind: str
    """``table``, ``series``, ``images`` or ``text``; else what the file looks like."""
    label: str
    """Known anomalies, for judging only, unless the detector learns from labels."""
    anomaly: str
    """The one value of the label that means anomaly."""
    time: str
    entity: str
    text: str
    ignore: Sequence[str]
    roles: Mapping[str, str]
    """Column → feature, text, time, entity, label, id or ignored: for what the others do not say."""
    fit_where: tuple[str, object]
    """Learn only from the rows where this column has this value."""
    fit_first: float
    """Of a series, learn only from this leading share of the time."""
    fit_rows: int
    """Learn only from so many rows, drawn at random."""
    drop_share: float
    """Train, drop this share of the most unusual rows, train again."""
    start_from: Path | str
    """An earlier run of the same detector: learning goes on from its weights."""
    parameters: Mapping[str, Any]
    """Of the detector."""
    preparation: Mapping[str, Any]
    reading: Mapping[str, Any]
    """How the file is to be read: delimiter, decimal, sheet …"""
    threshold: str
    """``RULE=VALUE``, such as ``percentile=99``."""
    seed: int


@dataclass(frozen=True)
class Trained:
    """A training that is done. What it needs of the file stays in a folder of its own until this is gone.

    Example::

        import detectors

        run = detectors.train("orders.csv", detector="isolation_forest", label="known")
        print(run.scores[run.scores["flagged"]])
        run.save("trained")                         # then: detectors.load("trained/detector.zip")
    """

    run: FittedRun = field(repr=False)
    decided: Decided
    _folder: tempfile.TemporaryDirectory[str] = field(repr=False)

    @property
    def threshold(self) -> Threshold:
        """Where unusual begins: the rule, its value and the cut-off."""
        return self.decided.threshold

    @property
    def scores(self) -> pd.DataFrame:
        """A line for every row, in file order: ``row`` (from 0), ``score``, ``flagged``; ``name`` of pictures, ``label`` where there is one."""
        return scores_table(self.run, self.decided.cut_off)

    def save(self, folder: Path | str) -> dict[str, Any]:
        """Leaves what the command line leaves, `scores.parquet`, `run.json` and `detector.zip`, in `folder`; gives the summary."""
        return leave_in(Path(folder), self.run, self.decided)


def train(data: Path | str, *, detector: str, **settings: Unpack[Settings]) -> Trained:
    """Fits `detector` on the file `data` and scores every row of it.

    Raises:
        AnomalystError: something that can be mended: the file, a column, a parameter.
    """
    folder = tempfile.TemporaryDirectory(prefix="anomalyst-")
    asked = _asked(Path(data), detector, settings)
    opened: Begun = begin(asked, Path(folder.name))
    run = fitted(asked, opened)
    by = decided(run, asked.threshold)
    if by.why_not is not None:
        warnings.warn(str(by.why_not), stacklevel=3)
    return Trained(run, by, folder)


def read(data: Path | str, **options: Any) -> pd.DataFrame:
    """The table in the file `data` as the Data page reads it; `options` are those of `--read`: delimiter, decimal, sheet …

    Raises:
        AnomalystError: it cannot be read, with the reason and what to do.
    """
    with _read(data, options) as folder:
        return load_frame(folder)


def read_pictures(data: Path | str) -> list[NDArray[np.uint8]]:
    """The pictures in the zip or folder `data`, each (height, width, channels) from 0 to 255, in the order of their names.

    Raises:
        AnomalystError: it cannot be read, with the reason and what to do.
    """
    with _read(data, {}) as folder:
        return load_pictures(folder)


@contextmanager
def _read(data: Path | str, options: Mapping[str, Any]) -> Iterator[Path]:
    if not Path(data).exists():
        raise DataError(NO_FILE, path=str(data))
    with tempfile.TemporaryDirectory(prefix="anomalyst-") as name:
        folder = Path(name) / "data"
        reading.read_file(Path(data), folder, name=Path(data).name, options=reading.ReadingOptions(**options))
        yield folder


def _asked(data: Path, detector: str, settings: Settings) -> Training:
    said: dict[str, Any] = dict(settings)
    where = said.pop("fit_where", None)
    return Training(
        data, detector, ignore=tuple(said.pop("ignore", ())), start_from=_path(said.pop("start_from", None)),
        fit_where=None if where is None else (where[0], str(where[1])), threshold=said.pop("threshold", USUAL), quiet=True, **said,
    )  # fmt: skip


def _path(text: Path | str | None) -> Path | None:
    return None if text is None else Path(text)
