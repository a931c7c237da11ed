"""An ensemble of detectors on pixels."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.together.ensemble import EnsembleOf, chosen_members


class Ensemble(EnsembleOf):
    """Several detectors on pictures as one."""

    members: tuple[str | dict[str, Any], ...] = chosen_members("pixels", "feature_statistics", "autoencoder")
    quick: ClassVar = {"members": [{"detector": "isolation_forest", "representation": "vectors", "parameters": {"trees": 20}}]}
