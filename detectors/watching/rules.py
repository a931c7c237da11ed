"""When somebody is warned: more flags than so many, a higher rate or drift than so much, a file that does not fit."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal, get_args

from detectors.errors import ParameterError
from detectors.messages import N_, Message
from detectors.watching.outcome import Outcome

What = Literal["flagged", "rate", "drift", "gate"]

#: What is watched for where no rule is given.
USUAL = ("flagged>0", "gate")

NO_RULE = N_(
    "`{text}` is no rule. Rules are flagged>50 (more flags than that), rate>0.05 (a larger share flagged), drift>0.3 (a column moved further) and gate."
)

MANY = N_("{file}: {flagged} of {rows} rows flagged, more than {limit}.")
HIGH = N_("{file}: {flagged} of {rows} rows flagged, a share of {rate}, above {limit}.")
MOVED = N_("{file}: `{column}` has moved by {drift}, more than {limit}. 0 is as the detector learned it, at 1 all rows lie elsewhere.")
REFUSED = N_("{file} was not scored. {reason}")
UNFIT = N_("{file} was scored, but does not fit what the detector learned from. {reason}")


@dataclass(frozen=True)
class Rule:
    """One reason to warn."""

    what: What
    limit: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Rule:
        """The rule that ``flagged>50``, ``rate>0.05``, ``drift>0.3`` or ``gate`` stands for.

        Raises:
            ParameterError: it is none of them, or its number is negative, or a rate or drift is above 1.
        """
        found = re.fullmatch(r"\s*(flagged|rate|drift)\s*>\s*(\d+(?:\.\d+)?|\.\d+)\s*", text, re.ASCII)
        if text.strip() == "gate":
            return cls("gate")
        what: What | None = next((name for name in get_args(What) if found and found[1] == name), None)
        limit = float(found[2]) if found else math.inf
        if what is None or not math.isfinite(limit) or (what != "flagged" and limit > 1):
            raise ParameterError(NO_RULE, text=text)
        return cls(what, limit)

    @property
    def text(self) -> str:
        return "gate" if self.what == "gate" else f"{self.what}>{self.limit:.15g}"

    def warning(self, outcome: Outcome) -> Message | None:
        """What is to be said of a file by this rule; None: nothing."""
        if self.what == "gate":
            return None if outcome.fits else self._unfit(outcome)
        figure = {"flagged": outcome.flagged, "rate": outcome.rate, "drift": outcome.drift}[self.what]
        if not figure > self.limit:
            return None
        values = {"file": outcome.file, "flagged": outcome.flagged, "rows": outcome.rows, "rate": outcome.rate}
        template = {"flagged": MANY, "rate": HIGH, "drift": MOVED}[self.what]
        return Message(template, {**values, "column": outcome.moved, "drift": outcome.drift, "limit": self.limit})

    def _unfit(self, outcome: Outcome) -> Message:
        if outcome.refused is not None:
            return Message(REFUSED, {"file": outcome.file, "reason": outcome.refused})
        return Message(UNFIT, {"file": outcome.file, "reason": " ".join(outcome.findings)})
