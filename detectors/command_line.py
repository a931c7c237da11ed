"""``train`` of the command line: a file in, scores, a summary and a detector file out."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detectors import kinds, metrics, reading, registry, roles
from detectors.base import Detector, Progress
from detectors.detector_file.manifest import KeptThreshold
from detectors.detector_file.signature import installed_key
from detectors.detector_file.source import Finished
from detectors.detector_file.writing import write_detector_file
from detectors.errors import DataError, ParameterError
from detectors.frames import load_frame
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.named import Looked, Named
from detectors.params import Parametrised
from detectors.preparation import find_preparation
from detectors.runs.contaminated import check_drop
from detectors.runs.deciding import USUAL, Decided, check_rule, decided
from detectors.runs.earlier import Earlier, roles_as_there
from detectors.runs.execute import FittedRun, execute
from detectors.runs.folder import RunFolder
from detectors.runs.request import FitWhere, RunRequest
from detectors.storage.files import write_json

NO_FILE = N_("There is no file `{path}`.")

#: What stands for standard input.
STANDARD = "-"

#: A detector learns from no fewer.
FEWEST_ROWS = 2


#: Values by name or, as on a command line, words ``NAME=VALUE``.
Said = Mapping[str, Any] | tuple[str, ...]


@dataclass(frozen=True)
class Training:
    """What was asked for on the command line, or from Python."""

    data: Path
    detector: str
    out: Path | None = None
    """None: everything stays in memory."""
    kind: str | None = None
    """None: what the file and the roles that were named look like."""
    label: str | None = None
    time: str | None = None
    entity: str | None = None
    text: str | None = None
    ignore: tuple[str, ...] = ()
    roles: Mapping[str, str] = field(default_factory=dict)
    """Column → role, for what has no option of its own."""
    fit_where: tuple[str, str] | None = None
    fit_first: float | None = None
    """The leading share of the time to learn from; None: all of it."""
    fit_rows: int | None = None
    """Rows to learn from, drawn at random; None: all of them."""
    anomaly: str | None = None
    parameters: Said = ()
    preparation: Said = ()
    reading: Said = ()
    start_from: Path | None = None
    """An earlier run to start from: a folder that `train` left, its detector file, or a run's folder in a workspace."""
    drop_share: float | None = None
    """The share of the most unusual rows to train again without; None: train once."""
    threshold: str = USUAL
    """``RULE=VALUE``, and further parameters of the rule after commas."""
    seed: int = 0
    quiet: bool = False

    @property
    def named(self) -> Named:
        """What of it says for what the columns are."""
        return Named(self.kind, self.label, self.time, self.entity, self.text, self.ignore, self.roles)


def values_of(what: type[Parametrised], said: Said) -> dict[str, Any]:
    """The values that were said for the fields of `what`.

    Raises:
        ParameterError: a word names no field, or its value is outside the limits.
    """
    return what.parse_parameters(list(said)) if isinstance(said, tuple) else dict(said)


class PrintedProgress(Progress):
    """Says on standard error how far the work is: one line a phase that is written over, or once where nobody watches."""

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        if not sys.stderr.isatty():
            if done >= total:
                print(f"{phase} {done}/{total}", file=sys.stderr, flush=True)
            return
        numbers = "".join(f" {name} {value:.4g}" for name, value in figures.items() if "loss" in name)
        print(f"\r{phase} {done}/{total}{numbers}\033[K", end="\n" if done >= total else "", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Begun:
    """A file that was read, and what is asked of it."""

    request: RunRequest
    data: Path
    folder: Path
    """A folder for what is needed until the end."""


def train(asked: Training) -> dict[str, Any]:
    """Fits, scores every row in file order, and leaves `scores.parquet`, `run.json` and `detector.zip` in the folder.

    Raises:
        AnomalystError: something the user can mend: the file, a column, a parameter.
    """
    with begun(asked) as opened:
        return leave(fitted(asked, opened), asked)


def _check(asked: Training) -> None:
    """What can be said of a training before its file is read.

    Raises:
        AnomalystError: it cannot be meant, or nothing can be written where it was to leave its results.
    """
    if asked.anomaly is not None and asked.label is None:
        raise ParameterError(N_("`--anomaly` was given without `--label`. Name the column that holds `{anomaly}`."), anomaly=asked.anomaly)
    if asked.fit_rows is not None and asked.fit_rows < FEWEST_ROWS:
        raise ParameterError(
            N_("`--fit-rows` must be a whole number from {fewest}. It is {rows}."), fewest=FEWEST_ROWS, rows=asked.fit_rows
        )
    if asked.fit_first is not None and not 0 < asked.fit_first <= 1:
        raise ParameterError(N_("`--fit-first` must be a share above 0, at most 1, such as 0.5. It is {share}."), share=asked.fit_first)
    if asked.start_from is not None and asked.preparation:
        raise ParameterError(
            N_("`--prepare` was given with `--start-from`: the data are prepared as in the earlier run. Leave one of them out.")
        )
    check_rule(asked.threshold)
    _check_parameters(asked)
    if str(asked.data) != STANDARD and not asked.data.exists():
        raise DataError(NO_FILE, path=str(asked.data))
    if asked.out is not None:
        with written_to(asked.out):
            asked.out.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=asked.out):
                pass  # better to know now than after hours of training


