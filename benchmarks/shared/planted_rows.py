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
from detectors.command_line import RULE, VALUE, Training, begun
from detectors.explanations.background import usual_rows
from detectors.runs.execute import FittedRun, execute
from detectors.thresholds import threshold

#: The share of the normal rows in which values are planted. No detector learns from them: it would know the row as it was.
HELD_OUT = 0.25

#: A planted value lies between these quantiles of its column, so that it is not extreme by itself.
RANGE = (0.01, 0.99)

#: Rows that are planted and scored together, and how often at most.
TRIED_TOGETHER, MOST_TRIES = 2000, 25

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
        scores = self.run.training_scores
        return self.learned[usual_rows(scores, self.units.size, self.run.request.seed)]

    def planted(self, wanted: int) -> PlantedRows:
        """So many rows, or fewer where hardly any gets flagged."""
        cut_off = threshold(RULE, VALUE, np.sort(self.run.training_scores)).cut_off
        bases = self.run.items.X[self.planted_in & (self.run.scores <= cut_off)]
        chance, found, tried = np.random.default_rng(SEED), [], 0
        while len(bases) and tried < TRIED_TOGETHER * MOST_TRIES and sum(len(rows) for rows, _ in found) < wanted:
            rows, columns = self._with_other_values(bases, chance)
            tried += len(rows)
            flagged = self.run.detector.score(rows) > cut_off if len(rows) else np.zeros(0, dtype=bool)
            found.append((rows[flagged], columns[flagged]))
        rows, columns = (np.concatenate(each)[:wanted] for each in zip(*found, strict=True)) if found else (bases[:0], np.zeros(0, int))
        return PlantedRows(rows, columns, tried)

    def _with_other_values(self, bases: NDArray[np.float32], chance: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        """Rows of `bases` with one column's value from another row, and which column that is; fewer than were tried."""
        learned, units = self.learned, self.units
        columns = chance.integers(int(units.max()) + 1, size=TRIED_TOGETHER)
        rows = bases[chance.integers(len(bases), size=TRIED_TOGETHER)]
        others = learned[chance.integers(len(learned), size=TRIED_TOGETHER)]
        planted = np.where(units == columns[:, None], others, rows)
        low, high = np.quantile(learned, RANGE, axis=0, method="nearest")
        in_range = ((planted >= low) & (planted <= high) | (units != columns[:, None])).all(axis=1)
        kept = in_range & (planted != rows).any(axis=1)
        return planted[kept], columns[kept]


@contextmanager
def learned_table(labelled: LabelledSet, detector: str, parameters: tuple[str, ...] = ()) -> Iterator[LearnedTable]:
    """Has `detector` learn from a table, with its defaults but for `parameters`, as the command line would."""
    frame = pd.read_parquet(labelled.path) if labelled.path.suffix == ".parquet" else pd.read_csv(labelled.path, dtype=str, keep_default_na=False)
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
