"""What came of one file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """Figures of one file, or the sentence that says why there are none."""

    file: str
    rows: int = 0
    flagged: int = 0
    findings: tuple[str, ...] = ()
    """What did not fit the detector's columns, though scoring went on."""
    refused: str | None = None
    """Why it was not scored."""
    scores: str | None = None
    """Where its scores are."""
    again: bool = False
    """Whether it is tried again at the next look: the system refused, not the file."""

    @property
    def rate(self) -> float:
        """The share of its rows that are flagged."""
        return self.flagged / self.rows if self.rows else 0.0

    @property
    def fits(self) -> bool:
        """Whether everything in it is as the detector learned it."""
        return self.refused is None and not self.findings

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "findings": list(self.findings), "rate": self.rate}
