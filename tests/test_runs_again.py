"""Training again: without the most unusual rows, or from what an earlier run has learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from detectors import metrics
from detectors.base import Progress
from detectors.errors import DataError, ParameterError, StorageError
from detectors.rank_changes import rank_changes, ranks_of, shown_rows
from detectors.runs.contaminated import most_unusual
from detectors.runs.earlier import Earlier, roles_as_there
from detectors.runs.estimate import Costs, Line
from detectors.runs.execute import execute, save
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from tests.tables import read_in

USUAL, UNUSUAL = 360, 40
ROLES = {"a": "feature", "b": "feature", "c": "feature", "label": "label"}


def contaminated_frame(rows: int = USUAL, unusual: int = UNUSUAL, seed: int = 0) -> pd.DataFrame:
    """Three columns that follow from one hidden number; every tenth row breaks the rule, far out, always in the same way."""
    chance = np.random.default_rng(seed)
    hidden = chance.normal(size=rows)
    usual = np.stack([hidden, hidden, -hidden], axis=1) + 0.1 * chance.normal(size=(rows, 3))
    apart = np.array([4.0, -4.0, 0.0]) * chance.uniform(0.5, 1.5, (unusual, 1)) + 0.3 * chance.normal(size=(unusual, 3))
    frame = pd.DataFrame(np.concatenate([usual, apart]), columns=["a", "b", "c"])
    return frame.assign(label=np.arange(len(frame)) >= rows)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return read_in(contaminated_frame(), tmp_path_factory.mktemp("contaminated"))


def request(**changes: Any) -> RunRequest:
    return RunRequest(**{"data_id": "d", "detector": "zscore", "roles": ROLES, "seed": 3, **changes})


# ── without the most unusual rows ──


@pytest.fixture(scope="module")
def again(data: Path) -> Any:
    return execute(request(drop_share=0.1), data, Progress())


def auroc(scores: np.ndarray) -> float:
    return metrics.auroc(np.arange(USUAL + UNUSUAL) >= USUAL, scores)


def test_the_highest_share_is_dropped_and_two_rows_are_always_left() -> None:
    scores = np.array([1.0, 9.0, 3.0, 7.0])
    assert most_unusual(scores, 0.5).tolist() == [False, True, False, True]
    assert most_unusual(scores, 0.01).tolist() == [False, True, False, False]
    assert most_unusual(scores[:3], 0.5).sum() == 1
    assert most_unusual(scores[:2], 0.5).sum() == 0


def test_a_second_training_without_them_knows_better_what_is_usual(again: Any, data: Path) -> None:
    assert auroc(again.scores) > auroc(again.first_scores) + 0.02
    np.testing.assert_array_equal(again.first_scores, execute(request(), data, Progress()).scores)


def test_what_was_dropped_is_scored_as_any_row_that_was_not_learned_from(again: Any) -> None:
    assert again.dropped.sum() == 40
    assert not (again.fitted & again.dropped).any()
    assert (again.fitted | again.dropped).all()
    rows = np.flatnonzero(again.dropped)
    np.testing.assert_array_equal(again.scores[rows], again.detector.score(again.items.at(rows)))


def test_the_result_keeps_the_first_scores(again: Any, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.result.mkdir()
    save(again, folder.result, Progress())
    np.testing.assert_array_equal(folder.array("first_scores"), again.first_scores)
    np.testing.assert_array_equal(folder.array("dropped"), again.dropped)
    assert folder.summary()["dropped_rows"] == 40
    assert len(folder.array("sorted_training_scores")) == USUAL + UNUSUAL - 40


def test_windows_stand_for_the_rows_they_end_with(data: Path) -> None:
    roles = {"a": "feature", "b": "feature", "c": "feature", "label": "ignored"}
    run = execute(
        request(kind="series", representation="windows", detector="rolling_zscore", roles=roles, drop_share=0.2), data, Progress()
    )
    windows = USUAL + UNUSUAL - run.preparation.window_ + 1
    assert run.dropped.sum() == round(0.2 * windows)
    assert not run.dropped[: run.preparation.window_ - 1].any()  # no whole window ends there
    assert len(run.scores) == USUAL + UNUSUAL


@pytest.mark.parametrize("share", [0.0, -0.1, 0.6])
def test_a_share_that_is_none_is_refused(share: float, data: Path) -> None:
    with pytest.raises(ParameterError, match=r"above 0 and at most 0\.5"):
        execute(request(drop_share=share), data, Progress())


def test_what_learns_from_labels_drops_nothing() -> None:
    with pytest.raises(DataError, match="learns from labels"):
        execute(request(kind="text", representation="tokens", detector="tfidf_logistic", drop_share=0.1), Path("none"), Progress())


class Watching(Progress):
    def __init__(self, *, stop: bool = False) -> None:
        self.stop, self.phases = stop, dict[str, None]()

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        self.phases[phase] = None

    def stop_asked(self) -> bool:
        return self.stop


def test_the_first_training_is_reported_as_such_and_whoever_stops_it_keeps_it(data: Path) -> None:
    watching = Watching()
    execute(request(detector="isolation_forest", drop_share=0.1), data, watching)
    assert [phase for phase in watching.phases if phase.startswith(("fitting", "scoring"))] == [
        "fitting_first", "scoring_first", "fitting", "scoring",
    ]  # fmt: skip
    stopped = execute(request(detector="isolation_forest", drop_share=0.1), data, Watching(stop=True))
    assert stopped.first_scores is None and stopped.dropped is None
    assert stopped.stopped_early and np.isfinite(stopped.scores).all()


def test_the_estimate_counts_both_trainings() -> None:
    once = Costs(1000, Line(2.0, 0), lambda learned: 0.01 * learned, Line(0, 0.001), fixed=1.0, item_bytes=40, columns=10)
    assert once.seconds(1000) == pytest.approx(2 + 10 + 1 + 1)
    twice = Costs(1000, once.prepare, once.learn, once.score, 1.0, 40, 10, drop_share=0.1)
    assert twice.seconds(1000) == pytest.approx(2 + 10 + 9 + 2 * 1 + 1)


# ── how ranks changed ──


def test_rank_1_is_the_most_unusual_row() -> None:
    assert ranks_of(np.array([0.1, 5.0, 2.0])).tolist() == [3, 1, 2]


def test_rows_that_rose_and_fell_are_named_the_largest_change_first() -> None:
    changes = rank_changes(np.array([8.0, 7, 6, 5, 4, 3, 2, 1]), np.array([1.0, 7, 6, 9, 4, 3, 2, 0]), most=2)
    assert changes.rose.tolist() == [3, 4]  # from rank 4 to 1, two doublings; from 5 to 4
    assert changes.fell.tolist() == [0]  # from rank 1 to 7; all others stayed or rose
    assert -1 < changes.correlation < 1
    same = rank_changes(np.array([3.0, 2.0, 1.0]), np.array([30.0, 20.0, 10.0]))
    assert (same.correlation, len(same.rose), len(same.fell)) == (pytest.approx(1.0), 0, 0)


def test_equal_scores_share_their_rank_in_the_correlation() -> None:
    assert rank_changes(np.array([1.0, 1.0, 2.0]), np.array([5.0, 5.0, 9.0])).correlation == pytest.approx(1.0)


def test_a_plot_shows_the_top_of_both_and_some_of_the_rest() -> None:
    chance = np.random.default_rng(0)
    changes = rank_changes(chance.normal(size=5000), chance.normal(size=5000))
    rows = shown_rows(changes, 400)
    assert len(rows) == 400 == len(set(rows.tolist()))
    assert set(np.flatnonzero(changes.first <= 50)) | set(np.flatnonzero(changes.last <= 50)) <= set(rows.tolist())


# ── from an earlier run ──

NETWORK = {"detector": "autoencoder", "parameters": {"encoder": [8, 1], "epochs": 12, "batch_size": 32, "learning_rate": 0.01}}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run on many usual rows of another data set."""
    folder = RunFolder(tmp_path_factory.mktemp("earlier"))
    many = read_in(contaminated_frame(800, 0, seed=1), tmp_path_factory.mktemp("many"))
    folder.ask(request(data_id="many", **NETWORK))
    folder.result.mkdir()
    save(execute(folder.request(), many, Progress()), folder.result, Progress())
    return folder


