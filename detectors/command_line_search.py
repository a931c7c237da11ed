"""``search`` of the command line: ``train`` again and again with other settings, and what the best of them leaves."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from detectors.base import Progress
from detectors.command_line import Begun, Training, begun, leave, written_to
from detectors.errors import AnomalystError, GivenUp
from detectors.runs.execute import FittedRun
from detectors.runs.searches import FAILED_IN_VAIN, SearchRequest, best_of
from detectors.runs.searches import summary as summary_of
from detectors.runs.study import Tried
from detectors.runs.trials import Course, Trial, attempt
from detectors.storage.files import new_id, write_json


def search(asked: Training, trials: int, minutes: float | None = None) -> dict[str, Any]:
    """Trains again and again with other settings; leaves the best training as `train` would, and all trials in `search.json`.

    Raises:
        AnomalystError: something the user can mend; every trial failed.
    """
    with begun(asked) as opened:
        searched = SearchRequest(opened.request, trials, minutes)
        searched.check()
        found = _searched(searched, opened, Progress() if asked.quiet else PrintedTrials())
        summary = leave(found.best, asked)
    assert asked.out is not None
    with written_to(asked.out):
        write_json(asked.out / "search.json", found.to_json(searched))
    return summary


@dataclass(frozen=True)
class Found:
    """What a search has found."""

    objective: str
    best: FittedRun
    tried: list[Tried]

    def to_json(self, searched: SearchRequest) -> dict[str, Any]:
        trials = [
            {"trial": one.number, "parameters": one.parameters, "state": one.state, "value": one.value,
             "parts": list(one.steps.values()), "seconds": round(one.seconds, 3)}
            for one in self.tried
        ]  # fmt: skip
        best = best_of(self.tried)
        assert best is not None
        first = summary_of(self.tried)["first_value"]
        return {
            "detector": self.best.request.detector, "objective": self.objective, "searched": [asdict(one) for one in searched.space],
            "best": {"trial": best.number, "value": best.value, "gain": None if first is None else (best.value or 0) - first},
            "trials": trials,
        }  # fmt: skip


class PrintedTrials(Progress):
    """Says on standard error how each trial ended."""

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        if phase == "searching":
            reached = f"{figures['value']:.4f}" if "value" in figures else "–"
            print(f"trial {done}/{total} {reached}", file=sys.stderr, flush=True)


def _searched(searched: SearchRequest, opened: Begun, progress: Progress) -> Found:
    best: Trial | None = None
    reason: AnomalystError | None = None
    study = searched.study(opened.folder)
    while not searched.is_over(study.tried()) and (one := study.ask(new_id())) is not None:
        value = None
        try:
            trial = attempt(searched.trial(one, None), opened.data, Progress(), partial(study.goes_on, one.run))
            value = trial.value
            study.tell(one, value)
            best = trial if best is None or (value or 0.0) > (best.value or 0.0) else best
        except GivenUp:
            study.tell(one, None, given_up=True)
        except AnomalystError as error:
            study.tell(one, None)
            reason = error
            if best is None and one.number >= FAILED_IN_VAIN:
                raise
        progress.report("searching", one.number, searched.trials, **({} if value is None else {"value": value}))
    if best is None:
        assert reason is not None
        raise reason
    return Found(Course.of(opened.request, opened.data).objective, best.run, study.tried())
