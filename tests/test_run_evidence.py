"""What is known of a run's scores: which rows judge, which are usual, how many days the data span."""

from datetime import datetime

import numpy as np
import pytest

from detectors.messages import Message
from detectors.profile import ColumnProfile
from detectors.runs import evidence
from detectors.runs.evidence import KeptEvidence, days_of, evidence_of
from detectors.runs.folder import RunFolder
from detectors.runs.request import FitWhere, RunRequest
from detectors.verdicts import Mark, verdicts_of

SCORES = np.array([5.0, 1.0, 4.0, 2.0, 3.0, 9.0])
LABELS = np.array([1, 0, 0, 0, -1, 1], dtype=np.int8)
NOTHING_SAID = verdicts_of([])


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Makes a finished run of six rows."""
    monkeypatch.setattr(evidence, "load_profile", lambda _folder: [])

    def made(detector, *, fitted=(1, 1, 1, 1, 1, 1), labels=None, fit_where=None, held_out=None):
        folder = RunFolder(tmp_path / detector)
        folder.ask(RunRequest("data", detector, {"x": "feature", "kind": "label"}, fit_where=fit_where))
        folder.result.mkdir()
        fitted_rows = np.array(fitted, dtype=bool)
        arrays = {
            "scores": SCORES,
            "sorted_scores": np.sort(SCORES),
            "sorted_training_scores": np.sort(SCORES[fitted_rows]),
            "fitted": fitted_rows,
        }
        if labels is not None:
            arrays["labels"] = labels
        if held_out is not None:
            arrays["held_out"] = np.array(held_out, dtype=bool)
        for name, values in arrays.items():
            np.save(folder.result / f"{name}.npy", values)
        return folder

    return made


def said(*marks):
    """Verdicts on rows, the first given first."""
    return verdicts_of([
        Mark(first, last, verdict, "", None, None, "ann", datetime(2026, 1, 1), number + 1) for number, (first, last, verdict) in enumerate(marks)
    ])  # fmt: skip


def known_of(folder, verdicts=NOTHING_SAID):
    known = evidence_of(folder, folder.path, verdicts).known
    return known.anomalies.tolist(), known.normals.tolist()


def usual_of(folder, verdicts=NOTHING_SAID):
    usual = evidence_of(folder, folder.path, verdicts).usual
    return str(usual) if isinstance(usual, Message) else usual.tolist()


def test_labels_say_which_rows_are_known_and_verdicts_come_before_them(run):
    folder = run("isolation_forest", labels=LABELS)
    assert known_of(folder) == ([5.0, 9.0], [1.0, 2.0, 4.0])
    assert known_of(folder, said((0, 0, "normal"), (4, 4, "anomaly"), (2, 3, "unsure"))) == ([3.0, 9.0], [1.0, 5.0])


def test_the_latest_verdict_counts(run):
    assert known_of(run("isolation_forest"), said((4, 4, "anomaly"), (5, 5, "anomaly"), (4, 4, "normal"))) == ([9.0], [3.0])


def test_of_a_detector_that_learns_from_labels_the_rows_that_were_held_out_judge(run):
    folder = run("decision_tree", fitted=[1, 1, 1, 0, 0, 0], labels=LABELS, held_out=[0, 0, 0, 1, 0, 1])
    assert known_of(folder) == ([9.0], [2.0])
    assert usual_of(folder) == [2.0]


def test_rows_chosen_to_learn_from_are_usual_where_each_was_left_out_of_its_own_score(run):
    folder = run("nearest_neighbours", fitted=[0, 1, 1, 1, 1, 0], fit_where=FitWhere("x", "1"))
    assert usual_of(folder) == [1.0, 2.0, 3.0, 4.0]
    assert usual_of(folder, said((2, 2, "anomaly"))) == [1.0, 2.0, 3.0]


def test_scores_of_rows_that_were_learned_from_are_not_compared_with_those_of_others(run):
    folder = run("isolation_forest", fitted=[0, 1, 1, 1, 1, 0], fit_where=FitWhere("x", "1"))
    assert "scores rows that it learned from lower" in usual_of(folder)


def test_of_rows_not_learned_from_those_labelled_normal_are_usual(run):
    assert usual_of(run("isolation_forest", fitted=[1, 0, 1, 0, 1, 0], labels=LABELS, fit_where=FitWhere("x", "1"))) == [1.0, 2.0]


def test_where_all_rows_were_learned_from_the_label_unseen_all_labelled_normal_are_usual(run):
    assert usual_of(run("isolation_forest", labels=LABELS)) == [1.0, 2.0, 4.0]


def test_without_labels_and_choice_nobody_knows_what_is_usual(run):
    assert "No rows are known to be usual" in usual_of(run("nearest_neighbours"))


def test_evidence_is_gathered_again_once_something_was_said(run):
    folder, kept, asked = run("isolation_forest", labels=LABELS), KeptEvidence(), []

    def verdicts():
        asked.append(1)
        return NOTHING_SAID

    first = kept.of(folder, folder.path, 0, verdicts)
    assert kept.of(folder, folder.path, 0, verdicts) is first
    assert kept.of(folder, folder.path, 1, verdicts) is not first
    assert len(asked) == 2


def column(name, kind, low, high):
    return ColumnProfile(name, kind, missing=0, distinct=2, low=low, high=high)


@pytest.mark.parametrize(
    ("kind", "low", "high", "days"),
    [
        ("date", "2024-03-01", "2024-03-10", 10.0),  # whole days: both ends count
        ("date", "2024-03-01T00:00:00", "2024-03-03T12:00:00", 2.5),
        ("number", 1_700_000_000, 1_700_043_200, 0.5),
        ("number", 0, 5000, None),  # steps of its own, no time of day
        ("date", None, None, None),
    ],
)
def test_days_are_those_that_the_column_with_the_time_spans(kind, low, high, days):
    assert days_of([column("at", kind, low, high)], {"at": "time"}) == days


def test_without_the_role_the_only_column_of_dates_says_when_a_row_was():
    day, other = column("day", "date", "2024-03-01", "2024-03-10"), column("paid", "date", "2024-03-01", "2024-03-02")
    assert days_of([day], {"day": "ignored"}) == 10.0
    assert days_of([day, other], {}) is None
    assert days_of([day, other], {"paid": "time"}) == 2.0
