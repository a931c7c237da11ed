"""Anomalies planted in rows of a table, in its own columns: what is changed stays a value that the column could have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.messages import N_, Message
from detectors.planting.contract import AnomalyKind, Ground, Plant, Planted, PlantedData

KIND = "table"

#: Anomalies of each kind.
PLACES = 100

#: Rows among which is looked up what is usual.
USUAL_ROWS = 5_000

#: An extreme value lies beyond the usual range, from the 1st to the 99th percentile, by so many times its width.
BEYOND = 1.0

#: The ends of the usual range, as shares of the values.
ENDS = (0.02, 0.98)

#: Where a value lies that is to contradict another one, as a share of the values.
OUTER = (0.02, 0.2)

#: From this correlation on, as a rank correlation, two columns go together.
CORRELATED = 0.5

#: The share of the columns in which a small cluster lies at the end of the usual range, and the rows it has.
CLUSTERED, CLUSTER_ROWS = 0.34, 10

#: (row, column) → the value that is planted there.
Changes = dict[tuple[int, str], Any]

_NO_NUMBERS = N_("No column that is learned from holds numbers that vary.")
_NO_PAIR = N_("No two columns of numbers go together: the highest rank correlation is {correlation}.")


@dataclass(frozen=True)
class _Rows:
    """Rows to change, and usual rows of the same columns."""

    ground: Ground
    chosen: pd.DataFrame
    usual: pd.DataFrame

    @classmethod
    def of(cls, ground: Ground, chance: np.random.Generator) -> _Rows:
        columns = [column for column, role in ground.data.roles.items() if role in ("feature", "text")]
        allowed, learned = np.flatnonzero(ground.allowed), np.flatnonzero(ground.learned)
        chosen = np.sort(chance.choice(allowed, min(ground.places, len(allowed)), replace=False))
        usual = learned[drawn(len(learned), USUAL_ROWS, 0)]
        return cls(ground, ground.data.frame(columns, chosen).reset_index(drop=True), ground.data.frame(columns, usual))

    @cached_property
    def numbers(self) -> list[str]:
        """Columns of numbers with at least three different values."""
        return [name for name, values in self.usual.items() if _is_number(values) and values.nunique() > 2]  # type: ignore[misc]

    @cached_property
    def varying(self) -> list[str]:
        """Columns with at least two different values."""
        return [str(name) for name, values in self.usual.items() if values.nunique() > 1]

    def known(self, column: str) -> NDArray[np.float64]:
        """The finite usual values of a column of numbers, sorted."""
        values = self.usual[column].to_numpy(dtype=np.float64, na_value=np.nan)
        return np.sort(values[np.isfinite(values)])

    def ends(self, column: str) -> tuple[float, float]:
        low, high = np.quantile(self.known(column), ENDS)
        return float(low), float(high)

    def with_changes(self, changes: Changes, frame: pd.DataFrame | None = None) -> Planted:
        """The chosen rows (or `frame`) with other values in some places, (row, column)."""
        changed = (self.chosen if frame is None else frame).copy()
        for column in dict.fromkeys(column for _, column in changes):
            values = changed[column].astype(object)
            for (row, its_column), value in changes.items():
                if its_column == column:
                    values.iat[row] = value
            changed[column] = _typed(values, self.usual[column])
        return Planted.in_rows(PlantedData(self.ground.data.folder, self.ground.data.roles, values=changed), self.ground)


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _typed(values: pd.Series, like: pd.Series) -> pd.Series:
    """Planted `values` as the column holds its own: whole numbers stay whole."""
    if pd.api.types.is_integer_dtype(like):
        numbers = values.astype(np.float64).round()
        return numbers if numbers.isna().any() else numbers.astype("int64")
    if _is_number(like):
        return values.astype(np.float64)
    return values.astype(like.dtype)


def _extreme(ground: Ground, chance: np.random.Generator) -> Planted | Message:
    rows = _Rows.of(ground, chance)
    if not rows.numbers:
        return Message(_NO_NUMBERS)
    changes: Changes = {}
    for row, column in enumerate(chance.choice(rows.numbers, len(rows.chosen))):
        low, high = np.quantile(rows.known(column), (0.01, 0.99))
        reach = BEYOND * (high - low) or float(np.ptp(rows.known(column)))
        changes[row, column] = high + reach if chance.random() < 0.5 else low - reach
    return rows.with_changes(changes)


def _broken(ground: Ground, chance: np.random.Generator) -> Planted | Message:
    rows = _Rows.of(ground, chance)
    if len(rows.numbers) < 2:
        return Message(_NO_NUMBERS)
    ranks = rows.usual[rows.numbers].rank(pct=True).to_numpy(dtype=np.float64, na_value=0.5)
    correlations = np.corrcoef(ranks, rowvar=False)
    pairs = [(first, second) for first, second in _pairs(len(rows.numbers)) if abs(correlations[first, second]) >= CORRELATED]
    if not pairs:
        strongest = max(abs(correlations[first, second]) for first, second in _pairs(len(rows.numbers)))
        return Message(_NO_PAIR, {"correlation": float(strongest)})
    changes: Changes = {}
    for row, pair in enumerate(chance.choice(len(pairs), len(rows.chosen))):
        changes |= _contradicting(rows, row, pairs[pair], correlations[pairs[pair]] > 0, chance)
    return rows.with_changes(changes)


def _pairs(count: int) -> Iterator[tuple[int, int]]:
    return ((first, second) for first in range(count) for second in range(count) if first != second)


def _contradicting(rows: _Rows, row: int, pair: tuple[int, int], together: bool, chance: np.random.Generator) -> Changes:
    """Both values within what is usual, one of them near one end, and the other one where it never is when the first is there."""
    end = chance.uniform(*OUTER)
    end = end if chance.random() < 0.5 else 1 - end
    first, second = (rows.numbers[place] for place in pair)
    return {
        (row, first): float(np.quantile(rows.known(first), end)),
        (row, second): float(np.quantile(rows.known(second), 1 - end if together else end)),
    }


def _swapped(ground: Ground, chance: np.random.Generator) -> Planted | Message:
    rows = _Rows.of(ground, chance)
    if not rows.varying:
        return Message(_NO_NUMBERS)
    changes: Changes = {}
    for row, column in enumerate(chance.choice(rows.varying, len(rows.chosen))):
        own, others = rows.chosen[column].iat[row], rows.usual[column].dropna()
        different = others[others != own] if pd.notna(own) else others
        changes[row, column] = different.iat[int(chance.integers(len(different)))]
    return rows.with_changes(changes)


def _clustered(ground: Ground, chance: np.random.Generator) -> Planted | Message:
    """Groups of rows that are nearly alike: some of their numbers lie at an end of what is usual, where rows seldom lie together."""
    rows = _Rows.of(ground, chance)
    if len(rows.numbers) < 2:
        return Message(_NO_NUMBERS)
    changes: Changes = {}
    members = np.arange(len(rows.chosen)) // CLUSTER_ROWS
    middle = rows.chosen.iloc[members * CLUSTER_ROWS].reset_index(drop=True)
    for cluster in range(int(members.max()) + 1):
        count = max(2, round(CLUSTERED * len(rows.numbers)))
        for column in chance.choice(rows.numbers, count, replace=False):
            low, high = rows.ends(column)
            centre = low if chance.random() < 0.5 else high
            for row in np.flatnonzero(members == cluster):
                changes[int(row), column] = centre + 0.01 * (high - low) * chance.standard_normal()
    return rows.with_changes(changes, middle)


def _nearly_double(ground: Ground, chance: np.random.Generator) -> Planted | Message:
    rows = _Rows.of(ground, chance)
    if not rows.varying:
        return Message(_NO_NUMBERS)
    return rows.with_changes({(row, column): _opposite(rows, row, column) for row, column in enumerate(_columns(rows, chance))})


def _columns(rows: _Rows, chance: np.random.Generator) -> list[str]:
    return [str(column) for column in chance.choice(rows.varying, len(rows.chosen))]


def _opposite(rows: _Rows, row: int, column: str) -> Any:
    """The end of the column's usual range that is farther from the row's own value; of other columns the rarest other value."""
    own: Any = rows.chosen[column].iat[row]
    if _is_number(rows.usual[column]):
        low, high = rows.ends(column)
        return high if pd.isna(own) or own < (low + high) / 2 else low
    counts = rows.usual[column].value_counts()
    return counts.index[counts.index != own][-1]


ANOMALIES: dict[AnomalyKind, Plant] = {
    AnomalyKind(
        "extreme", N_("Extreme value"),
        N_("One number of the row was moved beyond its column's usual range, by as much as that range is wide."),
    ): _extreme,
    AnomalyKind(
        "correlation", N_("Broken correlation"),
        N_("Two numbers that go together were set against each other, each within its usual range."),
    ): _broken,
    AnomalyKind("swapped", N_("Value from another row"), N_("One value of the row was replaced by that of another row.")): _swapped,
    AnomalyKind(
        "cluster", N_("Small cluster"),
        N_("Groups of 10 nearly equal rows, a third of whose numbers lie at an end of their column's usual range."),
    ): _clustered,
    AnomalyKind(
        "double", N_("Near-duplicate with one change"),
        N_("A copy of a row in which one value went to the other end of its column's usual range, or became the rarest one."),
    ): _nearly_double,
}  # fmt: skip
