"""What the gate says: findings, each with what follows from it, and drifts."""

from __future__ import annotations

from dataclasses import dataclass, field

from detectors.drift import Drift
from detectors.messages import N_, Message

GOES_ON = N_("Scoring goes on.")
AS_NEW = N_("Scoring goes on: these rows may be flagged for that alone.")


@dataclass(frozen=True)
class Noticed:
    """One finding, and what follows from it."""

    what: Message
    then: Message
    stops: bool = False


@dataclass(frozen=True)
class Gate:
    """All findings, those that stop scoring first, and the drift of each column or figure, the largest first."""

    noticed: list[Noticed] = field(default_factory=list)
    drifts: list[Drift] = field(default_factory=list)
    rows: int = 0
    looked_at: int | None = None
    """How many pictures or texts were looked at; None: none, or all."""

    @property
    def stops(self) -> list[Noticed]:
        return [each for each in self.noticed if each.stops]

    @property
    def largest(self) -> float:
        """The largest distance; 0 where none was measured."""
        return max((drift.distance for drift in self.drifts), default=0.0)


def percent(share: float) -> str:
    """A share as it reads in a sentence."""
    return f"{100 * share:.3g} %"
