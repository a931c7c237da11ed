"""A search for settings: what is asked, and one step of it.

Its trials are runs of their own. Between two of them the trainer does one step: it notes what became of the trials, and
leaves the settings of the next one in the step's result, for the server to put into the queue; at the end it leaves what
was found. Everything that a step needs is in folders, so a search goes on after a crash.

=================  ============================================================
``search.json``    what is asked
``study.jsonl``    every trial, as Optuna keeps it
``trials.json``    the same for people, replaced at every step
=================  ============================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from detectors import registry
from detectors.errors import AnomalystError, ParameterError
from detectors.messages import N_
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.runs.study import Study, Tried
from detectors.runs.trials import Course
from detectors.search_space import Dimension, search_space
from detectors.storage.files import Workspace, new_id, read_json, write_json

SEARCH_FILE, TRIALS_FILE = "search.json", "trials.json"

#: In the result of a step: the run to try next. In that of a trial: what it reached.
NEXT_FILE, VALUE_FILE = "next.json", "value.json"

#: Trials unless something else is asked, and the fewest and most of them.
TRIALS, FEWEST_TRIALS, MOST_TRIALS = 20, 2, 500

#: More than this no trial can reach.
MOST = 1.0

#: A search of which so many trials failed and none succeeded ends with the reason of the last one.
FAILED_IN_VAIN = 3


@dataclass(frozen=True)
class SearchRequest:
    """A training whose settings are to be found."""

    request: RunRequest
    trials: int = TRIALS
    minutes: float | None = None
    """After so many minutes of training no other trial begins; None: the number of trials alone decides."""

    @property
    def space(self) -> list[Dimension]:
        """What is varied."""
        return search_space(registry.get(self.request.representation, self.request.detector), self.request.parameters)

    def check(self) -> None:
        """
        Raises:
            ParameterError: there is nothing to search for, or too few or too many trials.
        """
        detector = registry.get(self.request.representation, self.request.detector)
        if not self.space:
            raise ParameterError(N_("{title} has no settings that a search could vary."), title=detector.title)
        if not FEWEST_TRIALS <= self.trials <= MOST_TRIALS:
            raise ParameterError(
                N_("A search has {fewest} to {most} trials; it was asked for {trials}."),
                fewest=FEWEST_TRIALS, most=MOST_TRIALS, trials=self.trials,
            )  # fmt: skip
        if self.request.start_from is not None:
            raise ParameterError(N_("A search cannot start from an earlier run: its network would have to stay as it is."))

    def first_settings(self) -> list[dict[str, Any]]:
        """What is tried first: the defaults, so that a search never ends with less than they reach, then what was asked."""
        detector = registry.get(self.request.representation, self.request.detector)
        defaults = {one.name: detector.fields[one.name].default for one in self.space}
        return [defaults, {**defaults, **{name: value for name, value in self.request.parameters.items() if name in defaults}}]

    def trial(self, tried: Tried, search: str | None) -> RunRequest:
        """The training that one trial is."""
        return replace(
            self.request, parameters={**self.request.parameters, **tried.parameters}, search=search, trial=tried.number
        )  # fmt: skip

    def study(self, folder: Path) -> Study:
        study = Study(folder, self.space, self.request.seed)
        study.first(*self.first_settings())
        return study

    def is_over(self, tried: Sequence[Tried]) -> bool:
        """Whether no other trial is wanted: there were enough, the time is used up, or nothing could be better."""
        ended = [one for one in tried if not one.lost and one.state != "running"]
        spent = sum(one.seconds for one in ended)
        if any(one.value is not None and one.value >= MOST for one in ended):
            return True
        return len(ended) >= self.trials or (self.minutes is not None and bool(ended) and spent >= 60 * self.minutes)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> SearchRequest:
        return cls(**{**record, "request": RunRequest.from_json(record["request"])})


def ask_search(folder: RunFolder, asked: SearchRequest) -> None:
    folder.path.mkdir(parents=True, exist_ok=True)
    write_json(folder.path / SEARCH_FILE, asked.to_json())


def asked_search(folder: RunFolder) -> SearchRequest:
    return SearchRequest.from_json(read_json(folder.path / SEARCH_FILE))


def advance(workspace: Workspace, folder: RunFolder, result: Path) -> None:
    """One step: notes how trials ended, then leaves in `result` the next one or, at the end, what was found."""
    asked = asked_search(folder)
    study = asked.study(folder.path)
    waiting = _note_ends(workspace, study)
    tried = study.tried()
    _keep(folder, asked, workspace, tried)
    _check_in_vain(workspace, tried)
    if waiting is None and not asked.is_over(tried):
        waiting = study.ask(new_id())
        _keep(folder, asked, workspace, study.tried())
    if waiting is not None:
        write_json(result / NEXT_FILE, {"run": waiting.run, "request": asked.trial(waiting, folder.path.name).to_json()})
    else:
        write_json(result / "result.json", summary(tried))


def _note_ends(workspace: Workspace, study: Study) -> Tried | None:
    """Tells the study what became of its trials; gives one that was proposed and never put into the queue."""
    for one in study.tried():
        if one.state != "running":
            continue
        run = RunFolder(workspace.runs / one.run)
        if not run.path.exists():
            return one
        if (run.result / VALUE_FILE).exists():
            study.tell(one, read_json(run.result / VALUE_FILE)["value"])
        elif run.given_up() is not None:
            study.tell(one, None, given_up=bool(one.steps))
        elif run.failure() is None and not _was_lost_before(study, one) and (run.stop_mode() != "discard" or one.number == 1):
            study.again(one)
        else:
            study.tell(one, None)
    return None


def _was_lost_before(study: Study, one: Tried) -> bool:
    """Whether these settings ended without a word before: then it is they that end it."""
    return any(other.lost and dict(other.parameters) == dict(one.parameters) for other in study.tried())


def _check_in_vain(workspace: Workspace, tried: Sequence[Tried]) -> None:
    """
    Raises:
        AnomalystError: the reason why the first trials all failed.
    """
    failed = [one for one in tried if one.state == "failed" and not one.lost]
    if len(failed) < FAILED_IN_VAIN or any(one.value is not None for one in tried):
        return
    reason = RunFolder(workspace.runs / failed[-1].run).failure()
    if reason is not None:
        raise AnomalystError(reason.template, **reason.values)


def _keep(folder: RunFolder, asked: SearchRequest, workspace: Workspace, tried: Sequence[Tried]) -> None:
    known = read_trials(folder)
    objective = known["objective"] if known else Course.of(asked.request, workspace.data / asked.request.data_id).objective
    write_json(folder.path / TRIALS_FILE, {"objective": objective, "trials": [asdict(one) for one in tried]})


def read_trials(folder: RunFolder) -> dict[str, Any]:
    """`objective` and `trials` of a search; empty before its first step."""
    path = folder.path / TRIALS_FILE
    return dict(read_json(path)) if path.exists() else {}


def trials_of(folder: RunFolder) -> list[Tried]:
    """The trials of a search so far, as its last step left them."""
    return [
        Tried(**{**one, "steps": {int(step): value for step, value in one["steps"].items()}})
        for one in read_trials(folder).get("trials", ())
    ]


def best_of(tried: Sequence[Tried]) -> Tried | None:
    """The trial that reached most, of equal ones the first; None before one has ended."""
    ended = [one for one in tried if one.value is not None]
    return max(ended, key=lambda one: (one.value or 0.0, -one.number)) if ended else None


def summary(tried: Sequence[Tried]) -> dict[str, Any]:
    """What was found, in few words: `best` and `first` with what they reached, and how the trials ended."""
    best = best_of(tried)
    first = next((one for one in tried if one.value is not None and dict(one.parameters) == dict(tried[0].parameters)), None)
    counts = {state: sum(one.state == state and not one.lost for one in tried) for state in ("done", "given up", "failed")}
    return {
        "trials": sum(counts.values()), "counts": counts, "best": best.run if best else None,
        "best_value": best.value if best else None, "first_value": first.value if first else None,
    }  # fmt: skip
