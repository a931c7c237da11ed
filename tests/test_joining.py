"""Rows of several data sets as one: by name, in the types of the first, each once where that is wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.frames import load_frame
from detectors.joining import Asked, Part, columns_of, join, placed
from detectors.pictures import load_pictures
from detectors.profile import load_profile
from detectors.reading.conversion import convert
from detectors.reading.report import Report, load_report
from tests.detector_files import pictures, write_pictures

ROLES = {"amount": "feature", "country": "feature", "known": "label", "note": "ignored"}


def part(frame: pd.DataFrame, name: str, folder: Path) -> Part:
    frame.to_csv(folder / name, index=False)
    return read(name, folder)


def read(name: str, folder: Path) -> Part:
    """The file `name` in `folder`, read in this process: it is ours."""
    (folder / f"data-{name}").mkdir()
    convert(folder / name, folder / f"data-{name}", name)
    return Part(folder / f"data-{name}", name)


def joined(parts: list[Part], roles: dict[str, str], kind: str, folder: Path, *, once: bool = False) -> Report:
    found = placed(parts, columns_of(parts, roles), kind, once=once)
    asked = Asked(tuple(parts), roles, kind, folder / "kept.npz")
    asked.save_kept(found.kept)
    (folder / "together").mkdir()
    join(Asked.from_json(asked.to_json()), folder / "together", "together")
    return load_report(folder / "together")


def test_columns_are_found_by_name_and_come_in_the_types_of_the_first_part(tmp_path: Path) -> None:
    old = part(pd.DataFrame({"amount": [1, 2, None], "country": ["DE", "FR", None], "known": [0, 1, 0], "note": ["a", "b", "c"]}), "old.csv", tmp_path)  # fmt: skip
    new = part(pd.DataFrame({"country": [7, 8], "extra": [1, 2], "amount": [2.5, 4], "known": ["x", "y"]}), "new.csv", tmp_path)
    report = joined([old, new], ROLES, "table", tmp_path)
    frame = load_frame(tmp_path / "together")
    assert frame.columns.tolist() == ["amount", "country", "known", "note"]
    np.testing.assert_array_equal(frame["amount"], [1, 2, np.nan, 2.5, 4])  # whole numbers take fractions in
    assert frame["country"].tolist()[3:] == ["7", "8"]
    assert frame["known"].tolist()[:3] == [0, 1, 0]
    assert frame["known"].isna().tolist()[3:] == [True, True]  # what is no number counts as missing …
    assert frame["note"].isna().tolist() == [False, False, False, True, True]
    told = [note.text() for note in report.notes]
    assert told[0] == "Put together from old.csv, new.csv."
    assert "`new.csv` also has extra: what the first part lacks is left out." in told
    assert "`new.csv` has no note: its rows have gaps there." in told
    assert any("`known`" in each for each in told)  # … and that is said
    assert (report.rows, report.columns, report.kind) == (5, 4, "table")
    assert [profile.missing for profile in load_profile(tmp_path / "together")] == [1, 1, 2, 2]


def test_rows_that_are_there_already_are_counted_and_taken_once_where_that_is_wanted(tmp_path: Path) -> None:
    frame = pd.DataFrame({"amount": np.arange(6), "country": list("abcdef"), "known": 0, "note": "x"})
    old = part(frame, "old.csv", tmp_path)
    new = part(pd.DataFrame({"amount": [9.0, 2.0, 4.0], "country": ["a", "c", "z"], "known": 1, "note": "y"}), "new.csv", tmp_path)
    columns = columns_of([old, new], ROLES)
    twice, once = (placed([old, new], columns, "table", once=each) for each in (False, True))
    assert twice.there_already == once.there_already == (0, 1)  # row c: label and note do not tell rows apart
    assert (twice.rows, once.rows) == (9, 8)
    assert once.kept[1].tolist() == [True, False, True]
    assert once.places[1].tolist() == [6, 2, 7]  # what is said of the second row is said of row 2
    assert twice.places[1].tolist() == [6, 7, 8]
    assert once.repeats == 0


def test_a_series_goes_on_and_says_where_steps_are_missing_or_there_already(tmp_path: Path) -> None:
    roles = {"at": "time", "machine": "entity", "value": "feature"}

    def steps(first: str, count: int, value: float) -> pd.DataFrame:
        times = pd.date_range(first, periods=count, freq="h")
        return pd.concat([pd.DataFrame({"at": times, "machine": name, "value": value}) for name in "AB"])

    old = part(steps("2026-01-01 00:00", 6, 1.0), "old.csv", tmp_path)
    over = part(steps("2026-01-01 04:00", 4, 2.0), "over.csv", tmp_path)
    later = part(steps("2026-01-01 12:00", 2, 3.0), "later.csv", tmp_path)
    report = joined([old, over, later], roles, "series", tmp_path)
    frame = load_frame(tmp_path / "together")
    assert len(frame) == 12 + 4 + 4  # 04:00 and 05:00 of both machines were there
    assert frame.groupby("machine")["value"].apply(list).loc["A"] == [1.0] * 6 + [2.0] * 2 + [3.0] * 2
    told = [note.text() for note in report.notes]
    assert "4 rows of `over.csv` were there already, and stand here once." in told
    assert "Between `over.csv` and `later.csv` 4 steps are missing." in told


def test_steps_without_a_time_follow_one_another_unless_it_is_the_same_file(tmp_path: Path) -> None:
    one, other, again = (part(pd.DataFrame({"value": values}), name, tmp_path) for values, name in (([1.0, 2.0], "one.csv"), ([1.0, 3.0], "other.csv"), ([1.0, 2.0], "again.csv")))  # fmt: skip
    columns = columns_of([one], {"value": "feature"})
    assert placed([one, other], columns, "series", once=False).rows == 4
    assert placed([one, again], columns, "series", once=False).there_already == (0, 2)


def test_pictures_follow_one_another_with_their_rows(tmp_path: Path) -> None:
    found = pictures(12)
    parts = []
    for name, some in (("old.zip", found[:6]), ("new.zip", [found[2], *found[6:9]])):
        write_pictures(tmp_path / name, some)
        parts.append(read(name, tmp_path))
    report = joined(parts, {"name": "id"}, "images", tmp_path, once=True)
    assert report.rows == 9
    np.testing.assert_array_equal(load_pictures(tmp_path / "together")[6:], found[6:9])
    assert load_frame(tmp_path / "together")["name"].tolist()[6].endswith("001.png")


@pytest.mark.parametrize("value", ["x", 1.5, True])
def test_equal_rows_are_known_again_whatever_their_type(value: object, tmp_path: Path) -> None:
    frame = pd.DataFrame({"amount": [1, 2, 3], "country": [value, value, None]})
    old, new = (part(frame, name, tmp_path) for name in ("old.csv", "new.csv"))
    assert placed([old, new], columns_of([old, new], ROLES), "table", once=False).there_already == (0, 3)
