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
    """What is unlike what the detector learned from, though scoring went on."""
    failed: bool = False
    """Whether one of the findings is a failure of the gate."""
    drift: float = 0.0
    """How far the column that moved most lies from what was learned, 0 to 1."""
    moved: str | None = None
    """That column."""
    refused: str | None = None
    """Why it was not scored."""
    scores: str | None = None
    """Where its scores are."""
    link: str | None = None
    """The page that shows its flags."""
    again: bool = False
    """Whether it is tried again at the next look: the system refused, not the file."""

    @property
    def rate(self) -> float:
        """The share of its rows that are flagged."""
        return self.flagged / self.rows if self.rows else 0.0

    @property
    def fits(self) -> bool:
        """Whether it passed the gate."""
        return self.refused is None and not self.failed

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "findings": list(self.findings), "rate": self.rate}
