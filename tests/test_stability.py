"""Refits say which flags are solid: those that do not depend on which rows happened to be learned from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.base import Progress
from detectors.flags import Flags
from detectors.runs.execute import execute, save
from detectors.runs.folder import RunFolder
from detectors.runs.refits import FEWEST_REFITS, RANKS, refit
from detectors.runs.request import RunRequest
from detectors.stability import Stability, ranks_of, stability
from detectors.storage.files import read_json
from tests.tables import PLANTED, ROWS, machine_frame, read_in

ROLES = {"reading_id": "id", "temperature": "feature", "doubled": "feature", "mode": "feature", "label": "label"}


def test_the_highest_score_has_rank_0_and_equal_scores_share_the_middle_of_theirs():
    assert ranks_of(np.array([5.0, 1.0, 3.0, 9.0])).tolist() == [1, 3, 2, 0]
    assert ranks_of(np.array([2.0, 2.0, 2.0, 7.0, 0.0])).tolist() == [2, 2, 2, 0, 4]


def test_flags_on_which_refits_agree_are_solid_and_the_others_borderline():
    ranks = np.array([[0, 0], [1, 3], [3, 1], [2, 2]], dtype=np.uint32)
    found = stability(ranks, Flags(np.array([0, 1, 2, 3]), 2, 0.5))
    assert found.share.tolist() == [1.0, 0.5, 0.5, 0.0]
    assert (found.solid, found.borderline, found.nearly) == (1, 1, 1)
    assert found.counts().tolist() == [0, 1, 1]
    assert stability(ranks, Flags(np.array([0, 1, 2, 3]), 4, 0.5)).solid == 4


def test_rows_with_a_cut_off_of_their_own_are_ranked_among_those_that_share_it():
    flags = Flags.by_row(np.array([9.0, 8.0, 2.0, 1.0]), np.array([0, 1, 2, 3]), np.array([8.5, 8.5, 1.5, 1.5]))
    ranks = np.array([[0, 1], [1, 0], [2, 3], [3, 2]], dtype=np.uint32)
    found = stability(ranks, flags)  # one row of each pair is flagged, in the first refit the same one, in the second the other
    assert found.share.tolist() == [0.5, 0.5, 0.5, 0.5]
    assert (found.solid, found.borderline) == (0, 2)


def test_the_band_holds_nine_in_ten_of_the_rows_on_which_refits_disagree():
    scores = np.arange(100.0, 0, -1)
    share = np.concatenate([np.ones(20), np.linspace(0.85, 0.15, 20), np.zeros(60)])
    assert Stability(share, np.arange(30), 20).band(scores) == (62.0, 79.0)
    assert Stability(np.concatenate([np.ones(5), np.zeros(95)]), np.arange(5), 20).band(scores) is None


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[RunFolder, Path]:
    data = read_in(machine_frame(), tmp_path_factory.mktemp("stability"))
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    folder.ask(RunRequest("d", "nearest_neighbours", ROLES, seed=3))
    folder.result.mkdir()
    save(execute(folder.request(), data, Progress()), folder.result, Progress())
    return folder, data


def refitted(finished: tuple[RunFolder, Path], result: Path, progress: Progress | None = None, refits: int = 6) -> np.ndarray:
    result.mkdir()
    refit(finished[0], finished[1], result, progress or Progress(), refits)
    return np.load(result / f"{RANKS}.npy")


def test_every_refit_ranks_every_row_and_planted_rows_stay_on_top(finished, tmp_path):
    ranks = refitted(finished, tmp_path / "result")
    assert ranks.shape == (ROWS, 6)
    assert ranks[list(PLANTED)].max() < 8
    assert (ranks[:, 0] != ranks[:, 1]).any()  # they learned from other rows
    found = stability(ranks, Flags(finished[0].array("ranking"), 4, 0.5))
    assert set(found.flagged) == set(PLANTED)
    assert found.solid == 4


def test_refits_are_the_same_every_time(finished, tmp_path):
    assert (refitted(finished, tmp_path / "one", refits=2) == refitted(finished, tmp_path / "two", refits=2)).all()


class _Stops(Progress):
    """Asks to stop, and keep what there is, from the beginning."""

    def stop_asked(self) -> bool:
        return True


def test_refits_that_are_stopped_are_kept_once_there_are_enough(finished, tmp_path):
    ranks = refitted(finished, tmp_path / "result", _Stops(), refits=20)
    assert ranks.shape == (ROWS, FEWEST_REFITS)
    assert read_json(tmp_path / "result" / "result.json")["refits"] == FEWEST_REFITS


def test_a_detector_that_learns_from_labels_has_anomalies_among_the_rows_of_every_refit(tmp_path):
    words = np.random.default_rng(0).choice(["clear", "good", "course", "topic", "tutor"], (120, 6))
    frame = pd.DataFrame({"text": [" ".join(row) for row in words], "label": 0})
    frame.loc[frame.index % 20 == 0, ["text", "label"]] = ["buy cheap pills now", 1]
    data = read_in(frame, tmp_path)
    folder = RunFolder(tmp_path / "run")
    folder.ask(RunRequest("d", "tfidf_logistic", {"text": "text", "label": "label"}, kind="text", representation="tokens"))
    folder.result.mkdir()
    save(execute(folder.request(), data, Progress()), folder.result, Progress())
    ranks = refitted((folder, data), tmp_path / "result", refits=2)
    assert ranks[frame["label"] == 1].max() < 6
