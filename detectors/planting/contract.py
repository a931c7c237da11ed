"""What planting is made of: kinds of anomaly, copies of items that hold one, and what a detector said of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from detectors.base import Scores
from detectors.data_set import DataSet
from detectors.intervals import Interval, share_interval
from detectors.messages import Message


@dataclass(frozen=True)
class AnomalyKind:
    """One known kind of anomaly. `title` names it, `planted` says in one sentence what was done; both are templates."""

    name: str
    title: str
    planted: str


@dataclass(frozen=True)
class PlantedData(DataSet):
    """Rows of a data set, changed, in its own columns or pictures; held in memory."""

    values: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False)
    """(rows, columns), rows counted from 0."""
    images: Sequence[NDArray[np.uint8]] = field(default=(), compare=False)

    @property
    def rows(self) -> int:
        return len(self.images) or len(self.values)

    def frame(self, columns: Sequence[str], rows: ArrayLike | None = None) -> pd.DataFrame:
        chosen = self.values[list(columns)]
        return chosen if rows is None else chosen.iloc[np.asarray(rows, dtype=np.intp)]

    def blocks(self, columns: Sequence[str]) -> Any:
        yield slice(0, self.rows), self.frame(columns)

    def pictures(self, rows: ArrayLike | None = None) -> list[NDArray]:
        return list(self.images) if rows is None else [self.images[int(row)] for row in np.asarray(rows, dtype=np.intp)]


@dataclass(frozen=True)
class Copy:
    """A copy of some rows in which anomalies were planted."""

    data: DataSet
    places: NDArray[np.intp]
    """(places, 2): the first row of each anomaly in `data`, and the row after its last."""


@dataclass(frozen=True)
class Planted:
    """One kind of anomaly, planted."""

    copies: Sequence[Copy]
    unplanted: NDArray[np.intp]
    """(items, rows): rows of the data set in which nothing was planted; of a series as many together as an anomaly has."""

    @classmethod
    def in_rows(cls, data: DataSet, ground: Ground) -> Planted:
        """An anomaly in every row of `data`."""
        places = np.arange(data.rows)
        return cls([Copy(data, np.column_stack([places, places + 1]))], np.flatnonzero(ground.allowed)[:, None])


@dataclass(frozen=True)
class Ground:
    """Where anomalies may be planted."""

    data: DataSet
    allowed: NDArray[np.bool_]
    """(rows,): rows that may be changed."""
    learned: NDArray[np.bool_]
    """(rows,): rows that were learned from: what is usual is looked up among them."""
    window: int
    """Steps of a series that the detector looks at together; 1 where rows stand for themselves."""
    period: int | None = None
    """Steps after which a series repeats itself."""
    places: int = 100
    """How many anomalies of each kind are wanted."""


#: Plants one kind of anomaly, or says why these data have no place for it.
Plant = Callable[[Ground, np.random.Generator], Planted | Message]


@dataclass(frozen=True)
class PlantedKind:
    """What a detector said of one kind of anomaly."""

    name: str
    planted: Scores
    """(anomalies,): the score of each; of a series the highest score while it lasts."""
    unplanted: Scores
    """(items,): scores of the same sort of items with nothing planted in them."""


@dataclass(frozen=True)
class Power:
    """How a detector scores known kinds of anomaly: which share it would flag is arithmetic on these scores."""

    kinds: tuple[PlantedKind, ...]
    held_out: bool
    """Whether the items were not learned from before something was planted in them."""
    items: int
    """How many items anomalies were planted in."""
    not_planted: dict[str, Message] = field(default_factory=dict)
    """Kind → why it could not be planted in these data."""

    def shares(self, cut_off: float) -> dict[str, Share]:
        """For every kind how much of it is flagged at a cut-off."""
        return {kind.name: Share.at(kind, cut_off) for kind in self.kinds}

    def gain_at(self, flag_rate: float) -> float | None:
        """By how much more of what was planted is flagged than of unplanted items, of which `flag_rate` are, mean over the kinds.

        None where nothing could be planted.
        """
        cut_offs = [_cut_off(kind, flag_rate) for kind in self.kinds]
        gains = [
            (kind.planted > cut_off).mean() - (kind.unplanted > cut_off).mean() for kind, cut_off in zip(self.kinds, cut_offs, strict=True)
        ]
        return float(np.mean(gains)) if gains else None

    def recall_at(self, flag_rate: float) -> dict[str, float]:
        """For every kind the share that is flagged where `flag_rate` of the unplanted items are: the same bar for all detectors.

        Without labels this is what a search can go by.
        """
        return {kind.name: _recall_at(kind, flag_rate) for kind in self.kinds}


@dataclass(frozen=True)
class Share:
    """How much of one kind a detector flags, beside how much it flags anyway."""

    flagged: float
    interval: Interval
    unplanted: float
    """The share of items with nothing planted in them that are flagged."""
    planted: int

    @classmethod
    def at(cls, kind: PlantedKind, cut_off: float) -> Share:
        caught, count = int((kind.planted > cut_off).sum()), len(kind.planted)
        return cls(caught / count, share_interval(caught, count), float((kind.unplanted > cut_off).mean()), count)

    @property
    def is_told(self) -> bool:
        """Whether more of the kind is flagged than of unplanted items, as far as so many cases can say."""
        return self.interval.low > self.unplanted


def _recall_at(kind: PlantedKind, flag_rate: float) -> float:
    return float((kind.planted > _cut_off(kind, flag_rate)).mean())


def _cut_off(kind: PlantedKind, flag_rate: float) -> float:
    """Above it are at most `flag_rate` of the unplanted items."""
    ordered = np.sort(kind.unplanted)
    flagged = int(flag_rate * len(ordered) + 1e-9)
    return float(ordered[len(ordered) - flagged - 1]) if flagged < len(ordered) else -np.inf
