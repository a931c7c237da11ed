"""``train`` of the command line: a file in, scores, a summary and a detector file out."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detectors import kinds, metrics, reading, registry, roles, thresholds
from detectors.base import Detector, Progress
from detectors.detector_file.manifest import KeptThreshold
from detectors.detector_file.opening import open_detector_file
from detectors.detector_file.signature import installed_key
from detectors.detector_file.source import Finished
from detectors.detector_file.writing import write_detector_file
from detectors.errors import DataError, ParameterError
from detectors.frames import load_frame
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.preparation import find_preparation
from detectors.profile import load_profile
from detectors.runs.contaminated import check_drop
from detectors.runs.earlier import Earlier
from detectors.runs.execute import FittedRun, execute
from detectors.runs.folder import RunFolder
from detectors.runs.request import FitWhere, RunRequest
from detectors.storage.files import write_json

#: The rule behind the cut-off of a run.
RULE, VALUE = "percentile", 95.0


#: A detector learns from no fewer.
FEWEST_ROWS = 2


@dataclass(frozen=True)
class Training:
    """What was asked for on the command line."""

    data: Path
    detector: str
    out: Path
    kind: str | None = None
    """None: what the file and the roles that were named look like."""
    label: str | None = None
    time: str | None = None
    entity: str | None = None
    text: str | None = None
    ignore: tuple[str, ...] = ()
    fit_where: tuple[str, str] | None = None
    fit_rows: int | None = None
    """Rows to learn from, drawn at random; None: all of them."""
    anomaly: str | None = None
    parameters: tuple[str, ...] = ()
    preparation: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()
    start_from: Path | None = None
    """An earlier run to start from: a folder that `train` left, its detector file, or a run's folder in a workspace."""
    drop_share: float | None = None
    """The share of the most unusual rows to train again without; None: train once."""
    seed: int = 0
    quiet: bool = False


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
        earlier = None if asked.start_from is None else _earlier(asked.start_from, opened.folder / "earlier")
        run = execute(opened.request, opened.data, Progress() if asked.quiet else PrintedProgress(), earlier)
        return leave(run, asked)


@contextmanager
def begun(asked: Training) -> Iterator[Begun]:
    """Checks what was asked and reads the file; says at the end what was noticed in it."""
    if asked.anomaly is not None and asked.label is None:
        raise ParameterError(N_("`--anomaly` was given without `--label`. Name the column that holds `{anomaly}`."), anomaly=asked.anomaly)
    if asked.fit_rows is not None and asked.fit_rows < FEWEST_ROWS:
        raise ParameterError(
            N_("`--fit-rows` must be a whole number from {fewest}. It is {rows}."), fewest=FEWEST_ROWS, rows=asked.fit_rows
        )
    if asked.start_from is not None and asked.preparation:
        raise ParameterError(
            N_("`--prepare` was given with `--start-from`: the data are prepared as in the earlier run. Leave one of them out.")
        )
    _check_parameters(asked)
    options = reading.ReadingOptions(**reading.ReadingOptions.parse_parameters(list(asked.reading)))
    if not asked.data.exists():
        raise DataError(N_("There is no file `{path}`."), path=str(asked.data))
    with written_to(asked.out):
        asked.out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=asked.out):
            pass  # better to know now than after hours of training
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        report = reading.read_file(asked.data, data, name=asked.data.name, options=options)
        yield Begun(_request(asked, data), data, Path(folder))
        if not asked.quiet:
            print(*report.notes, sep="\n", end="\n" if report.notes else "", file=sys.stderr)


def leave(run: FittedRun, asked: Training) -> dict[str, Any]:
    """Writes what a training leaves into the folder that was named; gives the summary."""
    threshold = thresholds.threshold(RULE, VALUE, np.sort(run.training_scores))
    scores, summary = _scores(run, threshold.cut_off), _summary(run, threshold)
    with written_to(asked.out):
        scores.to_parquet(asked.out / "scores.parquet", index=False)
        write_detector_file(
            Finished.of_fitted(run), KeptThreshold.from_json(threshold.to_json()), asked.out / "detector.zip", key=installed_key()
        )
        write_json(asked.out / "run.json", summary)
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
    parameters = detector.parse_parameters(list(asked.parameters))
    prepared = preparation.parse_parameters(list(asked.preparation))
    detector(**parameters)
    preparation(**prepared)
    return detector, parameters, prepared


