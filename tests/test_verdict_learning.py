"""A model that learns from few verdicts, the rows that it proposes, and the run that it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors import registry
from detectors.base import Progress
from detectors.errors import DataError, DetectorError
from detectors.runs.combine import combined
from detectors.runs.folder import RunFolder
from detectors.runs.judged import Judged, asked_to_learn
from detectors.runs.proposals import Proposer, seen_by
from detectors.runs.refits import RANKS, refit
from detectors.runs.request import RunRequest
from detectors.runs.tasks import do
from detectors.storage.marks import Said
from detectors.together.verdicts import UNKNOWN
from detectors.workbench import Workbench
from tests.behind_pages import resting_workbench

ROWS, KIND = 400, 20

#: Of the rows below: true anomalies, and what is unusual and harmless.
FAULTS, HARMLESS = np.arange(KIND), np.arange(KIND, 2 * KIND)

MEMBERS = {"members": ["zscore"]}


def rows() -> np.ndarray:
    """Six columns; faults are far out in the first two, what is harmless is much further out in the fifth."""
    X = np.random.default_rng(0).normal(size=(ROWS, 6))
    X[FAULTS, :2] += 4
    X[HARMLESS, 4] += 14
    return X.astype(np.float32)


def verdicts(anomalies: np.ndarray, normal: np.ndarray) -> np.ndarray:
    said = np.full(ROWS, UNKNOWN, dtype=np.int8)
    said[anomalies], said[normal] = 1, 0
    return said


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A z-score detector in a folder, and its scores."""
    detector = registry.create("vectors", "zscore").fit(rows())
    folder = tmp_path_factory.mktemp("base")
    detector.save(folder)
    return folder, detector.training_scores_


def learned(base: tuple[Path, np.ndarray], said: np.ndarray):
    learner = registry.create("vectors", "verdicts", **MEMBERS).start_from(base[0])
    learner.take_verdicts(said, base[1])
    return learner.fit(rows())


def ranks(scores: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(-scores, kind="stable"), kind="stable") + 1


def test_rows_like_confirmed_anomalies_rise_and_rows_like_false_alarms_fall(base):
    scores = learned(base, verdicts(FAULTS[:5], HARMLESS[:5])).training_scores_
    assert ranks(base[1])[HARMLESS[5:]].max() <= 2 * KIND  # before, what is harmless is as high up as faults are
    assert ranks(scores)[FAULTS[5:]].max() <= 2 * KIND
    assert ranks(scores)[HARMLESS[5:]].min() > 2 * KIND


def test_false_alarms_alone_are_learned_from_too(base):
    scores = learned(base, verdicts(FAULTS[:0], HARMLESS[:8])).training_scores_
    assert ranks(scores)[HARMLESS[8:]].mean() > 1.4 * ranks(base[1])[HARMLESS[8:]].mean()
    assert ranks(scores)[FAULTS].mean() < ranks(base[1])[FAULTS].mean()


def test_confirmed_anomalies_alone_are_learned_from_too(base):
    scores = learned(base, verdicts(FAULTS[:8], HARMLESS[:0])).training_scores_
    assert ranks(scores)[FAULTS[8:]].mean() < ranks(base[1])[FAULTS[8:]].mean()


def test_without_verdicts_the_order_is_that_of_the_earlier_run(base):
    np.testing.assert_array_equal(ranks(learned(base, verdicts(FAULTS[:0], FAULTS[:0])).training_scores_), ranks(base[1]))


def test_a_judged_row_is_scored_by_the_other_verdicts(base):
    """A single wrong verdict on a row like confirmed anomalies does not put the row among the normal ones."""
    scores = learned(base, verdicts(FAULTS[:8], np.concatenate([HARMLESS[:8], FAULTS[8:9]]))).training_scores_
    assert ranks(scores)[FAULTS[8]] <= 3 * KIND


def test_it_scores_rows_that_it_never_saw(base):
    learner = learned(base, verdicts(FAULTS[:5], HARMLESS[:5]))
    new = np.zeros((3, 6), dtype=np.float32)
    new[0, :2], new[1, 4] = 4, 14
    like_a_fault, like_what_is_harmless, usual = learner.score(new)
    assert like_a_fault > like_what_is_harmless
    assert like_a_fault > usual


def test_saved_and_loaded_its_scores_are_the_same(base, tmp_path):
    learner = learned(base, verdicts(FAULTS[:5], HARMLESS[:5]))
    learner.save(tmp_path)
    np.testing.assert_array_equal(registry.load(tmp_path).score(rows()), learner.score(rows()))
    assert not [file for file in tmp_path.rglob("*") if file.suffix in (".pkl", ".pickle", ".joblib")]


def test_verdicts_on_other_rows_than_it_learns_from_are_refused(base):
    learner = registry.create("vectors", "verdicts", **MEMBERS).start_from(base[0])
    learner.take_verdicts(verdicts(FAULTS, HARMLESS)[:-1], None)
    with pytest.raises(DetectorError, match="verdicts for 399 rows and 400 rows"):
        learner.fit(rows())


def test_any_other_detector_says_that_it_learns_from_no_verdicts():
    with pytest.raises(DetectorError, match="does not learn from verdicts"):
        registry.create("vectors", "zscore").take_verdicts(np.zeros(2, np.int8), None)


def test_it_is_not_on_the_shelf_and_there_is_one_for_every_representation():
    assert all(
        "verdicts" not in [detector.name() for detector in registry.for_kind(kind)] for kind in ("table", "series", "images", "text")
    )
    assert {representation for representation, name in registry.detectors() if name == "verdicts"} == {
        "vectors",
        "windows",
        "pixels",
        "tokens",
    }


