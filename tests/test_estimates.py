"""What a training would take: said beforehand, from a first step; and a sample of the rows where that is much."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from detectors.child import load_tensorflow
from detectors.errors import DetectorError
from detectors.estimates import Estimates
from detectors.messages import Message
from detectors.runs import estimate as engine
from detectors.runs.estimate import Costs, Estimate, Line, Memory, Sample, estimate
from detectors.runs.request import RunRequest
from detectors.vectors.nearest_neighbours import NearestNeighbours
from pages.shared.estimate import duration
from tests.tables import machine_frame, read_in

ROLES = {"reading_id": "id", "temperature": "feature", "doubled": "feature", "mode": "feature", "label": "label"}

PLENTY = Memory(held=10**9, free=10**12)


def costs(rows: int, *, learn_each: float, score_each: float = 0.0) -> Costs:
    return Costs(rows, Line(0, 0), lambda learned: learn_each * learned, Line(0, score_each), fixed=1.0, item_bytes=40, columns=10)


def test_what_is_fixed_is_told_apart_from_what_grows_and_neither_is_negative() -> None:
    assert Line.through((10, 3.0), (30, 5.0)) == Line(fixed=2.0, each=0.1)
    assert Line.through((10, 5.0), (30, 3.0)) == Line(fixed=3.0, each=0.0)
    assert Line.through((10, 1.0), (30, 5.0)) == Line(fixed=0.0, each=0.2)


def test_the_pace_is_that_of_the_end_and_not_of_the_beginning() -> None:
    """Compiling took 10 s; then a tenth was learned every second."""
    assert engine._pace([(10.0, 0.0), (11.0, 0.1), (12.0, 0.2), (13.0, 0.3)]) == pytest.approx(10)
    assert engine._pace([(4.0, 0.5)]) == pytest.approx(8)


def test_what_was_reported_before_the_first_epoch_ended_says_nothing_of_the_pace() -> None:
    watch = engine._Stopwatch()
    watch.report("fitting", 0, 10, step=1, steps=2)
    assert [share for _, share in watch.reports] == [0.05]
    watch.report("fitting", 1, 10)
    watch.report("fitting", 1, 10, step=1, steps=2)
    watch.report("scoring", 5, 10)
    assert [share for _, share in watch.reports] == [0.1, 0.15]


def test_time_goes_on_growing_with_the_power_of_the_rows_that_it_was_seen_to_grow_with() -> None:
    assert engine.Power.through([(500, 0.1), (1000, 0.4)], steepest=2).at(2000) == pytest.approx(1.6)
    assert engine.Power.through([(500, 9.0), (1000, 0.5), (2000, 1.0)], steepest=2).at(8000) == pytest.approx(4.0)
    assert engine.Power.through([(500, 1.0)], steepest=2).at(1000) == pytest.approx(4.0)


def test_a_disturbed_measurement_is_no_reason_to_expect_more_than_a_detector_says_or_less_than_nothing() -> None:
    assert engine.Power.through([(500, 0.1), (1000, 9.0)], steepest=1).at(2000) == pytest.approx(18.0)
    assert engine.Power.through([(500, 9.0), (1000, 0.1)], steepest=1).at(2000) == pytest.approx(0.1)


class AtOnce:
    """A training that takes a second for ten million pairs of rows, half of it for learning."""

    def __init__(self) -> None:
        self.learned: list[int] = []
        self.detector = NearestNeighbours()

    def learn(self, rows: int) -> engine._Learned:
        self.learned.append(rows)
        watch = engine._Stopwatch()
        watch.reports = [(rows**2 / 2e7, 1.0)]
        return engine._Learned(rows, rows**2 / 1e7, watch)


def test_what_learns_in_one_go_learns_from_more_and_more_rows_while_nobody_waits_long() -> None:
    training = AtOnce()
    tries = engine._tries(training, 100_000)  # type: ignore[arg-type]
    assert training.learned == [2000, 2000]  # what is quick twice; 8000 rows would take over 6 s
    assert [each.rows for each in tries] == [2000]


def test_it_learns_from_all_rows_where_they_are_few() -> None:
    assert [each.rows for each in engine._tries(AtOnce(), 2500)] == [2000, 2500]  # type: ignore[arg-type]


def test_the_sample_offered_is_the_largest_round_number_that_is_learned_from_within_a_minute() -> None:
    assert engine._sample(costs(10_000_000, learn_each=1e-4), 10_000_000, PLENTY) == Sample(500_000, 51.0, 10**9 + 900_000_000)


def test_where_scoring_alone_takes_long_a_sample_costs_at_most_half_more() -> None:
    offered = engine._sample(costs(10_000_000, learn_each=1e-3, score_each=1e-5), 10_000_000, PLENTY)
    assert offered is not None
    assert (offered.rows, offered.seconds) == (50_000, 151.0)


def test_a_sample_fits_into_memory_where_all_rows_do_not() -> None:
    little = Memory(held=10**9, free=930_000_000)
    assert engine._sample(costs(10_000_000, learn_each=1e-9), 10_000_000, little).memory_bytes <= little.held + little.free  # type: ignore[union-attr]


def test_few_rows_have_no_sample() -> None:
    assert engine._sample(costs(900, learn_each=1.0), 900, PLENTY) is None


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return read_in(machine_frame(), tmp_path_factory.mktemp("estimates"))


def test_a_training_is_estimated_before_it_starts(data: Path) -> None:
    found = estimate(RunRequest("d", "isolation_forest", ROLES), data, PLENTY)
    assert 0 < found.seconds < 60
    assert found.memory_bytes > PLENTY.held
    assert (found.fits, found.rows, found.sample) == (True, 400, None)
    assert Estimate.from_json(found.to_json()) == found


def test_only_the_rows_that_are_learned_from_are_counted(data: Path) -> None:
    assert estimate(RunRequest("d", "isolation_forest", ROLES, fit_sample=50), data, PLENTY).rows == 50


def test_beyond_the_rows_that_a_detector_keeps_more_rows_are_only_scored(data: Path) -> None:
    steps = engine._Steps(RunRequest("d", "nearest_neighbours", ROLES, parameters={"most_rows": 100}), engine.DataSet(data, ROLES))
    learning, _, _ = engine._learning_at_once(steps, 400)
    assert learning(400) == learning(100)


def test_of_a_series_as_many_windows_are_counted_as_are_learned_from(tmp_path: Path) -> None:
    data = read_in(machine_frame(), tmp_path)
    roles = {"temperature": "feature", "doubled": "feature"}
    request = RunRequest(
        "d", "rolling_zscore", roles, kind="series", representation="windows", preparation={"window": 8, "most_windows": 50}
    )
    assert estimate(request, data, PLENTY).rows == 50


def test_too_little_memory_is_said(data: Path) -> None:
    found = estimate(RunRequest("d", "isolation_forest", ROLES), data, Memory(held=10**9, free=1000))
    assert not found.fits


@pytest.mark.slow
def test_of_a_long_training_only_the_beginning_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LEARNING_S", 0.1)
    monkeypatch.setitem(engine.FIRST_ROWS, "table", 2000)
    data = read_in(machine_frame(5000), tmp_path)
    load_tensorflow()
    found = estimate(RunRequest("d", "autoencoder", ROLES, parameters={"epochs": 10_000, "early_stopping": False}), data, PLENTY)
    assert found.rows == 5000
    assert found.seconds > 100
    assert found.sample is not None and found.sample.seconds < found.seconds


class Answers:
    """An answerer that answers once it may."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.may = answer, threading.Event()

    def ask(self, do: str, **values: Any) -> Any:
        self.may.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def when_done(estimates: Estimates, answers: Answers, asked: RunRequest) -> Estimate | Message | None:
    worker = next(thread for thread in threading.enumerate() if thread.name == "estimates")
    answers.may.set()
    worker.join()
    return estimates.of(asked)


def test_a_page_does_not_wait_for_an_estimate_and_finds_it_later() -> None:
    found = Estimate(9.0, 4 * 10**8, True, 400, None)
    answers = Answers(found.to_json())
    estimates = Estimates(answers)  # type: ignore[arg-type]
    asked = RunRequest("d", "isolation_forest", ROLES)
    assert estimates.of(asked) is None
    assert when_done(estimates, answers, asked) == found


def test_why_there_is_no_estimate_is_found_in_its_place() -> None:
    answers = Answers(DetectorError("It needs more rows."))
    estimates = Estimates(answers)  # type: ignore[arg-type]
    asked = RunRequest("d", "isolation_forest", ROLES)
    assert estimates.of(asked) is None
    assert when_done(estimates, answers, asked) == Message("It needs more rows.")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (9.4, "9 s"), (47.0, "47 s"), (130.0, "2 min"), (1740.0, "29 min"), (9000.0, "2\\.5 h")]
)
def test_durations_are_said_in_the_unit_that_suits_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
