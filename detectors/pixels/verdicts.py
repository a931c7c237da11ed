"""Learning from verdicts on pictures."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import chosen_members
from detectors.together.picture_views import FewPixels
from detectors.together.verdicts import VerdictsOf


class Verdicts(VerdictsOf):
    """An earlier run on pictures, moved by what was said of some of its rows."""

    looks_by = FewPixels
    members: tuple[str | dict[str, Any], ...] = chosen_members("pixels", "auto")
    quick: ClassVar = {"members": [{"detector": "isolation_forest", "representation": "vectors", "parameters": {"trees": 20}}]}
