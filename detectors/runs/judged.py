"""The verdicts that a run learns from, as they were when it was asked for: kept in its folder, so that it stays what it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detectors.errors import DataError, StorageError
from detectors.messages import N_
from detectors.preparation import Items
from detectors.runs.request import RunRequest
from detectors.storage.files import RUN_GONE
from detectors.verdicts import ANOMALY, NORMAL, Verdicts

#: In the folder of a run that learns from verdicts: these.
FILE = "verdicts.npz"

#: The detector that learns from them, in every representation.
DETECTOR = "verdicts"

#: Of a row: an anomaly, normal, nothing said. The array of the result that says so has this name.
IS_ANOMALY, IS_NORMAL, UNKNOWN = 1, 0, -1
ARRAY = "verdicts"

NOTHING_JUDGED = N_("There is nothing to learn from yet: no row was judged an anomaly or normal. Judge a few rows first.")


@dataclass(frozen=True)
class Judged:
    """Rows that are anomalies or normal, as people said; those nobody is sure of are not among them."""

    rows: NDArray[np.intp]
    """Positions in the data, growing."""
    is_anomaly: NDArray[np.bool_]
    """(rows,)"""

    @classmethod
    def of(cls, verdicts: Verdicts) -> Self:
        """The verdicts that hold."""
        anomalies, normal = verdicts.rows(ANOMALY), verdicts.rows(NORMAL)
        rows = np.concatenate([anomalies, normal])
        order = np.argsort(rows, kind="stable")
        return cls(rows[order], (np.arange(len(rows)) < len(anomalies))[order])

    def of_rows(self, rows: int) -> NDArray[np.int8]:
        """For each of so many `rows` what was said, (rows,)."""
        said = np.full(rows, UNKNOWN, dtype=np.int8)
        said[self.rows] = np.where(self.is_anomaly, IS_ANOMALY, IS_NORMAL)
        return said

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / FILE, allow_pickle=False, rows=self.rows, is_anomaly=self.is_anomaly)

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """What a run in `folder` learns from; None of a run that learns from no verdicts."""
        if not (folder / FILE).exists():
            return None
        try:
            with np.load(folder / FILE, allow_pickle=False) as kept:
                return cls(kept["rows"], kept["is_anomaly"])
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise StorageError(RUN_GONE) from error


def asked_to_learn(run_id: str, begun_with: RunRequest, judged: Judged) -> RunRequest:
    """The request of a run that learns from what was `judged`, beginning with the run `run_id`, or with what that one began with.

    Raises:
        DataError: nothing was judged.
    """
    if not len(judged.rows):
        raise DataError(NOTHING_JUDGED)
    first = begun_with.start_from if begun_with.detector == DETECTOR else run_id
    return replace(
        begun_with,
        detector=DETECTOR,
        parameters={},
        start_from=first,
        drop_share=None,
        scored_by=None,
        retrains=None,
        search=None,
        trial=None,
    )


def of_items(judged: Judged, rows: int, items: Items, positions: NDArray[np.intp]) -> NDArray[np.int8]:
    """What was said of the items at `positions`: one is an anomaly where any of its rows is."""
    said = judged.of_rows(rows)
    anomalies, normal = (items.labels((said == sort).astype(np.int8), positions) > 0 for sort in (IS_ANOMALY, IS_NORMAL))
    return np.where(anomalies, IS_ANOMALY, np.where(normal, IS_NORMAL, UNKNOWN)).astype(np.int8)


def with_judged(judged: Judged, rows: int, items: Items, learned: NDArray[np.intp]) -> NDArray[np.intp]:
    """The positions of the items to learn from, `learned` and those that were judged, growing."""
    everything = np.arange(len(items))
    return np.union1d(learned, everything[of_items(judged, rows, items, everything) != UNKNOWN])
