"""How well stretches of anomalies in a series are found: counted by stretch and by alarm, never by adjusted points.

Point adjustment counts a whole stretch as found in all its steps once one of them is flagged, so that random flags look
good (Kim et al. 2022, doi:10.1609/aaai.v36i7.20680). Here a stretch counts once, an alarm counts once, and beside each
figure stands what the same alarms reach when they are moved to another time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

#: How often alarms are moved to another time for what chance reaches.
MOVES = 200

SEED = 20


@dataclass(frozen=True)
class EventFigures:
    """Stretches of anomalies, and alarms: flagged steps that follow one another."""

    events: int
    found: int
    """Stretches with at least one flagged step."""
    alarms: int
    right: int
    """Alarms that touch a stretch of anomalies."""
    delay: float | None
    """The median of the steps from a found stretch's beginning to its first flagged step; None where none was found."""
    chance_recall: float | None
    chance_precision: float | None
    """What the same alarms reach on average at another time."""

    @property
    def recall(self) -> float | None:
        return self.found / self.events if self.events else None

    @property
    def precision(self) -> float | None:
        return self.right / self.alarms if self.alarms else None


def event_figures(
    is_anomaly: NDArray[np.bool_], flagged: NDArray[np.bool_], known: NDArray[np.bool_], bounds: NDArray[np.intp], *, gap: int = 0
) -> EventFigures:
    """Judges flags by stretch. All are (rows,) in the order of time; `bounds` say where each entity begins, and the end.

    So many unflagged steps as `gap` do not part an alarm. Alarms of which no step has a label are left out.
    """
    anomalous = _stretches(is_anomaly & known, bounds, 0)
    alarms = _stretches(flagged, bounds, gap)
    alarms = alarms[_inside(np.cumsum(known), alarms) > 0]
    flags = np.concatenate([[0], np.cumsum(flagged)])
    found = flags[anomalous[:, 1]] > flags[anomalous[:, 0]]
    first_flags = np.searchsorted(flags, flags[anomalous[found, 0]] + 1) - 1
    delays = first_flags - anomalous[found, 0]
    right = _inside(np.cumsum(is_anomaly & known), alarms) > 0
    chance = _by_chance(is_anomaly & known, anomalous, flagged, alarms)
    return EventFigures(
        len(anomalous), int(found.sum()), len(alarms), int(right.sum()), float(np.median(delays)) if len(delays) else None, *chance
    )


def _stretches(marked: NDArray[np.bool_], bounds: NDArray[np.intp], gap: int) -> NDArray[np.intp]:
    """Marked steps that follow one another within an entity, (stretches, 2): the first one, and the one after the last."""
    positions = np.flatnonzero(marked)
    if not len(positions):
        return np.zeros((0, 2), dtype=np.intp)
    entity = np.searchsorted(bounds, positions, side="right")
    breaks = np.flatnonzero((np.diff(positions) > gap + 1) | (np.diff(entity) > 0))
    firsts, lasts = positions[np.append(0, breaks + 1)], positions[np.append(breaks, len(positions) - 1)]
    return np.column_stack([firsts, lasts + 1])


def _inside(counted: NDArray[np.int64], stretches: NDArray[np.intp]) -> NDArray[np.int64]:
    """How many marked steps lie in each stretch, where `counted` are the marked steps up to and with each one."""
    sums = np.concatenate([[0], counted])
    return sums[stretches[:, 1]] - sums[stretches[:, 0]]


def _by_chance(
    anomalous: NDArray[np.bool_], events: NDArray[np.intp], flagged: NDArray[np.bool_], alarms: NDArray[np.intp]
) -> tuple[float | None, float | None]:
    """Mean recall and precision of the alarms when all of them are moved by as many steps, going round at the end."""
    if not len(events) or not len(alarms):
        return (0.0 if len(events) else None), None
    rows = len(anomalous)
    moves = np.random.default_rng(SEED).integers(0, rows, MOVES)
    recall = _touched_when_moved(flagged, events, -moves, rows)
    precision = _touched_when_moved(anomalous, alarms, moves, rows)
    return recall, precision


def _touched_when_moved(marked: NDArray[np.bool_], stretches: NDArray[np.intp], moves: NDArray[np.int64], rows: int) -> float:
    """The mean share of `stretches`, moved, that touch a marked step."""
    sums = np.concatenate([[0], np.cumsum(np.tile(marked, 2))])
    shares = []
    for part in pairwise([*range(0, len(moves), 20), len(moves)]):
        firsts = (stretches[:, 0] + moves[slice(*part), None]) % rows
        lasts = firsts + (stretches[:, 1] - stretches[:, 0])
        shares.append((sums[lasts] > sums[firsts]).mean(axis=1))
    return float(np.concatenate(shares).mean())
