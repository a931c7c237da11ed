"""What was done in the dashboard, as a command and as lines of Python that do it again and give the same scores.

Both are written from the same `Training`, the one that the command line makes of its words, so that they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from detectors import registry
from detectors.command_line import Training
from detectors.detector_file.manifest import Manifest
from detectors.messages import N_, Message
from detectors.named import Looked, naming
from detectors.params import Parametrised
from detectors.preparation import find_preparation
from detectors.profile import ColumnProfile
from detectors.reading.options import OF_VALUES, ReadingOptions
from detectors.reading.report import Report
from detectors.runs.deciding import rule_text
from detectors.runs.judged import DETECTOR as LEARNS_FROM_VERDICTS
from detectors.runs.request import RunRequest
from detectors.storage.tables import ThresholdRecord
from detectors.written_out import call, shell, words_of

#: What a training is left in, and the detector file there.
OUT = "trained"
TRAINED_FILE = f"{OUT}/detector.zip"

FROM_VERDICTS = N_("This run learned from verdicts, which are kept here and in no file. Save it as a detector: that scores anywhere.")
NOT_SAID = N_("This run was asked for {what}, which no command says yet. Save it as a detector: that scores anywhere.")
COLUMN_WITH_EQUALS = N_("On the command line the name of the column `{column}` cannot be told from its value. Take the lines of Python.")
IN_PLACE = N_("Run it in the folder that holds {files}.")
ANY_DETECTOR = N_("`{name}` stands for whichever detector you train.")
OF_THIS_MACHINE = N_("The run that it started from is a folder on the machine of this dashboard.")
AS_NEW = N_(
    "A row that was learned from has the score of its training here. A detector file scores and explains every row as a new one, "
    "which for some detectors is another score."
)

#: Rules that look at rows known to be anomalies or normal, by their label or by verdicts.
BY_KNOWN_ROWS = ("conformal", "cost", "f_score", "precision", "recall")

#: What of a request is said by a command, or does not matter to the scores.
SAID = frozenset(
    {"data_id", "detector", "roles", "kind", "representation", "parameters", "preparation", "seed", "fit_where", "fit_first", "fit_sample",
     "drop_share", "start_from", "anomaly", "scored_by", "search", "trial", "before"}
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """A command and lines of Python; both empty where neither can say it, and the notes say why."""

    command: str = ""
    python: str = ""
    notes: tuple[Message, ...] = ()

    def noting(self, *notes: Message) -> Self:
        return replace(self, notes=(*self.notes, *notes))


def _in_place(*files: str) -> Message:
    return Message(IN_PLACE, {"files": ", ".join(files)})


@dataclass(frozen=True)
class SourceFile:
    """A data set as the file that it came as, and what was said of reading it."""

    name: str
    found: Looked
    options: Mapping[str, Any] = field(default_factory=dict)
    """What it was read with, found options among them."""
    said: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, report: Report, profiles: Sequence[ColumnProfile]) -> Self:
        """The file behind a report and its profile. An old report does not tell what was said: then all of it is."""
        said = report.options if report.said is None else report.said
        known = {name: value for name, value in said.items() if name in ReadingOptions.fields}
        options = ReadingOptions(**known).changed_parameters
        return cls(report.name, Looked(profiles, report.rows, report.kind), report.options, options)

    @property
    def path(self) -> str:
        """Its name as a path: one that begins with a dash would be taken for an option."""
        return f"./{self.name}" if self.name.startswith("-") else self.name


def read_in(file: SourceFile, kind: str, roles: Mapping[str, str], detector: str) -> Shown:
    """A data set as it was read, and a training with `detector` that begins with it."""
    request = RunRequest("", detector, roles, kind=kind, representation=registry.find(kind, detector).representation())
    training = _training(request, file)
    reading = call("detectors.read_pictures" if kind == "images" else "detectors.read", [file.path], file.said)
    lines = ["import detectors", "", f"{'pictures' if kind == 'images' else 'frame'} = {reading}", "", f"run = {_call(training)}"]
    return Shown(shell(words_of(training, kind)), "\n".join(lines), (_in_place(file.name), Message(ANY_DETECTOR, {"name": detector})))


def trained(request: RunRequest, file: SourceFile, *, threshold: str | None = None, start_from: Path | None = None) -> Shown:
    """A training, every row scored by it; with a `threshold`, ``RULE=VALUE``, what it flags.

    Args:
        start_from: the folder of the run that it started from, where it did.
    """
    if request.detector == LEARNS_FROM_VERDICTS:
        return Shown(notes=(Message(FROM_VERDICTS),))
    if unsaid := _unsaid(request):
        return Shown(notes=(Message(NOT_SAID, {"what": unsaid}),))
    training = _training(request, file, start_from)
    if threshold is not None:
        training = replace(training, threshold=threshold)
    after = ['flagged = run.scores[run.scores["flagged"]]'] if threshold else ["scores = run.scores  # row, score, flagged …"]
    lines = ["import detectors", "", f"run = {_call(training)}", *after, f'run.save("{OUT}")  # scores.parquet, run.json, detector.zip']
    notes = [_in_place(file.name)]
    command = shell(words_of(training, request.kind))
    if training.fit_where is not None and "=" in training.fit_where[0]:
        command, notes = "", [Message(COLUMN_WITH_EQUALS, {"column": training.fit_where[0]})]
    if start_from is not None:
        notes.append(Message(OF_THIS_MACHINE))
    return Shown(command, "\n".join(lines), tuple(notes))


@dataclass(frozen=True)
class Scoring:
    """A detector file on a file, after the rows of another one where it is a series that goes on."""

    detector: str
    """The name of the detector file."""
    kind: str
    file: SourceFile
    before: SourceFile | None = None
    learned: Mapping[str, Any] = field(default_factory=dict)
    """The reading options of the file that it learned from."""

    @classmethod
    def by(cls, detector: str, manifest: Manifest, file: SourceFile, before: SourceFile | None = None) -> Self:
        return cls(detector, manifest.kind, file, before, manifest.reading)

    @property
    def words(self) -> list[str]:
        """What every command says that scores or explains it."""
        # A command reads values as the training file was read; here the file was read as it is.
        own = {name: value for name, value in self.file.options.items() if name in OF_VALUES and self.learned.get(name, value) != value}
        read = ReadingOptions(**{**own, **self.file.said}).changed_parameters
        before = [] if self.before is None else ["--before", self.before.path]
        return [self.detector, self.file.path, *before, *(word for name, value in read.items() for word in ("--read", f"{name}={value}"))]

    def lines(self, asked: str, *more: str) -> list[str]:
        """The lines that read the file and give what `asked` for of it."""
        given = "pictures" if self.kind == "images" else "frame"
        read = "detectors.read_pictures" if self.kind == "images" else "detectors.read"
        lines = [
            "import detectors",
            "",
            f"found = {call('detectors.load', [self.detector], {})}",
            f"{given} = {call(read, [self.file.path], self.file.said)}",
        ]
        after = ""
        if self.before is not None:
            lines.append(f"past = {call(read, [self.before.path], self.before.said)}")
            after = ", before=past"
        return [*lines, f"{asked.format(given=given, after=after)}", *more]

    @property
    def notes(self) -> tuple[Message, ...]:
        return (_in_place(self.detector, self.file.name, *([] if self.before is None else [self.before.name])),)


def scored(asked: Scoring) -> Shown:
    """New data, scored by a saved detector."""
    flags = "" if asked.kind == "images" else ", frame"
    given = "scores" if asked.kind == "images" else "frame"
    lines = asked.lines("scores = found.score({given}{after})", f"flagged = {given}[found.flag(scores{flags})]")
    return Shown(shell(["score", *asked.words, "--out", "scores.csv"]), "\n".join(lines), asked.notes)


def explained(asked: Scoring, rows: Sequence[int]) -> Shown:
    """The reasons for some rows, by their positions from 0."""
    told = ",".join(map(str, rows))
    lines = asked.lines(f"reasons = found.explain({{given}}, rows={list(rows)}{{after}})")
    return Shown(shell(["explain", *asked.words, "--rows", told, "--out", "reasons.csv"]), "\n".join(lines), asked.notes)


def watched(detector: str, folder: str, *, pattern: str = "*", rules: Sequence[str] = (), link: str | None = None) -> Shown:
    """A folder that is watched from the command line, with the results beside it; addresses to send to are told to nobody."""
    words = ["watch", detector, folder, "--out", "watched"]
    words += ["--pattern", pattern] if pattern != "*" else []
    words += [word for rule in rules for word in ("--rule", rule)]
    here = [detector] if Path(folder).is_absolute() else [detector, folder]
    return Shown(shell([*words, *(["--link", link] if link else [])]), "", (_in_place(*here),))


def rule_of(threshold: ThresholdRecord, *, judged: bool) -> str:
    """A threshold as `--threshold` takes it. Where verdicts had a part in it, which no file holds, it is the cut-off itself."""
    if judged and threshold.rule in BY_KNOWN_ROWS:
        return rule_text("manual", threshold.cut_off)
    return rule_text(threshold.rule, threshold.value, threshold.more)


def _training(request: RunRequest, file: SourceFile, start_from: Path | None = None) -> Training:
    """The training as it would be asked for, with what differs from what is proposed and from the defaults."""
    named = naming(request.kind, request.roles, file.found)
    detector = registry.get(request.representation, request.detector)
    preparation = find_preparation(request.kind, request.representation)
    where = request.fit_where
    return Training(
        Path(file.path), request.detector, Path(OUT), kind=named.kind, label=named.label, time=named.time, entity=named.entity,
        text=named.text, ignore=named.ignore, roles=named.roles, fit_where=None if where is None else (where.column, where.value),
        fit_first=request.fit_first, fit_rows=request.fit_sample, anomaly=request.anomaly,
        parameters=_differing(detector, request.parameters),
        preparation={} if request.start_from else _differing(preparation, request.preparation),
        reading=dict(file.said), start_from=start_from, drop_share=request.drop_share, seed=request.seed,
    )  # fmt: skip


def _differing(what: type[Parametrised], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that differ from the defaults of `what`."""
    known = {name: value for name, value in values.items() if name in what.fields}
    return {name: known[name] for name, each in what.fields.items() if name in known and each.check(name, known[name]) != each.default}


def _unsaid(request: RunRequest) -> str:
    """What of a request no command says."""
    usual = RunRequest("", "", {})
    return ", ".join(
        each.name for each in fields(request) if each.name not in SAID and getattr(request, each.name) != getattr(usual, each.name)
    )


def _call(training: Training) -> str:
    """The call of `detectors.train`."""
    usual = Training(Path(), "")
    names = [each.name for each in fields(training) if each.name not in ("data", "detector", "out", "quiet")]
    said = {name: getattr(training, name) for name in names if getattr(training, name) not in (getattr(usual, name), {})}
    said = {name: str(value) if isinstance(value, Path) else list(value) if name == "ignore" else value for name, value in said.items()}
    return call("detectors.train", [training.data.name], {"detector": training.detector, **said})
