"""Cut-offs of segments travel with a saved detector: the browser flags what the command line flags, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detectors.__main__ import main
from detectors.position import Position
from detectors.runs.new_data import OfFile
from detectors.runs.request import RunRequest
from detectors.storage.tables import DetectorRecord
from detectors.suppressions import Bound
from detectors.workbench import Workbench
from detectors.workbench.saved import Entitled
from detectors.workbench.suppressing import Given
from pages.shared.as_saved import as_saved
from pages.shared.flags import flags_of
from tests.behind_pages import resting_workbench
from tests.saved_runs import answering, done, imported

pytestmark = pytest.mark.slow

ROLES = {"a": "feature", "b": "feature", "shop": "ignored"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with resting_workbench(tmp_path_factory.mktemp("segments") / "workspace") as opened:
        yield answering(opened)


def frame(seed: int, rows: int = 200) -> pd.DataFrame:
    """Shop 2 has values three times as far out as shop 1; shop 3 is new from seed 1 on."""
    chance = np.random.default_rng(seed)
    shop = chance.integers(1, 3 if seed == 0 else 4, rows)
    return pd.DataFrame({"a": chance.normal(0, 1 + 2 * (shop == 2)), "b": chance.normal(size=rows), "shop": shop})


@pytest.fixture(scope="module")
def saved(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> DetectorRecord:
    data_id = imported(bench, frame(0), "march.csv", tmp_path_factory.mktemp("upload"))
    run_id = done(bench, bench.start_run(RunRequest(data_id, "zscore", ROLES)))
    bench.keep(bench.threshold_at(run_id, Position("percentile", 90.0, column="shop")), reason="each shop is its own")
    bench.suppress(run_id, [Bound("b", "number", ">", 1.5)], Given(note="seen"))
    return bench.save_detector(run_id, Entitled("shops"))


def test_the_file_holds_a_cut_off_for_each_segment_and_the_share_that_they_flag(bench, saved) -> None:
    manifest = bench.detector_manifest(saved.id)
    own = manifest.threshold.segments["cut_offs"]
    assert set(own) == {"1", "2"}
    assert own["2"] > own["1"]
    assert manifest.scores["flagged"] == pytest.approx(0.1, abs=0.01)


def test_scored_in_the_browser_flags_are_those_of_the_command_line_row_by_row(bench, saved, tmp_path: Path) -> None:
    new = imported(bench, frame(1), "april.csv", tmp_path)
    run_id = done(bench, bench.score_data(saved.id, new))
    kept = bench.records.threshold(run_id)
    assert (
        main(["score", str(bench.detector_path(saved.id)), str(tmp_path / "april.csv"), "--out", str(tmp_path / "s.csv"), "--quiet"]) == 0
    )
    told = pd.read_csv(tmp_path / "s.csv")
    flags = flags_of(kept)
    np.testing.assert_array_equal(flags.mask, told["flagged"].astype(bool))
    assert 0 < flags.silenced == int((told["silenced"].astype(bool) & (flags_of_above(flags))).sum())
    assert kept.flagged > 0
    again = bench.threshold_at(run_id, Position.of(kept))  # the position in an address flags the same
    assert (again.flagged, again.cut_off) == (kept.flagged, kept.cut_off)


def flags_of_above(flags) -> np.ndarray:  # type: ignore[no-untyped-def]
    mask = np.zeros(len(flags.order), dtype=bool)
    mask[flags.above] = True
    return mask


def test_the_threshold_of_scored_data_is_told_by_the_rule_of_its_detector_until_it_is_moved(bench, saved, tmp_path: Path) -> None:
    run_id = done(bench, bench.score_data(saved.id, imported(bench, frame(2), "may.csv", tmp_path)))
    kept = bench.records.threshold(run_id)
    assert as_saved(kept) == "as in shops v1: Percentile · 90 % of its training scores"
    assert as_saved(bench.threshold_at(run_id, Position.of(kept))) == as_saved(kept)
    assert as_saved(bench.threshold_at(run_id, Position("manual", kept.cut_off + 1))) == ""
    assert as_saved(bench.threshold_at(run_id, Position("percentile", 90.0))) == ""


def test_without_the_column_the_common_cut_off_holds_and_gate_and_reason_say_so(bench, saved, tmp_path: Path) -> None:
    new = imported(bench, frame(3).drop(columns="shop"), "june.csv", tmp_path)
    assert any("`shop` has a cut-off of its own" in each.what.text() for each in bench.gate(saved.id, new).noticed)
    run_id = done(bench, bench.score_data(saved.id, new))
    kept, file = bench.records.threshold(run_id), OfFile.of(bench.run_folder(run_id))
    assert kept.segments is None
    assert kept.cut_off == file.kept.cut_off
    assert "One cut-off for all" in kept.reason
    assert kept.flagged == int((np.asarray(bench.run_folder(run_id).array("scores")) > kept.cut_off).sum())
