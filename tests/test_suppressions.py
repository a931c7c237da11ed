"""Rows like one that was marked normal are silenced, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.errors import DataError, StorageError
from detectors.settings import Settings
from detectors.storage.bin import Bin, Chosen
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.suppressions import Bound, Middle, Suppression, columns_of, like_row, silenced_by
from detectors.workbench import Workbench
from detectors.workbench.suppressing import Given
from tests.tables import read_in

FRAME = pd.DataFrame({
    "amount": [9400.0, 9350.0, 120.0, None],
    "day": pd.to_datetime(["2024-05-01 08:00", "2024-05-01 23:59", "2024-05-02 00:00", "2024-05-01 00:00"]),
    "paid": [True, True, False, True],
    "shop": ["Kiosk", "Kiosk", "Kiosk", None],
    "said": ["late delivery again", "Late DELIVERY", "fine", "delivery"],
})  # fmt: skip

TYPES = {"amount": "number", "day": "date", "paid": "boolean", "shop": "text", "said": "text"}


def silenced(*bounds: Bound) -> list[int]:
    return np.flatnonzero(Suppression(bounds).silences(FRAME)).tolist()


def test_a_row_must_meet_every_bound() -> None:
    assert silenced(Bound("shop", "text", "is", "Kiosk")) == [0, 1, 2]
    assert silenced(Bound("shop", "text", "is", "Kiosk"), Bound("amount", "number", ">=", 9000)) == [0, 1]
    assert silenced(Bound("said", "text", "contains", "delivery"), Bound("said", "text", "contains", "late")) == [0, 1]


def test_what_is_missing_meets_only_the_bound_that_asks_for_it() -> None:
    assert silenced(Bound("amount", "number", "<=", 1e9)) == [0, 1, 2]
    assert silenced(Bound("amount", "number", "is missing")) == [3]


def test_the_rule_made_of_a_row_silences_rows_near_it() -> None:
    bounds = like_row({"amount": 9400.0}, {"amount": "number"}, {"amount": Middle(9000.0, 1000.0)})  # type: ignore[arg-type]
    assert [(bound.comparison, bound.value) for bound in bounds] == [(">=", 9300.0), ("<=", 9500.0)]
    assert silenced(*bounds) == [0, 1]


def test_the_farther_out_a_number_is_the_wider_is_what_is_like_it() -> None:
    bounds = like_row({"hours": 133.0}, {"hours": "number"}, {"hours": Middle(median=13.0, spread=4.0)})
    assert [bound.value for bound in bounds] == [121.0, 145.0]


@pytest.mark.parametrize(("column", "rows"), [("day", [0, 1, 3]), ("paid", [0, 1, 3]), ("shop", [0, 1, 2]), ("said", [0])])
def test_the_rule_made_of_a_row_silences_the_row_itself_and_its_like(column: str, rows: list[int]) -> None:
    assert silenced(*like_row({column: FRAME[column][0]}, TYPES, {})) == rows  # type: ignore[arg-type]


def test_a_row_without_a_value_is_like_others_without_one() -> None:
    assert silenced(*like_row({"shop": None}, TYPES, {})) == [3]  # type: ignore[arg-type]


def test_the_first_suppression_that_silences_a_row_is_named() -> None:
    rules = [Suppression((Bound("amount", "number", ">", 9375),)), Suppression((Bound("shop", "text", "is", "Kiosk"),))]
    assert silenced_by(rules, FRAME).tolist() == [0, 1, 1, -1]
    assert columns_of(rules) == ["amount", "shop"]


def test_a_suppression_without_a_condition_silences_nobody() -> None:
    with pytest.raises(DataError, match="at least one condition"):
        Suppression(()).silences(FRAME)


def test_a_missing_column_is_told() -> None:
    with pytest.raises(DataError, match="`amounts`, which is not there"):
        Suppression((Bound("amounts", "number", ">", 1),)).silences(FRAME)


def test_a_suppression_survives_json() -> None:
    rule = Suppression(like_row({"amount": 9400.0, "shop": "Kiosk"}, TYPES, {"amount": Middle(9000.0, 10.0)}), "s1", 7, {"author": "Ada"})  # type: ignore[arg-type]
    assert Suppression.from_json(rule.to_json()) == rule


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    opened = Workbench(Settings(tmp_path / "ws", f"sqlite:///{tmp_path / 'a.db'}"))
    (tmp_path / "read").mkdir()
    read_in(FRAME, tmp_path / "read").rename(opened.workspace.data / "d1")
    opened.records.add(DataSetRecord("d1", "payments.csv", "table", 4, 5, "hash", {}))
    opened.records.add(RunRecord("r1", "d1", "train", "isolation_forest", {}))
    yield opened
    opened.close()


def test_a_suppression_is_kept_with_its_author_withdrawn_and_put_back(bench: Workbench) -> None:
    made = bench.suppress("r1", [Bound("shop", "text", "is", "Kiosk")], Given(row=2, note="always like this", author="Ada"))
    (kept,) = bench.suppressions("r1")
    assert (kept.id, kept.row, kept.facts["author"], kept.facts["note"]) == (made, 2, "Ada", "always like this")
    assert bench.silenced("d1", [kept], np.array([3, 0])).tolist() == [-1, 0]
    bench.withdraw(made)
    assert bench.suppressions("r1") == []
    assert bench.all_suppressions("r1")[0].withdrawn is not None
    bench.withdraw(made, back=True)
    assert [one.id for one in bench.suppressions("r1")] == [made]


def test_nobody_suppresses_in_a_run_that_is_in_the_bin(bench: Workbench) -> None:
    made = bench.suppress("r1", [Bound("shop", "text", "is", "Kiosk")], Given())
    Bin(bench.records).put(Chosen(runs=("r1",)))
    with pytest.raises(StorageError):
        bench.suppress("r1", [Bound("shop", "text", "is", "Kiosk")], Given())
    with pytest.raises(StorageError):
        bench.withdraw(made)
    Bin(bench.records).purge(Chosen(runs=("r1",)))
    assert bench.all_suppressions("r1") == []
