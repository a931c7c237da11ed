"""A table becomes finite numbers, every number knows its column, and numbers become the table again."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.errors import DataError, ParameterError
from detectors.preparation import load_preparation
from detectors.preparation.columns import MISSING, OTHER, ColumnEncoding
from detectors.preparation.numbers import NumberColumn
from detectors.preparation.table import TablePreparation

FRAME = pd.DataFrame({"amount": [1.0, 2.0, 3.0, None], "city": ["Ulm", "Ulm", "Bonn", None]})


def test_numbers_that_are_only_scaled_go_a_shorter_way_to_the_same_bits() -> None:
    chance = np.random.default_rng(0)
    column = NumberColumn("a", 1.5, 3.3, 0.7)
    numbers, out = chance.normal(size=1000) * 10.0 ** chance.integers(-6, 12, 1000), np.zeros(1000, np.float32)
    assert column.write_whole(numbers, out)
    np.testing.assert_array_equal(out, column.scaled(numbers).astype(np.float32))
    for odd in (np.nan, np.inf, -np.inf, 1e30):
        assert not column.write_whole(np.append(numbers, odd), np.zeros(1001, np.float32))


def test_numbers_are_scaled_to_mean_0_and_deviation_1():
    vectors = ColumnEncoding().fit(FRAME[["amount"]]).transform(pd.DataFrame({"amount": [2.0]}))
    assert vectors[0, 0] == 0  # the mean of 1, 2, 3 and the filled 2
    assert ColumnEncoding().fit(FRAME[["amount"]]).transform(FRAME[["amount"]]).std() == pytest.approx(1, abs=1e-6)


def test_a_missing_number_becomes_the_median_of_the_training_rows():
    prepared = ColumnEncoding().fit(FRAME[["amount"]]).transform(FRAME[["amount"]])
    assert prepared[3, 0] == prepared[1, 0]  # the median of 1, 2, 3 is 2


@pytest.mark.parametrize(("scaling", "expected"), [("min_max", [0.0, 0.25, 1.0]), ("robust", [-1.0, -0.5, 1.0])])
def test_scaling_follows_the_choice(scaling, expected):
    # median 2, quartiles 1.5 and 3.5, so the middle half is 2 wide … on 1, 2, 5 it is 0.5 and 1.5 around 2
    frame = pd.DataFrame({"x": [1.0, 2.0, 5.0]})
    vectors = ColumnEncoding(scaling=scaling).fit(frame).transform(frame)[:, 0]
    if scaling == "robust":
        expected = [-0.5, 0.0, 1.5]
    assert vectors.tolist() == expected


def test_a_missing_category_is_a_category_of_its_own():
    preparation = ColumnEncoding().fit(FRAME)
    assert preparation.names == ["amount", "city = Ulm", "city = Bonn", f"city = {MISSING}"]
    assert preparation.transform(FRAME)[:, 1:].tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_rare_categories_share_one_number():
    frame = pd.DataFrame({"city": ["a", "a", "a", "b", "b", "c", "d"]})
    preparation = ColumnEncoding(one_hot_limit=2).fit(frame)
    assert preparation.names == ["city = a", "city = b", f"city = {OTHER}"]
    assert preparation.transform(pd.DataFrame({"city": ["c", "never seen"]})).tolist() == [[0, 0, 1], [0, 0, 1]]


def test_a_category_never_seen_is_no_known_one():
    preparation = ColumnEncoding().fit(FRAME[["city"]])
    assert preparation.transform(pd.DataFrame({"city": ["Rome"]})).tolist() == [[0, 0, 0]]


def test_what_is_fitted_comes_from_the_training_rows_alone():
    preparation = ColumnEncoding().fit(pd.DataFrame({"x": [0.0, 2.0]}))
    assert preparation.transform(pd.DataFrame({"x": [1.0, 101.0]}))[:, 0].tolist() == [0.0, 100.0]


def test_constant_empty_and_infinite_columns_give_finite_numbers():
    frame = pd.DataFrame({"same": [7.0, 7.0], "empty": [np.nan, np.nan], "endless": [np.inf, 1.0]})
    vectors = ColumnEncoding().fit(frame).transform(frame)
    assert np.isfinite(vectors).all()
    assert vectors[:, 0].tolist() == [0, 0]


def test_dates_and_booleans_become_numbers():
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-01-01", "2024-01-03"]), "on": [True, False]})
    assert ColumnEncoding(scaling="min_max").fit(frame).transform(frame).tolist() == [[0, 1], [1, 0]]


def test_restoring_gives_back_the_data_in_their_units():
    preparation = ColumnEncoding().fit(FRAME)
    restored = preparation.restore(preparation.transform(FRAME))
    assert restored["amount"].tolist() == pytest.approx([1, 2, 3, 2], abs=1e-5)
    assert restored["city"].tolist() == ["Ulm", "Ulm", "Bonn", MISSING]


def test_dates_booleans_and_whole_numbers_come_back_as_what_they_were():
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2024-01-01 00:00:00", "2024-03-01 12:30:00", "2024-01-02 00:00:00"]),
            "zoned": pd.to_datetime(["2024-01-01 02:00", "2024-01-02 02:00", None]).tz_localize("Europe/Berlin"),
            "on": [True, False, True],
            "count": [10_000_001, 3, 4],
            "ratio": [0.5, 0.25, 0.125],
        }
    )
    preparation = ColumnEncoding().fit(frame)
    assert [number.type for number in preparation.numbers] == ["date", "date", "boolean", "integer", "number"]
    restored = preparation.restore(preparation.transform(frame))
    assert abs(restored["at"] - frame["at"]).max() <= pd.Timedelta(seconds=1)
    assert restored["at"].dt.tz is None
    assert abs(restored["zoned"][0] - pd.Timestamp("2024-01-01 01:00")) <= pd.Timedelta(seconds=1)  # UTC
    assert restored["on"].tolist() == [True, False, True]
    assert restored["count"].tolist() == pytest.approx([10_000_001, 3, 4], abs=1.5)


def test_a_restored_boolean_is_the_nearer_one():
    preparation = ColumnEncoding(scaling="min_max").fit(pd.DataFrame({"on": [True, False]}))
    assert preparation.restore(np.array([[0.93], [0.5], [0.49]], dtype=np.float32))["on"].tolist() == [True, True, False]


def test_a_date_beyond_the_calendar_is_restored_as_its_end():
    frame = pd.DataFrame({"at": pd.to_datetime(["2024-01-01", "9000-01-01"])})
    restored = ColumnEncoding(scaling="min_max").fit(frame).restore(np.array([[9.0], [-9.0]], dtype=np.float32))["at"]
    assert [moment.year for moment in restored] == [9999, 1]


def test_booleans_with_gaps_are_numbers_with_gaps():
    frame = pd.DataFrame({"on": [True, None, False, True, True]}, dtype=object)
    preparation = ColumnEncoding(scaling="min_max").fit(frame)
    assert preparation.names == ["on"]
    assert preparation.numbers[0].type == "boolean"
    assert preparation.transform(frame)[:, 0].tolist() == [1, 1, 0, 1, 1]  # the gap becomes the median


def test_a_number_column_that_arrives_as_text_is_read_or_filled():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "at": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])})
    preparation = ColumnEncoding(scaling="min_max").fit(frame)
    text = pd.DataFrame({"x": ["3", "broken", None], "at": ["2024-01-03", "broken", None]})
    assert preparation.transform(text).tolist() == [[1, 1], [0.5, 0.5], [0.5, 0.5]]
    empty = pd.DataFrame({"x": [None], "at": [None]}, dtype=object)
    assert preparation.transform(empty).tolist() == [[0.5, 0.5]]


def test_a_preparation_saved_before_there_were_parts_still_loads(tmp_path: Path):
    record = {
        "kind": "table", "representation": "vectors", "parameters": {"scaling": "standard", "one_hot_limit": 20},
        "numbers": [{"column": "amount", "fill": 2.0, "center": 2.0, "scale": 0.5}],
        "categories": [{"column": "city", "values": ["Ulm", "Bonn", MISSING], "pooled": False}],
    }  # fmt: skip
    (tmp_path / "preparation.json").write_text(json.dumps(record))
    encoding = load_preparation(tmp_path).encoding
    assert encoding.transform(FRAME).tolist() == [[-2, 1, 0, 0], [0, 1, 0, 0], [2, 0, 1, 0], [0, 0, 0, 1]]


def test_every_number_names_its_original_column():
    preparation = ColumnEncoding().fit(FRAME)
    assert preparation.columns == ["amount", "city"]
    assert preparation.origins.tolist() == [0, 1, 1, 1]


def test_a_saved_preparation_prepares_alike(tmp_path: Path):
    preparation = TablePreparation(scaling="robust", one_hot_limit=2)
    preparation.encoding.fit(FRAME)
    preparation.save(tmp_path)
    assert (load_preparation(tmp_path).encoding.transform(FRAME) == preparation.encoding.transform(FRAME)).all()


def test_a_single_row_is_prepared_as_among_others():
    preparation = ColumnEncoding().fit(FRAME)
    assert (preparation.transform(FRAME.iloc[[2]]) == preparation.transform(FRAME)[2]).all()


def test_the_table_itself_is_left_alone():
    before = FRAME.copy()
    ColumnEncoding().fit(FRAME).transform(FRAME)
    pd.testing.assert_frame_equal(FRAME, before)


def test_no_columns_and_wrong_parameters_are_refused():
    with pytest.raises(DataError, match="at least one feature column"):
        ColumnEncoding().fit(pd.DataFrame(index=range(3)))
    with pytest.raises(ParameterError, match="one_hot_limit"):
        TablePreparation(one_hot_limit=1)