# ── proposals ──


def proposer(base: tuple[Path, np.ndarray]) -> Proposer:
    everything = np.arange(ROWS)
    return Proposer(everything, *seen_by(registry.load(base[0]), rows(), base[1], everything), seed=0)


def judged(anomalies: np.ndarray, normal: np.ndarray) -> Judged:
    positions = np.concatenate([anomalies, normal])
    order = np.argsort(positions)
    return Judged(positions[order], (np.arange(len(positions)) < len(anomalies))[order])


def test_no_row_is_proposed_twice_or_after_it_was_judged(base):
    known = judged(FAULTS[:3], HARMLESS[:3])
    proposed = proposer(base).propose(known, 12)
    assert len(set(proposed.tolist())) == 12
    assert not set(proposed.tolist()) & set(known.rows.tolist())


def test_after_false_alarms_no_more_rows_like_them_are_proposed(base):
    first = proposer(base).propose(judged(FAULTS[:0], FAULTS[:0]), 1)
    assert first[0] in HARMLESS  # the highest score
    then = proposer(base).propose(judged(FAULTS[:2], HARMLESS[:6]), 6)
    assert np.isin(then, HARMLESS).sum() <= 1
    assert np.isin(then, FAULTS).sum() >= 3


def test_more_rows_than_there_are_cannot_be_proposed(base):
    everything = Judged(np.arange(ROWS - 3), np.zeros(ROWS - 3, dtype=bool))
    assert sorted(proposer(base).propose(everything, 10).tolist()) == [ROWS - 3, ROWS - 2, ROWS - 1]


# ── the run ──


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory):
    """A workbench with a finished run, three verdicts, one of them unsure, and the run that learned from them, a fourth given since."""
    folder = tmp_path_factory.mktemp("learning")
    with resting_workbench(folder / "workspace") as bench:
        pd.DataFrame(rows(), columns=[*"abcdef"]).to_csv(folder / "rows.csv", index=False)
        data_id = bench.import_file(folder / "rows.csv", "rows.csv").id
        record = bench.records.data_set(data_id)
        first = done(bench, bench.start_run(RunRequest(data_id, "zscore", record.roles)))
        bench.mark(data_id, [Said(0, 1, "anomaly"), Said(20, 20, "normal"), Said(300, 300, "unsure")])
        second_id = bench.learn_from_verdicts(first)
        bench.mark(data_id, [Said(21, 21, "normal")])
        yield bench, data_id, first, done(bench, second_id)


def done(bench: Workbench, run_id: str) -> str:
    folder = bench.run_folder(run_id)
    folder.result.mkdir()
    do(bench.workspace, folder, folder.result, Progress())
    bench.records.set_state(run_id, "done", summary=folder.summary())
    bench.keep_threshold(run_id, "percentile", 95.0)
    return run_id


@pytest.mark.slow
def test_the_run_keeps_the_verdicts_as_they_were_when_it_was_asked_for(run):
    bench, _, first, second = run
    folder = bench.run_folder(second)
    said = np.asarray(folder.array("verdicts"))
    assert (np.flatnonzero(said == 1).tolist(), np.flatnonzero(said == 0).tolist()) == ([0, 1], [20])
    assert folder.summary()["verdicts"] == {"anomaly": 2, "normal": 1}
    np.testing.assert_array_equal(folder.array("first_scores"), bench.run_folder(first).array("scores"))
    assert Judged.load(bench.run_folder(first).path) is None


@pytest.mark.slow
def test_it_is_found_by_the_run_that_it_began_with_and_explained_like_any_other(run):
    bench, data_id, first, second = run
    assert [found.id for found in bench.runs_from_verdicts(data_id, first)] == [second]
    assert {first, second} == {found.id for found in bench.records.runs(data_id)}
    assert (bench.run_folder(second).result / "detector" / "begun_with" / "detector.json").exists()
    assert (bench.run_folder(second).result / "explanations.npz").exists() or list(bench.run_folder(second).result.glob("*expla*"))


@pytest.mark.slow
def test_learning_again_begins_with_the_first_run_and_all_verdicts(run):
    bench, data_id, first, second = run
    again = asked_to_learn(second, RunRequest.from_json(bench.records.run(second).request), bench.rows_judged(data_id))
    assert (again.start_from, again.detector) == (first, "verdicts")
    assert bench.rows_judged(data_id).rows.tolist() == [0, 1, 20, 21]


@pytest.mark.slow
def test_its_flags_can_be_refitted_with_the_verdicts(run, tmp_path):
    bench, data_id, _, second = run
    refit(RunFolder(bench.run_folder(second).path), bench.data_folder(data_id), tmp_path, Progress(), refits=2)
    found = np.load(tmp_path / f"{RANKS}.npy", allow_pickle=False)
    assert np.corrcoef(ranks(np.asarray(bench.run_folder(second).array("scores"))), found[:, 0])[0, 1] > 0.7


@pytest.mark.slow
def test_it_cannot_be_combined_with_others(run):
    bench, _, first, second = run
    requests = [RunRequest.from_json(bench.records.run(each).request) for each in (first, second)]
    with pytest.raises(DataError, match="learned from verdicts"):
        combined(requests)


def test_without_a_verdict_there_is_nothing_to_learn_from():
    nothing = Judged(np.empty(0, dtype=np.intp), np.empty(0, dtype=bool))
    with pytest.raises(DataError, match="nothing to learn from yet"):
        asked_to_learn("run", RunRequest("data", "zscore", {}), nothing)
