"""Known kinds of anomaly, planted in a data set's own terms, and how a detector scores them.

A file of this folder that names a `KIND` of data holds its `ANOMALIES`: each kind of anomaly with the function that plants
it. What was planted goes the way of all data: through the run's preparation, into the run's detector.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Progress, Quiet, Scores
from detectors.data_set import DataSet
from detectors.messages import Message
from detectors.planting.contract import AnomalyKind, Ground, Planted, PlantedData, PlantedKind, Power, Share
from detectors.preparation import Preparation

__all__ = ["AnomalyKind", "Ground", "Planted", "PlantedData", "PlantedKind", "Power", "Share", "anomaly_kinds", "planted_recall", "power"]

#: Fewer rows than this that were not learned from say too little; then rows that were learned from are taken.
FEWEST_HELD_OUT = 30

#: Unplanted items whose scores are kept beside the planted ones.
MOST_UNPLANTED = 10_000


@cache
def _planters() -> dict[str, ModuleType]:
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules([str(Path(__file__).parent)])]
    return {module.KIND: module for module in modules if hasattr(module, "KIND")}


def anomaly_kinds(kind: str) -> list[AnomalyKind]:
    """The kinds of anomaly that can be planted in data of a kind, in their order."""
    return list(_planters()[kind].ANOMALIES)


def planted_recall(
    detector: Detector, preparation: Preparation, data: DataSet, scores: Scores, fitted: NDArray[np.bool_], *,
    flag_rate: float = 0.05, seed: int = 0,
) -> dict[str, float]:  # fmt: skip
    """Kind of anomaly → the share of it that is flagged where `flag_rate` of the unplanted items are.

    For choosing between settings of one detector without labels: leave rows out of `fitted`, so that anomalies are planted
    in rows that were not learned from. `scores`, (rows,), are those of all rows of `data`; the same seed plants the same
    anomalies in them. Measured on 18 labelled tables: of settings of nearest neighbours that learned from normal rows it
    prefers those that AUROC prefers (mean rank correlation 0.34, near 1 where they differ much). Between different
    detectors it says nothing of AUROC (0.08; -0.07 where they learned from rows with anomalies): another measure is needed.
    """
    return power(detector, preparation, data, scores, fitted, seed=seed).recall_at(flag_rate)


def power(
    detector: Detector, preparation: Preparation, data: DataSet, scores: Scores, fitted: NDArray[np.bool_], *,
    labels: NDArray[np.int8] | None = None, seed: int = 0, progress: Progress | None = None,
) -> Power:  # fmt: skip
    """Plants every kind of anomaly and lets the detector score it.

    Anomalies are planted in rows that were not learned from where there are enough of them, and never in rows whose label,
    1 of `labels`, says that they are anomalies already.
    """
    progress = progress or Progress()
    usual = np.ones(len(fitted), dtype=bool) if labels is None else labels != 1
    held_out = int((usual & ~fitted).sum()) >= FEWEST_HELD_OUT
    allowed = usual & ~fitted if held_out else usual & fitted
    window = int(getattr(preparation, "window_", 1))
    planter = _planters()[preparation.kind]
    known = fitted if fitted.any() else usual  # what a saved detector scores, it learned nothing from
    ground = Ground(data, allowed, known, window, getattr(preparation, "period_", None), planter.PLACES)
    judge = _Judge(detector, preparation, scores, progress)
    found: list[PlantedKind] = []
    not_planted: dict[str, Message] = {}
    for number, (anomaly, plant) in enumerate(planter.ANOMALIES.items()):
        progress.check()
        planted = plant(ground, np.random.default_rng([seed % 2**32, number]))
        if isinstance(planted, Message):
            not_planted[anomaly.name] = planted
        else:
            found.append(judge.scored(anomaly.name, planted))
        progress.report("planting", number + 1, len(planter.ANOMALIES))
    return Power(tuple(found), held_out, max((len(kind.planted) for kind in found), default=0), not_planted)


@dataclass(frozen=True)
class _Judge:
    """Scores what was planted as the run scores its data."""

    detector: Detector
    preparation: Preparation
    scores: Scores
    """(rows,): of the data with nothing planted in them."""
    progress: Progress

    def scored(self, name: str, planted: Planted) -> PlantedKind:
        highest: list[float] = []
        for copy in planted.copies:
            found = self._row_scores(copy.data)
            highest += [float(found[first:stop].max()) for first, stop in copy.places]
        return PlantedKind(name, np.array(highest), _drawn(self.scores[planted.unplanted].max(axis=1)))

    def _row_scores(self, data: DataSet) -> Scores:
        items, quiet = self.preparation.items(data), Quiet(self.progress)
        return items.row_scores(self.detector, self.detector.score(items.at(np.arange(len(items))), quiet), quiet)


def _drawn(scores: Scores) -> Scores:
    """All of them or, of very many, as many evenly spread over their ranks: shares stay what they are."""
    if len(scores) <= MOST_UNPLANTED:
        return scores
    return np.sort(scores)[np.linspace(0, len(scores) - 1, MOST_UNPLANTED).astype(np.intp)]
