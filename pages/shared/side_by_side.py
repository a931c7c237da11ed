"""What pages read of several runs at once: which rows each flags, how far they agree, how their settings differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import comparison
from detectors.base import Scores
from detectors.flags import Flags
from detectors.storage.records import RunRecord, ThresholdRecord
from pages.shared import flags
from pages.shared.context import run_text, run_title, told_apart
from pages.shared.engine import kept_by_id, workbench


@dataclass(frozen=True)
class Compared:
    """A finished run that stands beside others."""

    run: RunRecord
    threshold: ThresholdRecord
    name: str
    """What it is called here: no two alike."""

    @property
    def scores(self) -> Scores:
        """(rows,); a memory map."""
        return workbench().run_folder(self.run.id).array("scores")

    @property
    def flags(self) -> Flags:
        return flags.flags_of(self.threshold)


def comparable(data_id: str) -> list[Compared]:
    """The finished runs of a data set, the newest first."""
    thresholds = workbench().records.thresholds()
    done = [run for run in workbench().records.runs(data_id) if run.state == "done" and run.id in thresholds]
    names = _names(done)
    return [Compared(run, thresholds[run.id], names[run.id]) for run in done]


def _names(runs: Sequence[RunRecord]) -> dict[str, str]:
    """A name for each run, by id: as short as tells it from the others."""
    titles = Counter(run_title(run) for run in runs)
    return told_apart({run.id: run_title(run) if titles[run_title(run)] == 1 else run_text(run) for run in runs})


def flags_of(chosen: Sequence[Compared]) -> NDArray[np.bool_]:
    """What each run flags, (runs, rows)."""
    return np.stack([each.flags.mask for each in chosen])


def rank_correlations(chosen: Sequence[Compared]) -> NDArray[np.float64]:
    """(runs, runs)"""
    return _rank_correlations(tuple(each.run.id for each in chosen))


@kept_by_id(20)
def _rank_correlations(run_ids: tuple[str, ...]) -> NDArray[np.float64]:
    return comparison.rank_correlations([workbench().run_folder(run_id).array("scores") for run_id in run_ids])


def settings_of(run: RunRecord) -> dict[str, Any]:
    """Everything that was asked of a run, as named values: detector, its parameters, preparation, rows, seed."""
    summary, request = run.summary or {}, run.request
    where = request.get("fit_where")
    return {
        "detector": run.detector,
        "representation": run.representation,
        **summary.get("parameters", request.get("parameters", {})),
        **{f"preparation: {name}": value for name, value in summary.get("preparation", request.get("preparation", {})).items()},
        "learned from": f"{where['column']} = {where['value']}" if where else comparison.ABSENT,
        "first part": request.get("fit_first") or comparison.ABSENT,
        "sample": request.get("fit_sample") or comparison.ABSENT,
        "columns": sum(role == "feature" for role in request.get("roles", {}).values()),
        "seed": request.get("seed", 0),
    }
