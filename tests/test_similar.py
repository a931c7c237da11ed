"""Rows like one row are found by what makes it unusual."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.base import Progress
from detectors.runs.execute import execute, save
from detectors.runs.explained import ExplainedRun
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.runs.similar import rows_to_look_at, similar_rows
from tests.tables import PLANTED, ROWS, machine_frame, read_in

ROLES = {"reading_id": "id", "temperature": "feature", "doubled": "feature", "mode": "feature", "label": "label"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> ExplainedRun:
    data = read_in(machine_frame(), tmp_path_factory.mktemp("similar"))
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    asked = RunRequest("d", "isolation_forest", ROLES, seed=3)
    folder.ask(asked)
    folder.result.mkdir()
    save(execute(asked, data, Progress()), folder.result, Progress())
    return ExplainedRun.open(folder.path, data)


def test_most_rows_like_a_planted_one_are_other_planted_ones(opened: ExplainedRun) -> None:
    for row in PLANTED:
        assert len(set(similar_rows(opened, row, np.arange(ROWS), 3).tolist()) & (set(PLANTED) - {row})) >= 2


def test_only_the_named_rows_are_looked_at_and_never_the_row_itself(opened: ExplainedRun) -> None:
    found = similar_rows(opened, 17, np.array([5, 17, 101]), 10)
    assert found.tolist() == [101, 5]
    assert similar_rows(opened, 17, np.array([17]), 10).tolist() == []


def test_flagged_rows_are_all_looked_at_and_many_others() -> None:
    ranking = np.random.default_rng(0).permutation(20_000)
    among = rows_to_look_at(ranking, 1_000, seed=1)
    assert np.isin(ranking[:1_000], among).all()
    assert 5_000 <= len(among) <= 6_000
    assert (np.diff(among) > 0).all()