def _kind(asked: Training, data: Path) -> str:
    """What was said; else what the roles that were named imply; else what the file looks like."""
    if asked.kind is not None:
        return asked.kind
    if asked.text is not None:
        return "text"
    if asked.time is not None or asked.entity is not None:
        return "series"
    report = reading.load_report(data)
    return kinds.fitting(load_profile(data), report.rows, report.kind)[0]


def _request(asked: Training, data: Path) -> RunRequest:
    """Roles as the Data page would propose them, but for what was said."""
    kind = KINDS[_kind(asked, data)]
    aliases = dict(kind.aliases or {})
    label = aliases.get(asked.label or "", asked.label)
    profiles = load_profile(data)
    columns = [profile.name for profile in profiles]
    named = {label: "label", asked.time: "time", asked.entity: "entity", asked.text: "text"}
    for column in [*named, *asked.ignore, asked.fit_where[0] if asked.fit_where else None]:
        if column is not None and column not in columns:
            raise DataError(N_("There is no column `{column}`. The columns are {known}."), column=column, known=", ".join(columns[:50]))
    chosen = {role.column: role.role for role in kind.propose(profiles, reading.load_report(data).rows)}
    if label is None:
        chosen = {column: "ignored" if role == "label" else role for column, role in chosen.items()}
    for column, role in named.items():
        if column is not None:
            chosen = roles.with_role(chosen, column, role, kind.single)
    chosen |= dict.fromkeys(asked.ignore, "ignored")
    kinds.check_roles(kind.name, chosen, profiles)
    if label is not None and asked.anomaly is not None:
        roles.check_anomaly(load_frame(data, [label])[label], label, asked.anomaly)
    detector, parameters, preparation = _choices(asked, kind.name)
    request = RunRequest(
        "", asked.detector, chosen, kind=kind.name, representation=detector.representation(), parameters=parameters,
        preparation=preparation, seed=asked.seed, fit_where=FitWhere(*asked.fit_where) if asked.fit_where else None,
        fit_sample=asked.fit_rows, anomaly=asked.anomaly, drop_share=asked.drop_share,
        start_from=None if asked.start_from is None else str(asked.start_from),
    )  # fmt: skip
    kinds.check_needed(kind.name, request.used_roles)
    check_drop(request)
    return request


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
    manifest = open_detector_file(file, into).manifest
    # The column that chose the rows to learn from is a feature by its role alone.
    roles = {column: role for column, role in manifest.roles.items() if role != "feature" or column in manifest.features}
    return Earlier(into, "", manifest.kind, manifest.representation, manifest.detector, manifest.parameters, roles)


def _scores(run: FittedRun, cut_off: float) -> pd.DataFrame:
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


def _summary(run: FittedRun, threshold: thresholds.Threshold) -> dict[str, Any]:
    seconds = {"read": run.seconds["read"] + run.seconds["prepare"], "fit": run.seconds["fit"], "score": run.seconds["score"]}
    summary = {
        "detector": run.detector.name(), "kind": run.request.kind, "representation": run.detector.representation(),
        "parameters": run.detector.parameters, "preparation": run.preparation.parameters, "seed": run.request.seed,
        "rows": len(run.scores), "fitted_rows": run.fitted_rows, "seconds": {k: round(v, 4) for k, v in seconds.items()},
        "threshold": {"rule": f"{RULE} {VALUE:g}", "value": threshold.cut_off}, "flagged": int((run.scores > threshold.cut_off).sum()),
    }  # fmt: skip
    if run.request.start_from is not None:
        summary["start_from"] = run.request.start_from
    if run.dropped is not None:
        summary["dropped_rows"] = int(run.dropped.sum())
    if run.labels is not None:
        summary["metrics"] = _metrics(run, threshold.cut_off)
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
