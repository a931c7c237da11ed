"""Auto: detectors that look at a table in different ways, as one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Progress, Scores
from detectors.errors import StorageError
from detectors.messages import N_
from detectors.together.detector import Asked, Together, most_unusual
from detectors.together.views import NormalRanks, View

#: The share of the training rows, the most unusual ones at first look, that some members learn without.
LEFT_OUT = 0.3

#: Rows that neighbours are looked for among, at most: time grows with each of them.
KEPT_ROWS, KEPT_ROWS_LOCAL = 5000, 10_000

#: How many members come before those that compare close neighbours among all training rows.
WIDE = 4

#: The most unusual rows of the others, by which the close ones are judged: this share …
SUREST = 0.02

#: … and how many of all rows these must rank above, on average, for the close ones to be trusted: from here, and fully.
TRUST_FROM, TRUST_FULL = 0.8, 0.95

#: The weight of the close ones where they are trusted, beside 1 for the others: nothing is finer, as long as nothing hides from them.
CLOSE = 2.0

#: Where they are not trusted, their surprise counts up to here: it then orders the two thirds of rows that are most usual.
UNTRUSTED = 1.0

FILE = "trust.json"


class Auto(Together):
    """Wide members, which look at the data as a whole, and close ones, which compare a row with its nearest neighbours.

    Wide are a forest and histograms, and two that learn without the rows that these find most unusual. The close ones find
    what is finer, unless training rows hold groups of anomalies: rows of a group are each other's neighbours and look
    usual. That shows: rows of which the wide members are surest are then usual to the close ones, which are trusted less,
    and in the end only order the usual rows. `trust_` is between 0 and 1.
    """

    title = N_("Auto")
    family = N_("Several together")
    summary = N_("Decides for you: several detectors look at the data, and what they make of it says how much each counts.")
    reference = "Aggarwal & Sathe: Theoretical foundations and algorithms for outlier ensembles, 2015, doi:10.1145/2830544.2830549"
    when = N_("You do not know yet which detector suits your data: begin here.")
    when_not = N_("You know what an anomaly looks like, or every second counts: a single detector is quicker and easier to explain.")
    score_name = N_("joint surprise")
    growth = 2.0
    scoring_cost = 4.0
    views: ClassVar[Mapping[str, type[View]]] = {View.name: View, NormalRanks.name: NormalRanks}

    def _asked(self, X: NDArray[np.float32]) -> Sequence[Asked]:
        near = {"distance": "mean", "most_rows": KEPT_ROWS}
        return [
            Asked("vectors", "isolation_forest", {"rows_per_tree": 1024}),
            Asked("vectors", "hbos", {"bins": 20}),
            Asked("vectors", "nearest_neighbours", {"neighbours": 20, **near}, NormalRanks.name, without=LEFT_OUT),
            Asked("vectors", "principal_components", without=LEFT_OUT),
            Asked("vectors", "nearest_neighbours", {"neighbours": 3, **near}, NormalRanks.name),
            Asked("vectors", "local_outlier_factor", {"most_rows": KEPT_ROWS_LOCAL}),
        ]

    def _learn_members(self, X: NDArray[np.float32], y: NDArray[np.int8] | None, progress: Progress) -> NDArray[np.float64]:
        surprises = super()._learn_members(X, y, progress)
        wide, close = _mean(surprises[:, :WIDE]), _mean(surprises[:, WIDE:])
        above = np.searchsorted(np.sort(close), close[most_unusual(wide, SUREST)]) / len(close)
        self.trust_ = float(np.clip((above.mean() - TRUST_FROM) / (TRUST_FULL - TRUST_FROM), 0, 1))
        return surprises

    def _joined(self, surprises: NDArray[np.float64]) -> Scores:
        close = surprises[:, WIDE:]
        return _mean(surprises[:, :WIDE]) + CLOSE * self.trust_ * _mean(close) + (1 - self.trust_) * _mean(np.minimum(close, UNTRUSTED))

    def members_table(self) -> list[dict[str, Any]]:
        """The weight of a member is its share in the score of a row that is far out."""
        rows = super().members_table()
        wide, close = min(WIDE, len(rows)), max(0, len(rows) - WIDE)
        whole = 1 + (CLOSE * self.trust_ if close else 0)
        weights = [1 / wide / whole] * wide + [CLOSE * self.trust_ / max(1, close) / whole] * close
        return [row | {"weight": round(weight, 4)} for row, weight in zip(rows, weights, strict=True)]

    def _save(self, folder: Path) -> None:
        super()._save(folder)
        (folder / FILE).write_text(json.dumps({"trust": self.trust_}), encoding="utf-8")

    def _load(self, folder: Path) -> None:
        super()._load(folder)
        try:
            self.trust_ = float(json.loads((folder / FILE).read_text(encoding="utf-8"))["trust"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(N_("`{file}` is missing or damaged. Train the detector again."), file=FILE) from error


def _mean(columns: NDArray[np.float64]) -> Scores:
    """The mean over columns, (rows,), column after column, so that it does not round by the number of rows; 0 of none."""
    total = np.zeros(len(columns))
    for column in columns.T:
        total += column
    return total / max(1, columns.shape[1])