@pytest.mark.slow
def test_a_run_on_few_rows_starts_from_one_on_many_and_uses_its_preparation(earlier: RunFolder, tmp_path: Path) -> None:
    few = read_in(contaminated_frame(20, 6, seed=2), tmp_path)
    asked = request(data_id="few", detector="autoencoder", parameters={**NETWORK["parameters"], "epochs": 1})
    anew = execute(asked, few, Progress())
    started = execute(replace(asked, start_from="earlier"), few, Progress(), Earlier.of_run(earlier))
    unusual = np.arange(26) >= 20
    assert metrics.auroc(unusual, started.scores) == 1.0 > metrics.auroc(unusual, anew.scores)
    moments = [run.preparation.to_json()["parts"] for run in (started, anew)]
    assert moments[0] != moments[1]  # scaled as many rows say, not as these few


@pytest.mark.slow
def test_what_does_not_fit_is_refused_in_a_sentence(earlier: RunFolder, data: Path) -> None:
    start = Earlier.of_run(earlier)
    for changes, words in (
        ({"parameters": {**NETWORK["parameters"], "encoder": [4, 1]}}, r"`encoder` is \[8, 1\] there and \[4, 1\] here"),
        (
            {"roles": {**ROLES, "c": "ignored"}},
            "knows nothing of columns that are to be learned from here: c|learned from columns that are not learned from here: c",
        ),
        ({"detector": "isolation_forest", "parameters": {}}, "learns anew every time"),
    ):
        with pytest.raises(DataError, match=words):
            execute(request(**{**NETWORK, **changes}), data, Progress(), start)
    assert start.why_not(request(**NETWORK)) is None


def test_a_run_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no longer there"):
        Earlier.of_run(RunFolder(tmp_path / "gone"))


def test_few_rows_are_learned_from_in_the_columns_of_where_they_start() -> None:
    there = {"a": "feature", "b": "feature", "at": "time", "known": "label"}
    here = {"a": "feature", "b": "ignored", "at": "time", "known": "label", "new": "feature", "number": "id"}
    assert roles_as_there(there, here) == {**here, "b": "feature", "new": "ignored"}
    assert roles_as_there(there, here, said=["b"]) == {**here, "new": "ignored"}
    assert roles_as_there({**there, "gone": "feature"}, here) == here
