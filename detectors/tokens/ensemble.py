"""An ensemble of detectors on tokens."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import EnsembleOf, chosen_members


class Ensemble(EnsembleOf):
    """Several detectors on texts as one."""

    members: tuple[str | dict[str, Any], ...] = chosen_members("tokens", "language_model", "length")
    quick: ClassVar = {"members": ["length"], "draws": 2}
