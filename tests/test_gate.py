"""The gate before scoring, in numbers that can be checked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from detectors import reading
from detectors.detector_file.manifest import KeptThreshold, Manifest
from detectors.drift import Categories, Numbers
from detectors.gate import Gate, gate_of, score_drift

UNIFORM = np.linspace(0, 100, 51).tolist()


def numbers(*parts: list[float], quantiles: list[float] = UNIFORM) -> Any:
    found = Numbers({"name": "a", "type": "number", "role": "feature", "quantiles": quantiles})
    for part in parts:
        found.add(pd.Series(part, dtype=float))
    return found


def column(name: str, kind: str = "number", **more: Any) -> dict[str, Any]:
    ranges = {"low": 0.0, "high": 100.0, "quantiles": UNIFORM} if kind in ("number", "integer") else {}
    return {"name": name, "role": "feature", "type": kind, "missing": 0.0, "categories": None, **ranges, **more}


def manifest(*columns: dict[str, Any], **more: Any) -> Manifest:
    names = [each["name"] for each in columns]
    return Manifest(
        "zscore", "table", "vectors", {}, 0, dict.fromkeys(names, "feature"), names, KeptThreshold("percentile", 99.0, 0.99), {}, 1000, 1000,
        columns=list(columns), **more,
    )  # fmt: skip


def gate(tmp_path: Path, frame: pd.DataFrame, kept: Manifest) -> Gate:
    (tmp_path / "new.csv").write_text(frame.to_csv(index=False))
    reading.read_file(tmp_path / "new.csv", tmp_path / "data", name="new.csv")
    return gate_of(kept, tmp_path / "data", "table")


def told(found: Gate) -> list[str]:
    return [f"{each.what} {each.then}" for each in found.noticed]


# ── how far a column has moved ──


def test_rows_like_those_learned_from_have_not_moved_and_rows_beyond_them_have_by_one() -> None:
    assert numbers(np.linspace(0, 100, 1000).tolist()).drift(1000).distance < 0.01
    assert numbers([200.0] * 50).drift(1000).distance == pytest.approx(1.0)


def test_half_of_the_rows_moved_is_a_distance_of_a_half_in_one_block_or_in_two() -> None:
    usual, moved = np.linspace(0, 100, 500).tolist(), [200.0] * 500
    found = numbers(usual, moved).drift(1000)
    assert found.distance == pytest.approx(0.5, abs=0.01)
    assert found.size == "large"
    assert numbers(usual + moved).drift(1000).distance == found.distance
    assert found.found.sum() == pytest.approx(1.0)
    assert found.learned.sum() == pytest.approx(1.0)


def test_a_rare_value_between_two_quantiles_is_no_drift() -> None:
    quantiles = [0.0] * 50 + [1.0]  # of 0 and 1, anything up to one in fifty is 1
    assert numbers([0.0] * 990 + [1.0] * 10, quantiles=quantiles).drift(1000).distance < 0.001
    assert numbers([0.0] * 500 + [1.0] * 500, quantiles=quantiles).drift(1000).distance == pytest.approx(0.48, abs=0.001)


def test_few_rows_may_lie_elsewhere_by_chance() -> None:
    chance = np.random.default_rng(0)
    few = numbers(chance.uniform(0, 100, 20).tolist()).drift(1000)
    assert few.distance > 0.1
    assert few.size == "none"


def test_categories_move_by_the_share_of_the_rows_that_changed() -> None:
    found = Categories({"name": "c", "categories": {"x": 50, "y": 50}})
    found.add(pd.Series(["x"] * 900 + ["new"] * 100))
    assert found.drift(100).distance == pytest.approx(0.5)
    assert found.unseen == [("new", 100)]


# ── findings ──


def test_data_like_those_learned_from_pass_without_a_word(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.linspace(0, 100, 200), "c": ["x", "y"] * 100})
    found = gate(tmp_path, frame, manifest(column("a"), column("c", "text", categories={"x": 500, "y": 500})))
    assert found.noticed == []
    assert [drift.size for drift in found.drifts] == ["none", "none"]
    assert found.rows == 200


def test_missing_and_retyped_columns_stop_scoring_and_come_first(tmp_path: Path) -> None:
    frame = pd.DataFrame({"extra": [1, 2], "a": ["many", "few"]})
    found = gate(tmp_path, frame, manifest(column("a"), column("b")))
    assert [each.stops for each in found.noticed] == [True, True, False]
    assert "learned from it: b." in told(found)[0]
    assert told(found)[1].startswith("`a` holds text here; the detector learned from numbers.")
    assert "extra" in told(found)[2]
    assert found.drifts == []


def test_order_unseen_categories_ranges_and_gaps_are_told_and_scoring_goes_on(tmp_path: Path) -> None:
    frame = pd.DataFrame({"c": ["x"] * 98 + ["z", "z"], "a": [50.0] * 97 + [-5.0, 400.0, np.nan]})
    found = gate(tmp_path, frame, manifest(column("a"), column("c", "text", categories={"x": 1000})))
    assert found.stops == []
    lines = "\n".join(told(found))
    assert "another order" in lines
    assert "`a`: 2 of 100 rows (2 %) lie outside 0 to 100, the range of the training rows; the furthest is 400." in lines
    assert "`a`: 1 of 100 rows (1 %) have no value; no training row lacked it." in lines
    assert "`c`: 2 of 100 rows hold categories that no training row held: z." in lines
    assert found.drifts[0].column == "a"


def test_a_suppression_whose_column_is_not_there_is_told(tmp_path: Path) -> None:
    rule = {"bounds": [{"column": "gone", "type": "number", "comparison": ">", "value": 3.0}]}
    found = gate(tmp_path, pd.DataFrame({"a": [1.0, 2.0]}), manifest(column("a"), suppressions=[rule]))
    assert any("`gone`" in line and "silences nothing" in line for line in told(found))


def test_pictures_are_no_table(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("a\n1\n2\n")
    reading.read_file(tmp_path / "new.csv", tmp_path / "data", name="new.csv")
    kept = Manifest("pca", "images", "pixels", {}, 0, {}, [], KeptThreshold("manual", 1.0, 1.0), {}, 9, 9)
    assert len(gate_of(kept, tmp_path / "data", "table").stops) == 1


# ── of the scores ──

SCORES = {"quantiles": np.linspace(0, 1, 101).tolist(), "flagged": 0.01}


def test_as_many_flags_as_expected_are_no_finding() -> None:
    found = score_drift(manifest(scores=SCORES), np.linspace(0, 1, 1000), 0.99)
    assert found is not None
    assert found.verdict == "as expected"
    assert "about as many" in str(found.message)


def test_twice_as_many_flags_as_expected_are_not_about_as_many() -> None:
    found = score_drift(manifest(scores=SCORES), np.sort(np.concatenate([np.linspace(0, 0.98, 980), np.full(20, 3.0)])), 0.99)
    assert found is not None
    assert (found.verdict, found.found) == ("as expected", 0.02)
    assert str(found.message) == "2 % flagged where 1 % was expected: somewhat more, as new rows often have."


def test_many_flags_with_all_scores_moved_are_a_shift_and_no_anomalies() -> None:
    found = score_drift(manifest(scores=SCORES), np.sort(np.linspace(0.6, 1.05, 1000)), 0.99)
    assert found is not None
    assert found.verdict == "shift"
    assert str(found.message).endswith("this is a shift, not 13.4 % anomalies.")


def test_many_flags_while_the_others_score_as_before_may_be_anomalies() -> None:
    scores = np.sort(np.concatenate([np.linspace(0, 0.98, 910), np.full(90, 3.0)]))
    found = score_drift(manifest(scores=SCORES), scores, 0.99)
    assert found is not None
    assert (found.verdict, found.found) == ("more", 0.09)
    assert "9 % flagged where 1 % was expected" in str(found.message)


def test_as_many_flags_of_scores_that_have_moved_are_not_as_expected() -> None:
    scores = np.sort(np.concatenate([np.full(990, 0.5), np.full(10, 3.0)]))
    found = score_drift(manifest(scores=SCORES), scores, 0.99)
    assert found is not None
    assert found.verdict == "moved"
