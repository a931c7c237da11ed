"""A saved detector is retrained with old rows, new rows and verdicts, held against the one in use, and takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.errors import DataError, StorageError
from detectors.replacing import Seen, replacing
from detectors.runs.folder import RunFolder
from detectors.runs.judged import Judged
from detectors.runs.relearning import Relearning, Said, heeded
from detectors.runs.request import FitWhere, RunRequest
from detectors.storage.bin import Chosen
from detectors.storage.marks import Said as SaidOf
from detectors.storage.tables import DetectorRecord
from detectors.workbench import Workbench
from detectors.workbench.retraining import Plan, Wanted
from detectors.workbench.saved import Entitled
from tests.behind_pages import resting_workbench
from tests.detector_files import FRAME_OF, PREPARATIONS, pictures, roles_for, write_pictures
from tests.saved_runs import answering, done, imported, join_here, read_here

pytestmark = pytest.mark.slow

ROLES = {"a": "feature", "b": "feature", "part": "ignored"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("retraining") / "workspace") as opened, pytest.MonkeyPatch.context() as patch:
        join_here(patch)
        yield answering(opened)


def frame(seed: int, rows: int) -> pd.DataFrame:
    """The last two rows are far out."""
    found = pd.DataFrame(np.random.default_rng(seed).normal(size=(rows, 2)).round(4), columns=["a", "b"]).assign(part="x")
    found.iloc[-2:, 0] = 50.0
    return found


@dataclass(frozen=True)
class Start:
    """A detector that learned from 40 rows and scored 20 others, of which it flags some."""

    old: str
    run: str
    detector: DetectorRecord
    new: str
    scored: str


@pytest.fixture(scope="module")
def start(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Start:
    folder = tmp_path_factory.mktemp("upload")
    old, new = imported(bench, frame(0, 40), "orders.csv", folder), imported(bench, frame(1, 20), "november.csv", folder)
    run = done(bench, bench.start_run(RunRequest(old, "zscore", ROLES, seed=7)))
    bench.keep_threshold(run, "percentile", 90.0)
    detector = bench.save_detector(run, Entitled("orders"))
    bench.mark(old, [SaidOf(38, 39, "anomaly")], author="Ada")
    bench.mark(new, [SaidOf(18, 18, "anomaly", "a typing error"), SaidOf(19, 19, "normal"), SaidOf(0, 0, "unsure")], author="Ben")
    return Start(old, run, detector, new, done(bench, bench.score_data(detector.id, new)))


def wanted(start: Start, **more: object) -> Wanted:
    return replace(Wanted(start.detector.id, (start.scored,)), **more)  # type: ignore[arg-type]


def retrained(bench: Workbench, plan: Plan) -> str:
    bench.start_retraining(plan).result()
    return done(bench, bench.retrained(plan.wanted.detector_id)[0].id)


def test_the_counts_say_before_what_is_learned_from(bench, start) -> None:
    plan = bench.plan_retraining(wanted(start))
    flagged = int(bench.flagged_rows(start.scored).sum())
    counts = plan.counts
    assert plan.name == "orders.csv + november.csv"
    assert (counts.old, counts.new, counts.repeated) == (40, 20, 0)
    assert (counts.anomalies, counts.normal) == (3, 1)
    assert counts.unjudged == flagged - 2 > 0
    assert counts.learned == 60 - 3 - counts.unjudged
    assert bench.plan_retraining(wanted(start, with_flagged=True)).counts.learned == 60 - 3
    assert bench.plan_retraining(wanted(start, with_old=False)).counts.old == 0
    with pytest.raises(DataError, match="at least one batch"):
        bench.plan_retraining(Wanted(start.detector.id, ()))


@pytest.fixture(scope="module")
def again(bench: Workbench, start: Start) -> str:
    """The retrained run."""
    return retrained(bench, bench.plan_retraining(wanted(start)))


def test_old_and_new_rows_are_learned_from_but_for_judged_anomalies_as_the_detector_was_asked_before(bench, start, again) -> None:
    run, folder = bench.records.run(again), bench.run_folder(again)
    before, request = bench.run_folder(start.run).request(), folder.request()
    assert (request.detector, request.parameters, request.seed, request.roles) == ("zscore", before.parameters, 7, before.roles)
    fitted = np.asarray(folder.array("fitted"))
    flagged = np.flatnonzero(bench.flagged_rows(start.scored)) + 40
    left_out = sorted({38, 39, 58, *flagged.tolist()} - {59})  # row 59 is flagged, and judged normal
    assert np.flatnonzero(~fitted).tolist() == left_out
    assert len(np.asarray(folder.array("scores"))) == 60  # every row is scored all the same
    data = bench.records.data_set(run.data_id)
    assert (data.name, data.rows, data.roles) == ("orders.csv + november.csv", 60, ROLES)
    assert bench.report(data.id).notes[0].text() == "Put together from orders.csv, november.csv."


def test_verdicts_come_along_with_whoever_gave_them(bench, start, again) -> None:
    data_id = bench.records.run(again).data_id
    verdicts = bench.verdicts(data_id)
    assert verdicts.rows("anomaly").tolist() == [38, 39, 58]
    assert verdicts.rows("normal").tolist() == [59]
    assert [verdicts[row].holds.author for row in (38, 58)] == ["Ada", "Ben"]
    assert verdicts[58].holds.note == "a typing error"
    assert verdicts[58].holds.marked == bench.verdicts(start.new)[18].holds.marked


def test_a_batch_that_was_learned_from_already_is_noticed_and_taken_once(bench, start, tmp_path: Path) -> None:
    twice = imported(bench, pd.concat([frame(0, 40).iloc[10:], frame(5, 6)]), "again.csv", tmp_path)
    bench.mark(twice, [SaidOf(0, 0, "anomaly")])
    scored = done(bench, bench.score_data(start.detector.id, twice))
    plan = bench.plan_retraining(wanted(start, batches=(scored,)))
    assert plan.once
    assert (plan.placed.there_already[1], plan.counts.repeated, plan.counts.new) == (30, 30, 6)
    assert not plan.relearning.learned[10]  # the verdict on the repeated row holds for the row that stays
    both = bench.plan_retraining(wanted(start, batches=(scored,), once=False))
    assert (both.counts.repeated, both.counts.new, both.placed.there_already[1]) == (0, 36, 30)


def test_rows_that_were_chosen_by_a_column_are_chosen_among_new_rows_where_they_have_it(bench, start, tmp_path: Path) -> None:
    half = frame(0, 40).assign(part=["x", "y"] * 20)
    old = imported(bench, half, "half.csv", tmp_path)
    run = done(bench, bench.start_run(RunRequest(old, "zscore", ROLES, fit_where=FitWhere("part", "x"))))
    detector = bench.save_detector(run, Entitled("half"))
    with_part = imported(bench, frame(2, 10).assign(part=["x"] * 4 + ["y"] * 6), "with.csv", tmp_path)
    without = imported(bench, frame(3, 10).drop(columns="part"), "without.csv", tmp_path)
    for data_id, new in ((with_part, 4), (without, 10)):
        scored = done(bench, bench.score_data(detector.id, data_id))
        assert (bench.plan_retraining(Wanted(detector.id, (scored,))).counts.old, bench.plan_retraining(Wanted(detector.id, (scored,))).counts.new) == (20, new)  # fmt: skip


def test_without_the_old_rows_it_is_said_and_new_ones_alone_are_learned_from(bench, start, tmp_path: Path) -> None:
    uploaded, _ = bench.upload_detector(bench.detector_path(start.detector.id), "theirs.zip", Entitled("theirs"))
    origin = bench.origin(uploaded.id)
    assert origin.data is None
    assert "came as a file from elsewhere" in origin.why_not.text()
    scored = done(bench, bench.score_data(uploaded.id, start.new))
    plan = bench.plan_retraining(Wanted(uploaded.id, (scored,)))
    assert (plan.counts.old, plan.counts.new) == (0, 20)
    assert (plan.request.detector, plan.request.seed, plan.request.parameters) == ("zscore", 7, bench.detector_manifest(uploaded.id).parameters)  # fmt: skip
    retrained(bench, plan)
    bench.library.delete(Chosen(data=(start.old,)))
    assert (
        "in the bin" in bench.origin(start.detector.id).why_not.text() or "no longer here" in bench.origin(start.detector.id).why_not.text()
    )
    bench.library.restore(Chosen(data=(start.old,)))
    assert bench.origin(start.detector.id).data is not None


def test_verdicts_are_labels_for_a_detector_that_learns_from_labels() -> None:
    said = Said(np.ones(6, dtype=bool), np.arange(6) >= 3, np.arange(6) == 5, np.array([-1, 1, 0, 1, -1, -1], dtype=np.int8))
    relearning, counts = heeded(said, supervised=True, with_flagged=False, repeated=0)
    assert relearning.learned.all()  # whether a row has a label decides, not whether it is flagged
    kinds, names = relearning.labelled(np.array([0, 0, 1, -1, -1, 1], dtype=np.int8), [])
    assert (kinds.tolist(), names) == ([0, 1, 0, 1, -1, 1], [])
    kinds, names = relearning.labelled(np.array([0, 2, 1, -1, -1, 1], dtype=np.int8), ["theft", "error"])
    assert (kinds.tolist(), names) == ([0, 2, 0, 3, -1, 1], ["theft", "error", "judged an anomaly"])
    assert (counts.anomalies, counts.normal) == (2, 1)


def test_what_is_learned_from_survives_its_folder(tmp_path: Path) -> None:
    kept = Relearning(np.array([True, True, False] * 5), np.array([True, False, False] * 5), Judged(np.array([1, 4]), np.array([True, False])), {"parts": ["x"]})  # fmt: skip
    kept.save(tmp_path)
    found = Relearning.load(tmp_path)
    np.testing.assert_array_equal(found.learned, kept.learned)
    np.testing.assert_array_equal(found.candidates, kept.candidates)
    assert found.judged.rows.tolist() == [1, 4]
    assert found.told == {"parts": ["x"]}
    assert Relearning.load(tmp_path / "other") is None
    (tmp_path / "relearning.npz").write_bytes(b"x")
    with pytest.raises(StorageError):
        Relearning.load(tmp_path)


def test_two_detectors_on_the_same_rows_are_held_against_each_other() -> None:
    old = Seen(np.array([5.0, 4.0, 3.0, 2.0]), np.array([True, True, False, False]))
    new = Seen(np.array([2.0, 9.0, 8.0, 1.0]), np.array([False, True, True, False]))
    found = replacing(old, new, np.array([0, 1, 3]), np.array([False, True, True]))
    assert (found.both.tolist(), found.only_old.tolist(), found.only_new.tolist()) == ([1], [0], [2])
    assert found.flagged == (2, 2)
    assert (found.old.anomalies, found.old.judged, found.old.missed) == (1, 2, 1)
    assert (found.new.anomalies, found.new.judged, found.new.missed) == (1, 1, 1)
    assert found.correlation == pytest.approx(0.4)


def test_the_rule_is_carried_over_and_both_are_compared_before_the_new_one_takes_the_place(bench, start, again, tmp_path: Path) -> None:
    assert bench.candidate(again) is None
    with pytest.raises(StorageError, match="Compare the two"):
        bench.switch(again, "", retire=True)
    third = imported(bench, frame(9, 30), "december.csv", tmp_path)
    beside = bench.compare_on(again, third)
    kept = bench.records.threshold(again)
    assert (kept.rule, kept.value, kept.version) == ("percentile", 90.0, 2)
    assert kept.reason == "as in orders v1: the same rule, applied to the new training scores"
    assert kept.cut_off == pytest.approx(np.percentile(np.asarray(bench.run_folder(again).array("sorted_training_scores")), 90.0), rel=0.05)
    candidate = bench.candidate(again)
    assert candidate.id not in [each.id for each in bench.saved_detectors(retired=False)]  # offered to nobody yet
    assert not beside.done
    for run in (beside.old, beside.new):
        done(bench, run.id)
    beside = bench.beside(again, third)
    assert beside.done
    assert bench.compared_on(again) == [third]
    known = {data_id: bench.who_learned(again, bench.records.data_set(data_id)) for data_id in (start.old, start.new, third)}
    assert known == {start.old: (True, True), start.new: (False, True), third: (False, False)}
    copy = imported(bench, frame(1, 20), "a copy of november.csv", tmp_path)
    assert bench.who_learned(again, bench.records.data_set(copy)) == (False, True)
    found = bench.replacing(beside)
    assert set(found.both.tolist()) >= {28, 29}
    assert found.rows == 30
    now = bench.switch(again, "with november", retire=True)
    assert (now.called, now.note, now.retired) == ("orders v2", "with november", None)
    assert bench.saved_detector(start.detector.id).retired is not None
    assert bench.switched(again).id == now.id
    assert [run.data_id for run in bench.scored_by(now.id)] == [third]  # what it scored on trial counts among its batches
    bench.retire_detector(start.detector.id, back=True)

    data_id, relearned = bench.records.run(again).data_id, Relearning.load(bench.run_folder(again).path)
    row = next(row for row in np.flatnonzero(~relearned.learned).tolist() if row not in (38, 39, 58))
    bench.mark(data_id, [SaidOf(row, row, "normal")])
    plan = bench.plan_retraining(Wanted(now.id, (beside.new.id,)))
    assert (plan.counts.old, plan.counts.new) == (60, 30)
    assert bench.records.data_set(start.new).content_hash in plan.relearning.told["content"]  # learned from before last
    assert plan.relearning.learned[row]  # what was left out before is learned from, once it is judged normal …
    assert not plan.relearning.learned[58]  # … and a judged anomaly is still not
    bench.mark(start.new, [SaidOf(2, 2, "anomaly")], author="Eve")  # said of the batch itself, after it was put together with the others
    for _ in range(2):
        plan = bench.plan_retraining(Wanted(now.id, (beside.new.id,)))
    assert not plan.relearning.learned[42]
    assert [(mark.author, mark.verdict) for mark in bench.marks_on(data_id, 42)] == [("Eve", "anomaly")]  # once


def test_a_cut_off_by_hand_is_carried_over_as_the_same_share_of_the_training_rows(bench, start) -> None:
    trained = np.asarray(bench.run_folder(start.run).array("sorted_training_scores"))
    bench.keep_threshold(start.run, "manual", float(trained[-5]))  # 4 of 40 lie above
    by_hand = bench.save_detector(start.run, Entitled("by hand"))
    bench.keep_threshold(start.run, "percentile", 90.0)
    scored = done(bench, bench.score_data(by_hand.id, start.new))
    run = retrained(bench, bench.plan_retraining(Wanted(by_hand.id, (scored,), with_flagged=True)))
    bench.carry_threshold(run)
    kept, scores = bench.records.threshold(run), np.asarray(bench.run_folder(run).array("sorted_training_scores"))
    assert (scores > kept.cut_off).mean() == pytest.approx(0.1, abs=1 / len(scores))
    assert "the same share of the training rows" in kept.reason
    bench.keep_threshold(run, "percentile", 80.0)  # somebody's own choice …
    bench.carry_threshold(run)
    assert bench.records.threshold(run).value == 80.0  # … stays
    first = bench.compare_on(run, start.new).new
    bench.keep_threshold(run, "percentile", 85.0)
    assert bench.candidate(run) is None  # what was compared flags by another threshold
    assert bench.compare_on(run, start.new).new.id != first.id
    assert [record.origin["threshold"] for record in bench.saved_detectors() if record.origin.get("run") == run] == [4]
    gone = bench.discard_retrained(run)
    assert gone.data
    assert bench.retrained(by_hand.id) == []


@pytest.mark.parametrize(
    ("kind", "representation", "detector"),
    [("series", "vectors", "zscore"), ("text", "vectors", "zscore"), ("images", "vectors", "zscore")],
)
def test_every_kind_is_retrained(bench, kind: str, representation: str, detector: str, tmp_path: Path) -> None:
    old, new = (_source(kind, name, tmp_path) for name in ("old", "new"))
    first, second = (read_here(bench, path) for path in (old, new))
    request = RunRequest(first, detector, roles_for(kind, bench.data_folder(first)), kind=kind, representation=representation, preparation=PREPARATIONS[kind] | ({"described": "pixels"} if kind == "images" else {}))  # fmt: skip
    record = bench.save_detector(done(bench, bench.start_run(request)), Entitled(kind))
    scored = done(bench, bench.score_data(record.id, second))
    bench.mark(second, [SaidOf(3, 4, "anomaly")])
    plan = bench.plan_retraining(Wanted(record.id, (scored,), with_flagged=True))
    run = retrained(bench, plan)
    rows = bench.records.data_set(first).rows
    fitted = np.asarray(RunFolder(bench.run_folder(run).path).array("fitted"))
    assert len(fitted) == plan.placed.rows > rows
    assert np.flatnonzero(~fitted).tolist() == [rows + 3, rows + 4]


def _source(kind: str, name: str, folder: Path) -> Path:
    """New data are other pictures or texts, and later steps."""
    if kind == "images":
        found = pictures()
        return write_pictures(folder / f"{name}.zip", found if name == "old" else [255 - each for each in found[:12]])
    path, found = folder / f"{name}.csv", FRAME_OF[kind]()
    if name == "new":
        found = found.iloc[:40].copy()
        if kind == "series":
            found["at"] += pd.Timedelta("160h")
        else:
            found["words"] = "more " + found["words"]
    found.to_csv(path, index=False)
    return path
