"""Rules: conditions on a table's own columns are compared as they stand, and never run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from detectors import registry
from detectors.base import Progress
from detectors.errors import DataError, DetectorError, ParameterError
from detectors.preparation import load_preparation
from detectors.runs.execute import execute
from detectors.runs.request import RunRequest
from detectors.vectors.rules import Rules
from tests.tables import read_in

FRAME = pd.DataFrame(
    {
        "amount": [10.0, 9000.0, 9000.5, 20_000.0, None, 50.0],
        "country": ["DE", "XX", "DE", "xx", "FR", None],
        "when": ["2024-01-01", "2024-06-30", "2024-07-01", "2024-07-02", "2024-01-05", "2024-01-06"],
        "paid": [True, False, True, True, False, True],
    }
)
ROLES = {"amount": "feature", "country": "feature", "when": "feature", "paid": "feature"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return read_in(FRAME, tmp_path_factory.mktemp("rules"))


def run(data, *conditions, preparation=None, **parameters):
    parameters = {"conditions": [list(condition) for condition in conditions], **parameters}
    request = RunRequest("d", "rules", ROLES, parameters=parameters, preparation=preparation or {})
    return execute(request, data, Progress())


def met(data, *condition) -> list[int]:
    """The rows that meet a condition, from 0."""
    return np.flatnonzero(run(data, condition).scores > 0).tolist()


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        (("amount", ">", 9000), [2, 3]),
        (("amount", ">=", 9000), [1, 2, 3]),
        (("amount", "<", "50"), [0]),
        (("amount", "is not", 9000), [0, 2, 3, 5]),
        (("amount", "is missing", ""), [4]),
        (("country", "is", "XX"), [1]),
        (("country", "is not", "DE"), [1, 3, 4]),
        (("country", "contains", "x"), [1, 3]),
        (("country", "is missing", ""), [5]),
        (("when", ">", "2024-06-30"), [2, 3]),
        (("when", "is", "2024-07-01"), [2]),
        (("paid", "is", False), [1, 4]),
    ],
)
def test_a_condition_is_met_by_what_the_data_say(data, condition, rows):
    assert met(data, *condition) == rows


@pytest.mark.parametrize("preparation", [{"scaling": "quantile"}, {"skew": "yeo_johnson", "winsorise": 0.2}, {"dates": "cyclic"}])
def test_how_the_data_are_prepared_changes_nothing_of_what_is_met(data, preparation):
    conditions = [("amount", ">", 9000), ("when", ">", "2024-06-30")]
    assert np.floor(run(data, *conditions, preparation=preparation).scores).tolist() == [0, 0, 2, 2, 0, 0]


def test_scores_count_weights_and_of_equal_rows_the_one_farther_past_is_higher(data):
    scores = run(data, ("amount", ">", 9000), ("country", "is", "XX", 3)).scores
    assert np.floor(scores).tolist() == [0, 3, 1, 1, 0, 0]
    assert scores[3] > scores[2]


def test_all_together_or_not_at_all(data):
    scores = run(data, ("amount", ">=", 9000), ("paid", "is", True), combine="all").scores
    assert np.flatnonzero(scores > 0).tolist() == [2, 3]


def test_a_row_is_explained_by_the_column_of_its_condition(data):
    from detectors.explanations.shapley import Explainer
    from detectors.runs.explained import game_of

    found = run(data, ("amount", ">", 15_000))
    explained = found.preparation.explained(found.data, np.arange(6), found.detector)
    values = Explainer(game_of(found.detector, found.preparation, explained[[0, 5]]), 0).many(explained[[3]]).values[0]
    assert found.preparation.columns[int(np.argmax(values))] == "amount"
    assert found.preparation.encoding.restore(explained[[3]])["amount"].tolist() == [pytest.approx(20_000)]


def test_conditions_travel_with_the_saved_preparation(data, tmp_path):
    found = run(data, ("country", "contains", "x"), ("when", ">", "2024-06-30"))
    found.preparation.save(tmp_path / "preparation")
    found.detector.save(tmp_path / "detector")
    items = load_preparation(tmp_path / "preparation").items(found.data)
    again = registry.load(tmp_path / "detector").score(pd.DataFrame(items.X, columns=found.preparation.names))
    assert (again == found.scores).all()


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        (("amnt", ">", 1), "There is no feature column `amnt` for a condition"),
        (("country", ">", 1), "`country` does not hold numbers"),
        (("amount", "contains", "9"), "`amount` does not hold text"),
        (("amount", ">", "many"), "`amount` holds numbers, and `many` is none"),
        (("when", ">", "soon"), "`when` holds dates, and `soon` is none"),
        (("paid", "is", "maybe"), "`paid` holds yes and no"),
    ],
)
def test_what_cannot_be_compared_is_a_sentence(data, condition, sentence):
    with pytest.raises(DataError, match=sentence):
        run(data, condition)


def test_without_a_condition_there_is_nothing_to_count(data):
    with pytest.raises(DetectorError, match="needs at least one condition"):
        run(data)


def test_a_condition_is_never_code():
    with pytest.raises(ParameterError, match="is no comparison"):
        Rules(conditions=[["amount", "__import__('os')", 1]])


def test_rules_are_for_tables_and_the_command_line_reads_them():
    assert "rules" in [detector.name() for detector in registry.for_kind("table")]
    assert "rules" not in [detector.name() for detector in registry.for_kind("series")]
    given = Rules.parse_parameters(['conditions=[["amount",">",9000],["country","is","XX",2]]'])
    assert given["conditions"] == (("amount", ">", 9000.0, 1.0), ("country", "is", "XX", 2.0))


def test_on_a_plain_array_columns_are_called_by_their_place():
    scores = Rules(conditions=[["2", ">", 1]]).fit(np.array([[5.0, 0], [0, 3]])).training_scores_
    assert np.floor(scores).tolist() == [0, 1]
