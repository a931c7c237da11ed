"""The gate on what is inside pictures, texts and times, in numbers that can be checked by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from detectors import reading
from detectors.contents import measured
from detectors.contents.pictures import picture_figures
from detectors.contents.texts import text_figures
from detectors.detector_file.frame_data import FrameData
from detectors.detector_file.manifest import KeptThreshold, Manifest, manifest_of
from detectors.detector_file.schema import contents_of
from detectors.errors import StorageError
from detectors.gate import Gate, check_described, gate_of
from detectors.gate.inside import of_contents
from detectors.gate.times import of_times

NO_FIT = KeptThreshold("manual", 1.0, 1.0)


def learned(kind: str, data: FrameData, preparation: dict[str, Any]) -> Manifest:
    """What a detector file says that learned from all rows of `data`."""
    features = [name for name, role in data.roles.items() if role == "feature"]
    found = Manifest(
        "zscore", kind, "vectors", {}, 0, data.roles, features, NO_FIT, {}, data.rows, data.rows,
        preparation=preparation, contents=contents_of(kind, data, np.ones(data.rows, dtype=bool), preparation),
    )  # fmt: skip
    return manifest_of(json.dumps(found.to_json()).encode(), "x.zip")  # as it comes out of the file


def compared(kept: Manifest, data: FrameData) -> Gate:
    """What the gate says of what is inside `data`, which it would read from a folder."""
    found = measured(kept.kind, data, kept.preparation)[0]
    return Gate(*(of_times if kept.kind == "series" else of_contents)(kept, kept.contents[0], found))


def told(found: Gate) -> str:
    return "\n".join(f"{each.what} {each.then}" for each in found.noticed)


def sizes(found: Gate) -> dict[str, str]:
    return {drift.name: drift.size for drift in found.drifts}


# ── pictures ──


def shown(pictures: list[np.ndarray]) -> FrameData:
    return FrameData(roles={}, held=pd.DataFrame(index=range(len(pictures))), shown=pictures)


def grey(light: int, count: int, side: int = 16) -> list[np.ndarray]:
    """Pictures around so much light, no two alike."""
    chance = np.random.default_rng(light)
    return [chance.integers(light - 5, light + 6, (side, side, 1)).astype(np.uint8) for _ in range(count)]


def test_a_white_picture_is_all_light_with_no_edge_and_a_chessboard_is_half_light_and_all_edges() -> None:
    white, board = np.full((4, 6, 1), 255, np.uint8), np.zeros((8, 8, 3), np.uint8)
    board[::2, ::2] = board[1::2, 1::2] = 255
    found = picture_figures(shown([white, board]), np.arange(2))
    assert found["size"].tolist() == ["6 × 4", "8 × 8"]
    assert found["brightness"].tolist() == pytest.approx([100.0, 50.0])
    assert found["contrast"].tolist() == pytest.approx([0.0, 50.0])
    assert found["saturated"].tolist() == [100.0, 100.0]
    assert found["sharpness"].tolist() == pytest.approx([0.0, 400.0])  # four neighbours, each all of the scale away
    assert found["colour"].tolist() == ["grey", "grey"]


def test_of_a_large_picture_bands_from_all_over_it_are_looked_at() -> None:
    large = np.zeros((2400, 2000, 1), np.uint8)
    large[1200:] = 255
    found = picture_figures(shown([large]), np.arange(1))
    assert found["brightness"][0] == pytest.approx(50, abs=1)
    assert found["height"][0] == 2400


def test_darker_and_larger_pictures_are_told_with_what_becomes_of_them() -> None:
    kept = learned("images", shown(grey(150, 60)), {"size": 16, "channels": 1})
    found = compared(kept, shown([*grey(150, 45), *grey(20, 5)]))
    assert "10 % of the pictures (5 of 50) are darker than any it learned from" in told(found)
    larger = compared(kept, shown(grey(150, 50, 32)))
    assert "All 50 pictures are 32 × 32; those that it learned from are 16 × 16." in told(larger)
    assert "every picture is brought to 16 × 16 pixels" in told(larger)
    assert sizes(larger)["width × height, pixels"] == "large"
    same = compared(kept, shown(grey(150, 50)))
    assert told(same) == ""
    assert set(sizes(same).values()) == {"none"}


# ── texts ──


def test_letters_words_and_signs_of_a_text_are_counted() -> None:
    texts = ["Good dog 12!", "Добрая собака", "你好", "  ", None, "007"]
    found = text_figures(texts, {"good"}, np.zeros(6, bool))
    assert found["letters"].fillna("").tolist() == ["Latin", "Cyrillic", "Chinese", "", "", "none"]
    assert found["length"].tolist()[:3] == [12, 13, 2]
    assert found["words"].tolist()[:3] == [3, 2, 1]
    assert found["known"][0] == 25.0  # of good, dog, a number and "!"
    assert found["digits"][0] == pytest.approx(20.0)
    assert found["empty"].tolist() == [False, False, False, True, True, False]


def texts_of(texts: list[str]) -> FrameData:
    return FrameData(roles={"words": "text"}, held=pd.DataFrame({"words": texts}))


def test_texts_in_other_letters_and_repeated_ones_are_told() -> None:
    chance = np.random.default_rng(0)
    english = [" ".join(chance.choice(["apple", "pear", "plum", "fig", "lime"], 9)) for _ in range(200)]
    russian = [" ".join(chance.choice(["яблоко", "груша", "слива"], 9)) for _ in range(50)]
    vocabulary = {"vocabulary": {"words": ["apple", "pear", "plum", "fig", "lime"], "length": 8}}
    kept = learned("text", texts_of(english), vocabulary)
    found = compared(kept, texts_of([*english[:50], *russian]))
    assert "50 % of the texts (50 of 100) are in letters that none of those was in that it learned from: Cyrillic; there Latin." in told(
        found
    )
    assert "50 % of the texts (50 of 100) hold fewer words that it knows" in told(found)
    assert sizes(found)["letters"] == "large"
    again = compared(kept, texts_of([*english[50:150], *english[50:150]]))
    assert "50 % of the texts (100 of 200) repeat one before them; of those it learned from 0 %." in told(again)
    assert told(compared(kept, texts_of(english[100:]))) == ""


# ── times ──

ROLES = {"at": "time", "who": "entity", "value": "feature"}


def series_of(step: str, rows: int = 100, drop: slice = slice(0)) -> FrameData:
    one = pd.DataFrame({"at": pd.date_range("2026-01-01", periods=rows, freq=step), "value": np.arange(rows) % 7})
    frame = pd.concat([one.assign(who=name) for name in ("a", "b")], ignore_index=True)
    return FrameData(roles=ROLES, held=frame.drop(frame.index[drop]).reset_index(drop=True))


@pytest.fixture(scope="module")
def hourly() -> Manifest:
    return learned("series", series_of("h"), {"window": 24, "parameters": {"regular": False}})


def test_rows_a_day_apart_are_no_rows_an_hour_apart(hourly: Manifest) -> None:
    found = compared(hourly, series_of("D"))
    assert "A row every 1 d; the detector learned from one every 1 h." in told(found)
    assert "a window of 24 rows spans 24 d now and spanned 1 d then" in told(found)
    assert sizes(found)["time between rows"] == "large"
    assert told(compared(hourly, series_of("h", 60))) == ""


def test_gaps_times_that_go_back_and_too_few_rows_are_told(hourly: Manifest) -> None:
    gaps = compared(hourly, series_of("h", drop=slice(40, 50)))
    assert "(1 of 188) are gaps, longer than 1.5 usual steps; among those learned from 0 %. The longest is 11 h, before row 41." in told(
        gaps
    )
    short = series_of("h", 12)
    assert "`who`: 2 of 2 have fewer rows than a window of 24: a, b." in told(compared(hourly, short))
    mixed = short.held.iloc[[0, 1, 3, 2, 4, 5, 6, 7, 8, 9, 9]].reset_index(drop=True)
    back = told(compared(hourly, FrameData(roles=ROLES, held=mixed)))
    assert "In 1 rows time goes back, first in row 4; in the training data 0 % of the rows do." in back
    assert "1 rows are of the same time as the row before" in back
    assert "gaps" not in back  # put into the order of time, nothing is missing


def test_steps_are_the_same_in_one_block_or_in_many(monkeypatch: pytest.MonkeyPatch) -> None:
    data = series_of("h", drop=slice(10, 12))
    whole = measured("series", data, {})[0]
    frame = data.held
    monkeypatch.setattr(
        FrameData, "blocks", lambda self, columns: ((slice(at, at + 7), frame[at : at + 7]) for at in range(0, len(frame), 7))
    )
    found = measured("series", data, {})[0]
    pd.testing.assert_frame_equal(found.figures, whole.figures)
    assert found.times.entities == whole.times.entities
    assert found.times.longest == whole.times.longest == (3 * 3600.0, 10)


def test_a_file_from_before_says_what_it_does_not_know(hourly: Manifest, tmp_path: Path) -> None:
    record = dict(hourly.to_json())
    del record["contents"]
    old = manifest_of(json.dumps(record).encode(), "old.zip")
    series_of("D").held.to_csv(tmp_path / "daily.csv", index=False)
    reading.read_file(tmp_path / "daily.csv", tmp_path / "data", name="daily.csv")
    found = gate_of(old, tmp_path / "data", "table")
    assert "it does not know at which step it learned" in told(found)
    assert found.stops == []
    assert "A row every 1 d" in told(gate_of(hourly, tmp_path / "data", "table"))


@pytest.mark.parametrize("figures", [None, [{"quantiles": []}], [{"name": "step", "role": "figure", "type": "number", "quantiles": "abc"}]])
def test_a_file_from_elsewhere_whose_figures_cannot_be_read_is_refused(hourly: Manifest, figures: object) -> None:
    record = json.loads(json.dumps(hourly.to_json()))
    record["contents"][0]["figures"] = figures
    with pytest.raises(StorageError, match="not a detector file"):
        check_described(manifest_of(json.dumps(record).encode(), "x.zip"), "x.zip")
