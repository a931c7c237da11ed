"""What was just done, as a command and as lines of Python: a quiet place that opens at a click."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from detectors import as_command, registry
from detectors.as_command import Scoring, Shown, SourceFile
from detectors.joining import parts_of
from detectors.messages import N_, Message
from detectors.runs.request import RunRequest
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.workbench.saved import file_name
from pages.shared import engine
from pages.shared.as_saved import as_saved
from pages.shared.context import run_text
from pages.shared.engine import workbench
from pages.shared.language import say, say_message

FILE_OF_TRAINING = N_("`{file}` is what the command on Train leaves.")
OWN_CUT_OFF = N_("The detector file flags above its own cut-off, {own}; you are looking at {here}.")
A_SAMPLE = N_("The file is a sample of this program: `python assets/samples/{script} {file}`, in its folder, makes it.")
TOGETHER_HERE = N_("These rows were put together here from {names}: no file holds them, nor the verdicts on them. Save a run as a detector: that scores anywhere.")  # fmt: skip
COMMON_CUT_OFF = N_("The cut-offs of single segments stay here: the command flags by the common one.")
NO_SUPPRESSIONS = N_("Suppressed rows stay flagged by the command; a saved detector takes the suppressions along.")


def shown_as_command(made: Callable[[], Shown], key: str, of: str = "") -> None:
    """A folded place with the command and the lines of Python, made once it is opened; `of` names the run where there are several."""
    title = say(N_("As a command · {name}"), name=of) if of else say(N_("As a command"))
    folded = st.expander(title, icon=":material/terminal:", key=f"as_command_{key}", on_change="rerun")
    if not folded.open:
        return
    with folded:
        shown = made()
        titles = {"bash": (N_("Command line"), shown.command), "python": (N_("Python"), shown.python)}
        there = {language: (say(title), text) for language, (title, text) in titles.items() if text}
        if there:
            for tab, (language, (_, text)) in zip(st.tabs([title for title, _ in there.values()]), there.items(), strict=True):
                tab.code(text, language=language)
        st.caption("  \n".join(map(say_message, shown.notes)))


def data_as_command(record: DataSetRecord) -> None:
    """On Data: how the file was read, and what its columns are for."""
    first = next((detector for detector in registry.for_kind(record.kind) if not detector.supervised), None)
    if first is not None:
        name = first.name()
        shown_as_command(
            lambda: _together(record) or as_command.read_in(file_of(record), record.kind, record.roles, name).noting(*_of_sample(record)),
            "data",
        )


def run_as_command(data_set: DataSetRecord, run: RunRecord | None) -> None:
    """On Train: the run that is looked at, once it is done."""
    if run is not None and run.data_id == data_set.id and run.state == "done":
        shown_as_command(lambda: _scores(data_set, run), "run", run_text(run))


def threshold_as_command(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """On Threshold: the run again, flagged by the threshold that is looked at."""
    shown_as_command(lambda: _flags(data_set, run, threshold), "threshold")


def explanation_as_command(data_set: DataSetRecord, run: RunRecord, row: int) -> None:
    """On Explain: the reasons of the row that is looked at, by a detector file."""
    shown_as_command(lambda: _reasons(data_set, run, row), "explain")


def scoring_as_command(data_set: DataSetRecord, run: RunRecord) -> None:
    """On Score: new data through a saved detector."""
    shown_as_command(lambda: _scores(data_set, run), "score")


def watch_as_command(detector: str, folder: str, pattern: str, rules: Sequence[str]) -> None:
    """On Watch: a watch of the folder from the command line, with a saved detector's file of this name."""
    shown_as_command(lambda: as_command.watched(detector, folder, pattern=pattern, rules=rules), f"watch_{folder}")


def file_of(record: DataSetRecord) -> SourceFile:
    """The file that a data set came as."""
    return SourceFile.of(engine.report(record.id), engine.profile(record.id))


def _of_sample(record: DataSetRecord) -> list[Message]:
    """How the file of a sample is made, which nobody uploaded."""
    if workbench().original(record.content_hash) is not None:
        return []
    name = engine.report(record.id).name
    return [Message(A_SAMPLE, {"script": sample.script, "file": name}) for sample in engine.samples() if sample.file_name == name]


def _together(data_set: DataSetRecord) -> Shown | None:
    """Why no command says what was done with rows that were put together here; None of those that came as a file."""
    names = parts_of(engine.report(data_set.id))
    return None if names is None else Shown(notes=(Message(TOGETHER_HERE, {"names": names}),))


def _scores(data_set: DataSetRecord, run: RunRecord, threshold: str | None = None) -> Shown:
    if (told := _together(data_set)) is not None:
        return told
    request = RunRequest.from_json(run.request)
    if request.scored_by is not None:
        return as_command.scored(_scoring(data_set, run))
    start_from = workbench().start_folder(request.start_from) if request.start_from else None
    return as_command.trained(request, file_of(data_set), threshold=threshold, start_from=start_from).noting(*_of_sample(data_set))


def _flags(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> Shown:
    segments = (Message(COMMON_CUT_OFF),) if threshold.segments else ()
    if run.task == "score" and as_saved(threshold):  # the file holds it, with the cut-offs of segments
        return _scores(data_set, run)
    if run.task == "score":
        own = workbench().detector_manifest(str(run.request["scored_by"])).threshold.cut_off
        moved = (Message(OWN_CUT_OFF, {"own": own, "here": threshold.cut_off}),) if own != threshold.cut_off else ()
        return _scores(data_set, run).noting(*moved, *segments)
    judged = bool(workbench().verdicts(data_set.id))
    shown = _scores(data_set, run, as_command.rule_of(threshold, judged=judged))
    return shown.noting(*segments, *((Message(NO_SUPPRESSIONS),) if workbench().suppressions(run.id) else ()))


def _reasons(data_set: DataSetRecord, run: RunRecord, row: int) -> Shown:
    if (told := _together(data_set)) is not None:
        return told
    if run.task == "score":
        return as_command.explained(_scoring(data_set, run), [row])
    request, file = RunRequest.from_json(run.request), file_of(data_set)
    made = as_command.trained(request, file)
    if not made.python:
        return made
    shown = as_command.explained(Scoring(as_command.TRAINED_FILE, run.kind, file, learned=file.options), [row])
    return shown.noting(Message(FILE_OF_TRAINING, {"file": as_command.TRAINED_FILE}), Message(as_command.AS_NEW))


def _scoring(data_set: DataSetRecord, run: RunRecord) -> Scoring:
    detector_id, before = str(run.request["scored_by"]), run.request.get("before")
    earlier = workbench().records.data_set(str(before)) if before else None
    detector = workbench().saved_detector(detector_id)
    manifest = workbench().detector_manifest(detector_id)
    return Scoring.by(file_name(detector), manifest, file_of(data_set), None if earlier is None else file_of(earlier))
