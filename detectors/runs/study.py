"""Which settings a search tries next: Optuna, its record kept in a file of the search's folder.

Settings are proposed by a tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011); a trial that is below the
median of those before it at the same step is given up. The file is only ever added to, so that a search goes on after a
crash with everything it has learned.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detectors.search_space import Dimension, Options, Range

#: In the folder of a search.
STUDY_FILE = "study.jsonl"

#: Trials to the end before others are given up, and trials drawn at random before the estimator proposes.
JUDGED_FIRST, DRAWN_FIRST = 4, 8

#: Draws that give nothing but settings that were tried: then there is nothing new to try.
DRAWS = 30

#: Optuna's states of a trial, in our words.
STATES = {"RUNNING": "running", "COMPLETE": "done", "PRUNED": "given up", "FAIL": "failed", "WAITING": "waiting"}


@dataclass(frozen=True)
class Tried:
    """One trial: its run, the settings that were varied, what it reached."""

    number: int
    """From 1."""
    run: str
    parameters: Mapping[str, Any]
    state: str
    """``running``, ``done``, ``given up`` or ``failed``."""
    value: float | None = None
    steps: Mapping[int, float] = field(default_factory=dict)
    """Step → what it reached there."""
    seconds: float = 0.0
    lost: bool = False
    """Whether it did not end by itself, and its settings are tried once more."""


class Study:
    """Proposes settings and is told what they reached."""

    def __init__(self, folder: Path, space: list[Dimension], seed: int) -> None:
        import optuna
        from optuna.storages import journal

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        file = str(folder / STUDY_FILE)
        self._space, self._seed, self._optuna = space, seed, optuna
        self._storage = optuna.storages.JournalStorage(journal.JournalFileBackend(file, lock_obj=journal.JournalFileOpenLock(file)))
        self._study = optuna.create_study(
            storage=self._storage, study_name="search", direction="maximize", load_if_exists=True,
            pruner=optuna.pruners.MedianPruner(n_startup_trials=JUDGED_FIRST),
        )  # fmt: skip

    def first(self, *settings: Mapping[str, Any]) -> None:
        """Lets these be tried before anything is proposed; does nothing once it was asked to."""
        if self._study.trials:
            return
        for values in settings:
            self._study.enqueue_trial(self._encoded(values), skip_if_exists=True)

    def again(self, tried: Tried) -> None:
        """Says that a trial did not end by itself, and lets its settings be tried once more."""
        trial = self._trial(tried.run)
        trial.set_user_attr("lost", True)
        self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        self._study.enqueue_trial(self._encoded(tried.parameters))

    def ask(self, run: str) -> Tried | None:
        """The settings that the run `run` is to try; None where there is nothing new to try."""
        for _ in range(DRAWS):
            known = self.tried()
            # Each proposal is drawn anew: the same seed every time would draw the same settings every time.
            seed = (self._seed + 7919 * len(self._study.trials)) % 2**32
            self._study.sampler = self._optuna.samplers.TPESampler(n_startup_trials=DRAWN_FIRST, seed=seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # settings that were asked for may lie between the steps
                trial = self._study.ask()
                values = {dimension.name: self._suggested(trial, dimension) for dimension in self._space}
            if all(dict(one.parameters) != values for one in known if not one.lost):
                trial.set_user_attr("run", run)
                return next(one for one in self.tried() if one.run == run)
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        return None

    def goes_on(self, run: str, step: int, value: float) -> bool:
        """Notes what the trial of the run `run` reached at a step; says whether it is worth going on."""
        trial = self._trial(run)
        trial.report(value, step)
        return not trial.should_prune()

    def tell(self, tried: Tried, value: float | None, *, given_up: bool = False) -> None:
        """Notes how a trial ended: with a value, given up on the way, or with nothing."""
        states = self._optuna.trial.TrialState
        state = states.COMPLETE if value is not None else states.PRUNED if given_up else states.FAIL
        self._study.tell(self._trial(tried.run), value, state=state)

    def tried(self) -> list[Tried]:
        """All trials that were handed to a run, in their order."""
        handed = [trial for trial in self._study.trials if "run" in trial.user_attrs]
        return [self._read(number, trial) for number, trial in enumerate(handed, 1)]

    def _read(self, number: int, trial: Any) -> Tried:
        parameters = {dimension.name: _decoded(dimension, trial.params[dimension.name]) for dimension in self._space}
        return Tried(
            number, trial.user_attrs["run"], parameters, STATES[trial.state.name],
            trial.value if trial.state.name == "COMPLETE" else None,  # of one given up it would be that of its last step
            trial.intermediate_values,
            trial.duration.total_seconds() if trial.duration else 0.0, trial.user_attrs.get("lost", False),
        )  # fmt: skip

    def _trial(self, run: str) -> Any:
        """The trial of a run, to be told of, also by another process than the one that proposed it."""
        found = next(trial for trial in self._study.trials if trial.user_attrs.get("run") == run)
        return self._optuna.trial.Trial(self._study, found._trial_id)

    def _suggested(self, trial: Any, dimension: Dimension) -> Any:
        if isinstance(dimension, Options):
            return _decoded(dimension, trial.suggest_categorical(dimension.name, [_word(value) for value in dimension.values]))
        suggest = trial.suggest_int if dimension.whole else trial.suggest_float
        kind = int if dimension.whole else float
        return suggest(dimension.name, kind(dimension.low), kind(dimension.high), log=dimension.logarithmic)

    def _encoded(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            dimension.name: values[dimension.name] if isinstance(dimension, Range) else _word(values[dimension.name])
            for dimension in self._space
        }


def _word(value: Any) -> Any:
    """A value as Optuna can hold it: a list of sizes as JSON."""
    return json.dumps(list(value)) if isinstance(value, list | tuple) else value


def _decoded(dimension: Dimension, value: Any) -> Any:
    lists = isinstance(dimension, Options) and isinstance(dimension.values[0], tuple)
    return json.loads(value) if lists else value
