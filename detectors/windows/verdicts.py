"""Learning from verdicts on windows."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import chosen_members
from detectors.together.verdicts import VerdictsOf
from detectors.together.window_views import Described


class Verdicts(VerdictsOf):
    """An earlier run on windows, moved by what was said of some of its rows."""

    looks_by = Described
    members: tuple[str | dict[str, Any], ...] = chosen_members("windows", "auto")
    quick: ClassVar = {"members": ["rolling_zscore"]}
