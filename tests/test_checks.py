"""Checks name what would mislead a detector, in the data's own words, and offer what helps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from detectors.checks import Facts, Finding, columns_needed, findings
from detectors.frames import sample_frame, seal
from detectors.kinds import KINDS
from detectors.preparation.table import TablePreparation
from detectors.profile import profile_column
from detectors.reading.report import DATA_FILE
from detectors.storage.choices import Applied, Choices, load_choices, save_choices

ROWS = 400


def sound_frame() -> pd.DataFrame:
    chance = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "height": chance.normal(170, 9, ROWS).round(2),
            "weight": chance.normal(70, 9, ROWS).round(2),
            "city": chance.choice(["Ulm", "Bonn"], ROWS),
        }
    )


def found_in(frame: pd.DataFrame, roles: dict[str, str] | None = None, preparation: dict | None = None) -> dict[str, Finding]:
    """The findings by key; roles that are not given are the proposed ones."""
    table = pa.Table.from_pandas(frame.reset_index(drop=True), preserve_index=False)
    moments = [
        pa.timestamp("us") if pa.types.is_timestamp(kind) else pa.string() if pa.types.is_large_string(kind) else kind
        for kind in table.schema.types
    ]
    table = table.cast(pa.schema(list(zip(table.schema.names, moments, strict=True))))
    profiles = [profile_column(name, table.column(name)) for name in table.schema.names]
    chosen = {role.column: role.role for role in KINDS["table"].propose(profiles, len(frame))} | (roles or {})
    sample = table.to_pandas()[columns_needed(chosen)]
    return {each.key: each for each in findings(Facts("table", len(frame), profiles, chosen, sample, preparation or {}))}


def test_nothing_is_found_in_sound_data() -> None:
    assert found_in(sound_frame()) == {}


@pytest.mark.parametrize(
    ("column", "values", "key", "sentence"),
    [
        ("number", np.arange(ROWS) + 7, "identifier number", "looks like an identifier: 400 different values in 400 rows"),
        ("paper", np.random.default_rng(0).permutation(ROWS) * 3, "identifier paper", "looks like an identifier"),
        ("on", pd.date_range("2024-01-01", periods=ROWS, freq="h"), "date on", "is a date and a feature"),
        ("fixed", ["a"] * ROWS, "constant fixed", "has one value only, a"),
        ("mostly", [str(n % 40) for n in range(ROWS - 40)] + ["n/k"] * 40, "mixed mostly", "numbers in 360 of 400 rows looked at and texts such as `n/k`"),
        ("paid", np.random.default_rng(0).lognormal(0, 4, ROWS), "skew", "is extremely skewed"),
        ("gappy", [1.5, 2.5, 3.5, None, 5.5] * (ROWS // 5), "gaps gappy", "is missing in 20 % of the rows"),
        ("kind", ["a", "b", "a", None, "c"] * (ROWS // 5), "gaps kind", "is missing in 20 % of the rows. A gap counts as a category of its own"),
        ("sparse", [1.5, None, None, None, 2.5] * (ROWS // 5), "gaps sparse", "hardly anything"),
        ("code", [f"c{n % 90}" for n in range(ROWS)], "categories code", "90 different values"),
    ],
)  # fmt: skip
def test_a_column_that_would_mislead_is_named(column: str, values: object, key: str, sentence: str) -> None:
    found = found_in(sound_frame().assign(**{column: values}), {column: "feature"})
    assert list(found) == [key]
    assert sentence in found[key].message.text()
    assert "`" + column in found[key].message.text()
    assert found[key].remedies


def test_near_copies_are_named_once_each() -> None:
    frame = sound_frame()
    frame = frame.assign(
        inches=(frame["height"] / 2.54).where(frame.index % 40 > 0),
        feet=frame["height"] * -0.0328,
        town=frame["city"].map({"Ulm": "U", "Bonn": "B"}),
    )
    found = found_in(frame)
    assert list(found) == ["copy inches", "copy feet", "copy town"]
    assert found["copy inches"].remedies[0].roles == {"inches": "ignored"}


def test_a_column_that_tells_the_label_is_grave() -> None:
    frame = sound_frame().assign(label=[1] * 20 + [0] * (ROWS - 20), outcome=["lost"] * 20 + ["fine"] * (ROWS - 20))
    found = found_in(frame)
    assert [(each.key, each.severity) for each in found.values()] == [("leak outcome", "serious")]
    assert "`outcome` alone tells the label `label`" in found["leak outcome"].message.text()


def test_few_rows_and_equal_and_nearly_empty_ones_are_counted() -> None:
    frame = pd.concat([sound_frame().iloc[:30], sound_frame().iloc[:10]], ignore_index=True)
    frame.loc[[3, 4], ["height", "city"]] = None
    found = found_in(frame)
    assert {"few_rows", "duplicates", "empty_rows"} <= set(found)
    assert "8 of 40 rows (20 %)" in found["duplicates"].message.text()  # rows 3 and 4 are no longer equal to others
    assert found["empty_rows"].message.text().startswith("2 of 40 rows")


def test_texts_that_are_set_aside_are_offered_to_be_read() -> None:
    notes = [f"The customer number {n} called about an invoice that never came" for n in range(ROWS)]
    found = found_in(sound_frame().assign(remark=notes))
    assert found["text remark"].remedies[0].roles == {"remark": "text"}


def test_a_date_that_is_set_aside_is_offered_as_season_weekday_and_time_of_day() -> None:
    found = found_in(sound_frame().assign(on=pd.date_range("2024-01-01", periods=ROWS, freq="h")))
    assert [(each.key, each.severity) for each in found.values()] == [("date on", "idea")]
    assert found["date on"].remedies[0].preparation == {"dates": "cyclic"}


def test_what_a_choice_has_answered_is_not_found_again() -> None:
    frame = sound_frame().assign(paid=np.random.default_rng(0).lognormal(0, 4, ROWS))
    assert found_in(frame, preparation={"skew": "yeo_johnson"}) == {}


def test_every_remedy_is_something_that_roles_and_preparation_know() -> None:
    chance = np.random.default_rng(0)
    frame = sound_frame().iloc[:40].assign(
        id=range(40), paid=chance.lognormal(0, 4, 40), gap=[None, 1.0] * 20, same=1, code=[f"c{n}" for n in range(40)], on=pd.Timestamp("2024-01-01")
    )  # fmt: skip
    frame = pd.concat([frame, frame])
    found = found_in(frame, {"id": "feature", "same": "feature", "on": "feature"})
    remedies = [remedy for each in found.values() for remedy in each.remedies]
    assert len(remedies) >= 6
    for remedy in remedies:
        TablePreparation(**remedy.preparation)
        assert set(remedy.roles.values()) <= set(KINDS["table"].roles)
        assert remedy.roles or remedy.preparation


def test_a_sample_is_spread_over_the_file(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"n": np.arange(1000)}), tmp_path / DATA_FILE, row_group_size=100)
    seal(tmp_path)
    sample = sample_frame(tmp_path, ["n"], 100)["n"]
    assert len(sample) == 100
    assert (sample.iloc[0], sample.iloc[-1]) == (0, 999)
    assert len(set(sample // 100)) == 4  # row groups that are read
    assert len(sample_frame(tmp_path, ["n"], 5000)) == 1000


# ── what was chosen ──


def test_choices_are_kept_and_taken_back_one_by_one(tmp_path: Path) -> None:
    assert load_choices(tmp_path) == Choices()
    skew = Applied("skew", "Make them symmetric", preparation={"skew": "yeo_johnson"})
    once = Applied("duplicates", "Learn from each once", preparation={"duplicates": "once"}, preparation_before={"duplicates": "weigh"})
    save_choices(Choices({"duplicates": "weigh"}).and_also(skew).and_also(once), tmp_path)
    kept = load_choices(tmp_path)
    assert kept.preparation == {"duplicates": "once", "skew": "yeo_johnson"}
    assert kept.without("skew").preparation == {"duplicates": "once"}
    assert kept.without("duplicates").preparation == {"duplicates": "weigh", "skew": "yeo_johnson"}
    assert [each.key for each in kept.without("skew").applied] == ["duplicates"]


def test_what_was_chosen_since_then_survives_taking_back() -> None:
    weigh = Applied("duplicates", "Weigh them less", preparation={"duplicates": "weigh"})
    later = Choices({"duplicates": "once"}, (weigh,))
    assert later.without("duplicates").preparation == {"duplicates": "once"}
