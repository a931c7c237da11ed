"""The forms that a detector file can have: how its weights are kept, and whether it scores without Anomalyst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from detectors.errors import ParameterError
from detectors.messages import N_, Message

Precision = Literal["float32", "float16", "int8"]

PRECISIONS: tuple[Precision, ...] = ("float32", "float16", "int8")

#: Pruned further, no network that was measured ranked as before.
MOST_PRUNED = 0.95

NO_PRECISION = N_("A form of weights is one of {known}. It is `{text}`.")
NO_SHARE = N_("The share of weights to set to 0 goes from 0 to {most}. It is {share}.")


@dataclass(frozen=True)
class Form:
    """How the weights of a detector file are kept, and whether it scores without Anomalyst."""

    weights: Precision = "float32"
    pruned: float = 0.0
    """The share of weights of every matrix, the smallest ones, that are 0."""
    engine: bool = True
    """Whether it has `score.py` and the source that this runs."""

    def __post_init__(self) -> None:
        if self.weights not in PRECISIONS:
            raise ParameterError(NO_PRECISION, known=", ".join(PRECISIONS), text=str(self.weights))
        if not 0 <= self.pruned <= MOST_PRUNED:
            raise ParameterError(NO_SHARE, most=MOST_PRUNED, share=self.pruned)

    @property
    def of_weights(self) -> bool:
        """Whether weights are others than they were."""
        return self.weights != "float32" or self.pruned > 0

    @property
    def title(self) -> Message:
        """How weights are kept, in a few words."""
        if not self.of_weights:
            return Message(N_("as they are"))
        if not self.pruned:
            return Message(self.weights)
        return Message(N_("{bits}, {share} % of them 0"), {"bits": self.weights, "share": 100 * self.pruned})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        return cls(record.get("weights", "float32"), float(record.get("pruned", 0.0)), bool(record.get("engine", True)))


#: Those that are offered: each of them is measured before one is chosen. Halves of bits cost hardly anything, zeros do (`benchmarks.smaller_forms`).
FORMS = (Form("float16"), Form("int8"), Form("int8", 0.2), Form("int8", 0.5))