@contextmanager
def begun(asked: Training) -> Iterator[Begun]:
    """Checks what was asked and reads the file; says at the end what was noticed in it."""
    with tempfile.TemporaryDirectory() as folder:
        opened = begin(asked, Path(folder))
        yield opened
        if not asked.quiet:
            notes = reading.load_report(opened.data).notes
            print(*notes, sep="\n", end="\n" if notes else "", file=sys.stderr)


def begin(asked: Training, folder: Path) -> Begun:
    """Checks what was asked and reads the file into `folder`, which is needed until the end."""
    options = reading.ReadingOptions(**values_of(reading.ReadingOptions, asked.reading))
    _check(asked)
    source, data = asked.data, folder / "data"
    if str(source) == STANDARD:
        source = folder / "standard_input"
        with source.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    reading.read_file(source, data, name=source.name, options=options)
    return Begun(_request(asked, data), data, folder)


def fitted(asked: Training, opened: Begun) -> FittedRun:
    """What was asked for, done."""
    earlier = None if asked.start_from is None else _earlier(asked.start_from, opened.folder / "earlier")
    request = opened.request if earlier is None else _columns_as_there(asked, opened.request, earlier)
    return execute(request, opened.data, Progress() if asked.quiet else PrintedProgress(), earlier)


def leave(run: FittedRun, asked: Training) -> dict[str, Any]:
    """Writes what a training leaves into the folder that was named; gives the summary.

    Raises:
        DataError: the rule that was asked for cannot be applied to these scores; everything is written, with the usual one.
    """
    assert asked.out is not None
    by = decided(run, asked.threshold)
    summary = leave_in(asked.out, run, by)
    if by.why_not is not None:
        left = N_("{reason} The training is in {out}, with the usual threshold. Name another rule with --threshold.")
        raise DataError(left, reason=str(by.why_not), out=str(asked.out))
    return summary


def leave_in(out: Path, run: FittedRun, by: Decided) -> dict[str, Any]:
    """Leaves `scores.parquet`, `run.json` and `detector.zip` in the folder `out`; gives the summary."""
    scores, summary = scores_table(run, by.cut_off), _summary(run, by)
    with written_to(out):
        out.mkdir(parents=True, exist_ok=True)
        scores.to_parquet(out / "scores.parquet", index=False)
        write_detector_file(
            Finished.of_fitted(run), KeptThreshold.from_json(by.threshold.to_json()), out / "detector.zip", key=installed_key()
        )
        write_json(out / "run.json", summary)
    return summary


@contextmanager
def written_to(folder: Path) -> Iterator[None]:
    """Turns what the system says against writing into a sentence."""
    try:
        yield
    except OSError as error:
        raise DataError(
            N_("Nothing can be written to `{folder}` ({reason}). Name another folder with --out, or make room in this one."),
            folder=str(folder), reason=error.strerror or str(error),
        ) from error  # fmt: skip


def _check_parameters(asked: Training) -> None:
    """Before anything is read: whether some detector of that name takes these parameters.

    Raises:
        ParameterError: none does.
    """
    first: ParameterError | None = None
    for kind in [asked.kind] if asked.kind else KINDS:
        try:
            _choices(asked, kind)
            return
        except ParameterError as error:
            first = first or error
    if first is not None:
        raise first


def _choices(asked: Training, kind: str) -> tuple[type[Detector], dict[str, Any], dict[str, Any]]:
    """The detector for `kind`, its parameters and those of the preparation that it works on."""
    detector = registry.find(kind, asked.detector)
    preparation = find_preparation(kind, detector.representation())
    parameters = values_of(detector, asked.parameters)
    prepared = values_of(preparation, asked.preparation)
    detector(**parameters)
    preparation(**prepared)
    return detector, parameters, prepared


