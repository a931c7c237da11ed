"""Learning from verdicts on a table."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import chosen_members
from detectors.together.verdicts import VerdictsOf


class Verdicts(VerdictsOf):
    """An earlier run on a table, moved by what was said of some of its rows."""

    members: tuple[str | dict[str, Any], ...] = chosen_members("vectors", "auto")
    quick: ClassVar = {"members": ["zscore"]}
