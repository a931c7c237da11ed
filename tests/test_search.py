"""A search varies what the fields say, begins with the defaults, judges by what it states, and goes on where it ended."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import metrics, registry
from detectors.base import Progress
from detectors.errors import GivenUp, ParameterError
from detectors.params import Parametrised, choice, integer, integers, number, switch
from detectors.planting import planted_recall
from detectors.runs.execute import execute
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.runs.searches import NEXT_FILE, SearchRequest, ask_search, best_of, summary, trials_of
from detectors.runs.study import Study
from detectors.runs.trials import FLAG_RATE, Course, attempt, value_of
from detectors.search_space import Options, Range, search_space
from detectors.settings import Settings
from detectors.storage.files import Workspace, read_json
from detectors.trainer import work
from detectors.workbench import Workbench
from tests.tables import machine_frame, read_in

#: Seconds to wait for a search of a few small trainings; a busy machine needs its time.
PATIENCE_S = 240

ROLES = {"reading_id": "id", "temperature": "feature", "doubled": "feature", "mode": "feature", "label": "label"}
WITHOUT_LABEL = {**ROLES, "label": "ignored"}


class Oven(Parametrised):
    degrees: float = number(180.0, title="Degrees", help="How hot.", low=50, high=250)
    trays: int = integer(2, title="Trays", help="How many.", low=1, high=100)
    fan: bool = switch(False, title="Fan", help="Whether it blows.")
    shelf: str = choice("middle", title="Shelf", help="Where.", choices={"top": "Top", "middle": "Middle"})
    sizes: tuple[int, ...] = integers((8, 4), title="Sizes", help="Of the tins.", low=3, high=12)
    timer: int = integer(0, title="Timer", help="0: until it is done.", low=0, high=100)
    minutes: int = integer(30, title="Minutes", help="How long.", low=1, high=90, searched=False)
    rust: float = number(0.0, title="Rust", help="How old.", low=0, high=1, advanced=True, searched=(0.0, 0.5))
    light: bool = switch(True, title="Light", help="Whether one sees in.", advanced=True)


def test_what_is_searched_follows_from_the_fields() -> None:
    assert search_space(Oven) == [
        Range("degrees", 50, 250, whole=False, logarithmic=True),
        Range("trays", 1, 20, whole=True, logarithmic=True),
        Options("fan", (False, True)),
        Options("shelf", ("top", "middle")),
        Options("sizes", ((4, 3), (8, 4), (12, 8))),
        Range("rust", 0.0, 0.5, whole=False, logarithmic=False),
    ]


def test_what_was_chosen_in_the_form_is_within_reach() -> None:
    space = {one.name: one for one in search_space(Oven, {"trays": 60, "sizes": [5], "rust": 0.9})}
    assert (space["trays"].low, space["trays"].high, space["rust"].high) == (1, 60, 0.9)
    assert space["sizes"].values[-1] == (5,)


@pytest.mark.parametrize("key", sorted(registry.detectors()))
def test_every_end_of_what_is_searched_is_allowed(key) -> None:
    detector = registry.get(*key)
    assert not {"epochs", "seed", "most_rows", "held_out_share"} & {one.name for one in search_space(detector)}
    for one in search_space(detector):
        for value in one.values if isinstance(one, Options) else (one.low, one.high):
            detector.fields[one.name].check(one.name, value)


def asked(data_id: str = "d", detector: str = "nearest_neighbours", trials: int = 6, **changes: Any) -> SearchRequest:
    return SearchRequest(RunRequest(**{"data_id": data_id, "detector": detector, "roles": ROLES, "seed": 1, **changes}), trials)


@pytest.mark.slow
def test_the_defaults_come_first_then_what_was_asked_and_nothing_twice(tmp_path) -> None:
    study = asked(parameters={"neighbours": 200}).study(tmp_path)
    settings = []
    for place in range(8):
        one = study.ask(f"run{place}")
        assert one is not None
        settings.append(dict(one.parameters))
        study.tell(one, 0.5)
    assert settings[:2] == [{"neighbours": 5, "distance": "largest"}, {"neighbours": 200, "distance": "largest"}]
    assert len({repr(each) for each in settings}) == 8


@pytest.mark.slow
def test_a_study_opened_anew_knows_what_was_tried_and_proposes_as_if_it_had_never_been_closed(tmp_path) -> None:
    def proposed(folder: Path, *, reopened: bool) -> list[dict[str, Any]]:
        folder.mkdir()
        study, found = asked().study(folder), []
        for place in range(6):
            study = asked().study(folder) if reopened else study
            one = study.ask(f"run{place}")
            assert one is not None and one.number == place + 1
            study.tell(one, 1 / one.parameters["neighbours"])
            found.append(dict(one.parameters))
        return found

    assert proposed(tmp_path / "one", reopened=True) == proposed(tmp_path / "two", reopened=False)


@pytest.mark.slow
def test_a_search_ends_when_everything_was_tried(tmp_path) -> None:
    study = Study(tmp_path, [Options("fan", (False, True))], seed=0)
    for run in ("a", "b"):
        one = study.ask(run)
        assert one is not None
        study.tell(one, 0.1)
    assert study.ask("c") is None


@pytest.mark.slow
def test_a_trial_below_the_median_of_those_before_it_is_given_up(tmp_path) -> None:
    study = asked().study(tmp_path)
    for place in range(4):
        one = study.ask(f"run{place}")
        assert one is not None
        assert study.goes_on(one.run, 0, 0.5 + place / 10)
        study.tell(one, 0.8)
    worse, better = study.ask("worse"), study.ask("better")
    assert worse is not None and better is not None
    assert not study.goes_on("worse", 0, 0.6)
    assert study.goes_on("better", 0, 0.7)
    study.tell(worse, None, given_up=True)
    given_up = next(one for one in study.tried() if one.run == "worse")
    assert (given_up.state, given_up.value, dict(given_up.steps)) == ("given up", None, {0: 0.6})


def test_a_detector_without_settings_is_not_searched() -> None:
    with pytest.raises(ParameterError, match="no settings that a search could vary"):
        asked(detector="ecod").check()
    with pytest.raises(ParameterError, match="2 to 500 trials"):
        asked(trials=1).check()


# ── what is judged ──


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return read_in(machine_frame(3000), tmp_path_factory.mktemp("search"))


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    return read_in(machine_frame(), tmp_path_factory.mktemp("small"))


def go_on(_step: int, _value: float) -> bool:
    return True


@pytest.mark.slow
def test_with_labels_the_average_precision_of_the_rows_that_judge_counts(small) -> None:
    request = asked(detector="isolation_forest").request
    trial = attempt(request, small, Progress(), go_on)
    assert trial.value == metrics.average_precision(trial.run.labels == 1, trial.run.scores)
    assert 0 < trial.value < 1
    assert (trial.run.scores == execute(request, small, Progress()).scores).all()


@pytest.mark.slow
def test_a_detector_that_learns_from_labels_is_judged_by_rows_held_out(tmp_path) -> None:
    frame = machine_frame(600)
    often = frame.index % 10 == 0
    frame.loc[often, ["temperature", "label"]] = [90.0, 1]
    trial = attempt(asked(detector="logistic_regression").request, read_in(frame, tmp_path), Progress(), go_on)
    held_out = trial.run.held_out
    assert 0 < held_out.sum() < 200
    assert trial.value == metrics.average_precision(trial.run.labels == 1, trial.run.scores, held_out)


@pytest.mark.slow
def test_without_labels_anomalies_planted_in_rows_that_were_not_learned_from_count(small) -> None:
    request = asked(roles=WITHOUT_LABEL).request
    course = Course.of(request, small)
    assert (course.objective, course.parts, course.judged_apart) == ("planted_recall", (0.8,), True)
    told: list[float] = []
    trial = attempt(request, small, Progress(), lambda _step, value: told.append(value) is None)
    apart = execute(replace(request, fit_sample=320), small, Progress())
    found = planted_recall(apart.detector, apart.preparation, apart.data, apart.scores, apart.fitted, flag_rate=FLAG_RATE, seed=1)
    assert told == [trial.value]
    assert trial.value == pytest.approx(np.mean(list(found.values())) - FLAG_RATE, abs=0.02)
    assert trial.run.fitted.all()  # what is kept has learned from every row


@pytest.mark.slow
def test_a_detector_that_tells_nothing_apart_reaches_nothing_without_labels(small) -> None:
    request = asked(detector="rules", roles=WITHOUT_LABEL, parameters={"conditions": [["temperature", ">", -1e9]]}, fit_sample=300).request
    assert value_of(execute(request, small, Progress()), "planted_recall") == pytest.approx(0.0, abs=0.01)


@pytest.mark.slow
def test_a_trial_learns_from_small_parts_first_and_says_why_it_was_given_up(data) -> None:
    steps = []

    def report(step: int, value: float) -> bool:
        steps.append(step)
        return step == 0

    with pytest.raises(GivenUp, match=r"Given up: with 33 % of the rows it reached 0\.\d+"):
        attempt(asked(detector="isolation_forest").request, data, Progress(), report)
    assert steps == [0, 1]


# ── in the workspace ──


def searched_here(data: Path, folder: Path, asked_for: SearchRequest) -> RunFolder:
    """A whole search, its steps and trials done here one after the other as server and trainer do them."""
    workspace = Workspace.open(folder / "workspace")
    (workspace.data / asked_for.request.data_id).symlink_to(data, target_is_directory=True)
    search = RunFolder(workspace.runs / "s")
    ask_search(search, asked_for)
    for _ in range(2 * asked_for.trials + 2):
        work(workspace, "s")
        if not (search.result / NEXT_FILE).exists():
            return search
        left = read_json(search.result / NEXT_FILE)
        shutil.rmtree(search.result)
        RunFolder(workspace.runs / left["run"]).ask(RunRequest.from_json(left["request"]))
        work(workspace, left["run"])
    raise AssertionError("the search goes on and on")


@pytest.mark.slow
def test_a_trial_that_is_given_up_is_no_failure_and_leaves_its_reason(data, tmp_path) -> None:
    search = searched_here(data, tmp_path, asked(detector="hbos", trials=8))
    tried = trials_of(search)
    assert [one.number for one in tried] == list(range(1, 9))
    given_up = [one for one in tried if one.state == "given up"]
    assert given_up
    for one in given_up:
        run = RunFolder(search.path.parent / one.run)
        assert "Given up: with" in str(run.given_up())
        assert run.failure() is None and run.has_ended()
    assert search.summary()["counts"] == {"done": 8 - len(given_up), "given up": len(given_up), "failed": 0}


@pytest.mark.slow
def test_a_search_that_cannot_be_judged_fails_with_the_reason(small, tmp_path) -> None:
    search = searched_here(small, tmp_path, asked(detector="logistic_regression", roles=WITHOUT_LABEL))
    assert "learns from known anomalies" in str(search.failure())


@pytest.mark.slow
def test_a_search_whose_first_trials_all_fail_ends_with_their_reason(tmp_path) -> None:
    data = read_in(machine_frame(50), tmp_path)  # a single anomaly is too few to learn from
    search = searched_here(data, tmp_path, asked(detector="logistic_regression"))
    assert search.failure() is not None
    assert [one.state for one in trials_of(search)] == ["failed"] * 3


@pytest.mark.slow
def test_a_search_that_reached_all_there_is_ends(small, tmp_path) -> None:
    search = searched_here(small, tmp_path, asked())
    assert [one.value for one in trials_of(search)] == [1.0]


@pytest.mark.slow
def test_a_trial_that_ends_without_a_word_is_tried_once_more_and_no_oftener(small, tmp_path) -> None:
    workspace = Workspace.open(tmp_path / "workspace")
    (workspace.data / "d").symlink_to(small, target_is_directory=True)
    search = RunFolder(workspace.runs / "s")
    ask_search(search, asked())
    for _ in range(3):  # the trainer dies in each of them
        work(workspace, "s")
        left = read_json(search.result / NEXT_FILE)
        shutil.rmtree(search.result)
        RunFolder(workspace.runs / left["run"]).ask(RunRequest.from_json(left["request"]))
    first, again, other = trials_of(search)
    assert first.parameters == again.parameters == {"neighbours": 5, "distance": "largest"}
    assert other.parameters != first.parameters
    assert [(one.state, one.lost) for one in (first, again, other)] == [("failed", True), ("failed", False), ("running", False)]


@pytest.mark.slow
def test_a_step_whose_trial_never_came_into_the_queue_gives_it_again(small, tmp_path) -> None:
    workspace = Workspace.open(tmp_path / "workspace")
    (workspace.data / "d").symlink_to(small, target_is_directory=True)
    search = RunFolder(workspace.runs / "s")
    ask_search(search, asked())
    left = []
    for _ in range(2):
        work(workspace, "s")
        left.append(read_json(search.result / NEXT_FILE))
        shutil.rmtree(search.result)
    assert left[0] == left[1]


def opened_bench(folder: Path) -> Workbench:
    workspace = folder / "workspace"
    return Workbench(Settings(workspace=workspace, database_url=f"sqlite:///{workspace / 'anomalyst.db'}"))


def wait_for(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, f"waited in vain for: {what}"
        time.sleep(0.05)


def ended_trials(bench: Workbench, search: str) -> int:
    return sum(run.ended for run in bench.records.runs(of_run=search))


@pytest.mark.slow
def test_a_search_survives_a_restart_and_a_stop_and_never_ends_below_the_defaults(tmp_path) -> None:
    bench = opened_bench(tmp_path)
    machine_frame().to_csv(tmp_path / "machine.csv", index=False)
    record = bench.import_file(tmp_path / "machine.csv", "machine.csv")
    search = bench.start_search(asked(record.id, "hbos", 4, roles=WITHOUT_LABEL))
    bench.start()
    wait_for(lambda: ended_trials(bench, search) >= 1, "a trial")
    bench.close()
    bench = opened_bench(tmp_path)
    try:
        bench.start()
        wait_for(lambda: ended_trials(bench, search) >= 2, "another one after the restart")
        bench.stop_run(search, "discard")
        wait_for(lambda: bench.records.run(search).ended, "the stop")
        assert all(run.ended for run in bench.records.runs(of_run=search))
        assert bench.records.run(search).state == "stopped"
        bench.start_again(search)
        wait_for(lambda: bench.records.run(search).ended, "the end")
        ended, tried = bench.records.run(search), trials_of(bench.run_folder(search))
        runs = sorted(bench.records.runs(of_run=search), key=lambda run: run.request["trial"])
        assert [run.id for run in runs] == [one.run for one in tried]
        assert runs[0].request["parameters"] == {"bins": 10, "smoothing": 0.1}
        assert (ended.state, ended.summary) == ("done", summary(tried))
        assert ended.summary["trials"] == 4
        assert ended.summary["best_value"] >= ended.summary["first_value"]
        assert bench.records.run(best_of(tried).run).state == "done"
    finally:
        bench.close()