def _request(asked: Training, data: Path) -> RunRequest:
    """Roles as the Data page would propose them, but for what was said."""
    found, named = Looked.of(data), asked.named
    named.check_columns([asked.fit_where[0] if asked.fit_where else None], found)
    chosen, kind = named.roles_of(found), KINDS[named.kind_of(found)]
    label = next(iter(roles.labels(chosen)), None)
    if label is not None and asked.anomaly is not None:
        roles.check_anomaly(load_frame(data, [label])[label], label, asked.anomaly)
    detector, parameters, preparation = _choices(asked, kind.name)
    request = RunRequest(
        "", asked.detector, chosen, kind=kind.name, representation=detector.representation(), parameters=parameters,
        preparation=preparation, seed=asked.seed, fit_where=FitWhere(*asked.fit_where) if asked.fit_where else None,
        fit_first=asked.fit_first, fit_sample=asked.fit_rows, anomaly=asked.anomaly, drop_share=asked.drop_share,
        start_from=None if asked.start_from is None else str(asked.start_from),
    )  # fmt: skip
    kinds.check_needed(kind.name, request.used_roles)
    check_drop(request)
    return request


def _columns_as_there(asked: Training, request: RunRequest, earlier: Earlier) -> RunRequest:
    """The same, learning from the columns that `earlier` learned from, but for what was said of a column."""
    chosen = asked.fit_where[0] if asked.fit_where else None
    named = asked.label, asked.time, asked.entity, asked.text, chosen
    said = [*asked.ignore, *asked.roles, *(name for name in named if name is not None)]
    return replace(request, roles=roles_as_there(earlier.roles, request.roles, said))


def _earlier(path: Path, into: Path) -> Earlier:
    """The run that `path` names; what of it must be unpacked comes into the folder `into`.

    Raises:
        DataError: there is none.
        StorageError: its detector file is damaged.
    """
    if (path / "request.json").is_file():
        return Earlier.of_run(RunFolder(path))
    file = path / "detector.zip" if path.is_dir() else path
    if not file.is_file():
        raise DataError(
            N_("`{path}` holds no earlier run. Name a folder that `train --out` left, or the detector.zip in it."), path=str(path)
        )
    return Earlier.of_file(file, into)


def scores_table(run: FittedRun, cut_off: float) -> pd.DataFrame:
    """A line for every row, in file order: ``row, score, flagged`` and, where there are some, name, label, kind …"""
    frame = pd.DataFrame({"row": np.arange(len(run.scores)), "score": run.scores, "flagged": run.scores > cut_off})
    if run.first_scores is not None:
        frame = frame.assign(first_score=run.first_scores, dropped=run.dropped)
    if run.request.columns("id") == ["name"]:
        frame.insert(1, "name", run.data.frame(["name"])["name"])
    if run.labels is not None:
        frame["label"] = pd.array(np.where(run.labels < 0, 0, run.labels), dtype="Int8")
        frame.loc[run.labels < 0, "label"] = pd.NA
    if run.detector.supervised:
        frame["held_out"] = run.held_out
    if run.kinds is not None:
        frame["kind"] = np.array(run.kind_names, dtype=object)[run.kinds - 1]
    return frame


def _summary(run: FittedRun, by: Decided) -> dict[str, Any]:
    seconds = {"read": run.seconds["read"] + run.seconds["prepare"], "fit": run.seconds["fit"], "score": run.seconds["score"]}
    summary = {
        "detector": run.detector.name(), "kind": run.request.kind, "representation": run.detector.representation(),
        "parameters": run.detector.parameters, "preparation": run.preparation.parameters, "seed": run.request.seed,
        "rows": len(run.scores), "fitted_rows": run.fitted_rows, "seconds": {k: round(v, 4) for k, v in seconds.items()},
        "threshold": {"rule": by.text, "value": by.cut_off}, "flagged": int((run.scores > by.cut_off).sum()),
    }  # fmt: skip
    if run.request.start_from is not None:
        summary["start_from"] = run.request.start_from
    if run.dropped is not None:
        summary["dropped_rows"] = int(run.dropped.sum())
    if run.labels is not None:
        summary["metrics"] = _metrics(run, by.cut_off)
        if run.detector.supervised:
            summary["judged"] = _judged(run)
    return summary


def _judged(run: FittedRun) -> dict[str, Any]:
    """For which rows the figures are: those held out, or, where that could not be, every one by what learned from others."""
    assert run.labels is not None and run.judged is not None
    rows, anomalies = int(run.judged.sum()), int((run.labels[run.judged] == 1).sum())
    return {"by": "held_out" if run.held_out.any() else "out_of_fold", "rows": rows, "anomalies": anomalies}


def _metrics(run: FittedRun, cut_off: float) -> dict[str, float | None]:
    assert run.labels is not None
    is_anomaly, known = run.labels == 1, run.judged
    counts = metrics.confusion(is_anomaly, run.scores, cut_off, known)
    return {
        "auroc": metrics.auroc(is_anomaly, run.scores, known),
        "average_precision": metrics.average_precision(is_anomaly, run.scores, known),
        "precision": counts.precision, "recall": counts.recall, "f1": counts.f1, "accuracy": counts.accuracy,
    }  # fmt: skip
