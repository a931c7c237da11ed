"""Learning from verdicts on texts."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import chosen_members
from detectors.together.text_views import Topics
from detectors.together.verdicts import VerdictsOf


class Verdicts(VerdictsOf):
    """An earlier run on texts, moved by what was said of some of its rows."""

    looks_by = Topics
    members: tuple[str | dict[str, Any], ...] = chosen_members("tokens", "auto")
    quick: ClassVar = {"members": ["length"]}
