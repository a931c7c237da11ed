"""An ensemble of detectors on windows."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import EnsembleOf, chosen_members


class Ensemble(EnsembleOf):
    """Several detectors on windows of a series as one."""

    members: tuple[str | dict[str, Any], ...] = chosen_members(
        "windows", "autoencoder", {"detector": "isolation_forest", "representation": "vectors"}
    )
    quick: ClassVar = {"members": ["rolling_zscore", {"detector": "nearest_neighbours", "representation": "vectors"}]}
