"""Rows in which one value was replaced by that of another row, and which a detector flags for that alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.shared.labelled_sets import CHOSEN, CHOSEN_COLUMN, LabelledSet
from detectors.base import Progress
from detectors.command_line import Training, begun
from detectors.explanations.background import donor_rows
from detectors.runs.deciding import USUAL_RULE, USUAL_VALUE
from detectors.runs.execute import FittedRun, execute
from detectors.thresholds import threshold

#: The share of the normal rows in which values are planted. No detector learns from them: it would know the row as it was.
HELD_OUT = 0.25

#: A planted value lies between these quantiles of its column, so that it is not extreme by itself.
RANGE = (0.01, 0.99)

#: Plantings for each row that is wanted: where a detector hardly ever notices one, a table counts with fewer rows.
TRIES = 50

#: Rows taken of those that were planted in one and the same row, so that no single row makes a table's figure.
OF_ONE_ROW = 4

SEED = 0


@dataclass(frozen=True)
class PlantedRows:
    """Rows that became flagged only through the planting."""

    rows: NDArray[np.float32]
    """(rows, numbers), prepared."""
    columns: NDArray[np.intp]
    """(rows,): the unit in which a value was planted."""
    tried: int
    """How many rows were planted to get them."""


@dataclass(frozen=True)
class LearnedTable:
    """A detector that has learned from a table, but for the rows in which values are planted."""

    run: FittedRun
    planted_in: NDArray[np.bool_]
    """(rows,): normal rows that were not learned from."""

    @property
    def units(self) -> NDArray[np.intp]:
        """(numbers,): the column each number belongs to."""
        return self.run.preparation.units

    @property
    def learned(self) -> NDArray[np.float32]:
        """The rows that were learned from, (rows, numbers)."""
        return self.run.items.X[self.run.fitted]

    @property
    def usual(self) -> NDArray[np.float32]:
        """The usual rows that a run of the dashboard keeps."""
        return self.learned[donor_rows(self.run.training_scores, self.units.size, self.run.request.seed)]

    def planted(self, wanted: int) -> PlantedRows:
        """So many rows that became flagged, or fewer where that is seldom."""
        cut_off = threshold(USUAL_RULE, USUAL_VALUE, np.sort(self.run.training_scores)).cut_off
        bases = self.run.items.X[self.planted_in & (self.run.scores <= cut_off)]
        tries = self._tries(bases, TRIES * wanted)
        if not len(tries.rows):
            return PlantedRows(tries.rows, tries.columns, 0)
        flagged = np.flatnonzero(self.run.detector.score(tries.rows) > cut_off)
        earlier = np.array([(tries.bases[flagged[:place]] == tries.bases[one]).sum() for place, one in enumerate(flagged)], dtype=np.intp)
        kept = flagged[earlier < OF_ONE_ROW][:wanted]
        return PlantedRows(tries.rows[kept], tries.columns[kept], len(tries.rows))

    def _tries(self, bases: NDArray[np.float32], count: int) -> _Tries:
        """Up to so many rows of `bases` with one column's value from another row."""
        chance, learned, units = np.random.default_rng(SEED), self.learned, self.units
        columns = chance.integers(int(units.max()) + 1, size=count)
        places = chance.integers(max(1, len(bases)), size=count)
        if not len(bases):
            return _Tries(bases, columns[:0], places[:0])
        rows, others = bases[places], learned[chance.integers(len(learned), size=count)]
        planted = np.where(units == columns[:, None], others, rows)
        low, high = np.quantile(learned, RANGE, axis=0, method="nearest")
        in_range = ((planted >= low) & (planted <= high) | (units != columns[:, None])).all(axis=1)
        kept = in_range & (planted != rows).any(axis=1)
        return _Tries(planted[kept], columns[kept], places[kept])


@dataclass(frozen=True)
class _Tries:
    """Planted rows, (rows, numbers), the unit each was planted in, and the row each is made of, both (rows,)."""

    rows: NDArray[np.float32]
    columns: NDArray[np.intp]
    bases: NDArray[np.intp]


@contextmanager
def learned_table(labelled: LabelledSet, detector: str, parameters: tuple[str, ...] = ()) -> Iterator[LearnedTable]:
    """Has `detector` learn from a table, with its defaults but for `parameters`, as the command line would."""
    frame = (
        pd.read_parquet(labelled.path)
        if labelled.path.suffix == ".parquet"
        else pd.read_csv(labelled.path, dtype=str, keep_default_na=False)
    )
    normal = np.flatnonzero(frame["label"].astype(float) != 1)
    planted_in = np.zeros(len(frame), dtype=bool)
    planted_in[np.random.default_rng(SEED).permutation(normal)[: round(HELD_OUT * len(normal))]] = True
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / labelled.path.name
        marked = frame.assign(**{CHOSEN_COLUMN: np.where(planted_in, "no", CHOSEN)})
        marked.to_csv(copy, index=False) if copy.suffix == ".csv" else marked.to_parquet(copy, index=False)
        asked: dict[str, Any] = {"label": "label", "fit_where": (CHOSEN_COLUMN, CHOSEN), "parameters": parameters, "quiet": True}
        with begun(Training(copy, detector, Path(folder) / "out", kind="table", **asked)) as opened:
            yield LearnedTable(execute(opened.request, opened.data, Progress()), planted_in)
