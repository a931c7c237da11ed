"""An ensemble of detectors on vectors."""

from __future__ import annotations

from typing import Any, ClassVar

from detectors.messages import N_
from detectors.params import number
from detectors.together.ensemble import EnsembleOf, chosen_members


class Ensemble(EnsembleOf):
    """Several detectors on vectors as one; each may see another share of the columns too."""

    members: tuple[str | dict[str, Any], ...] = chosen_members("vectors", "isolation_forest", "nearest_neighbours", "hbos")
    quick: ClassVar = {"members": ["ecod", {"detector": "nearest_neighbours", "parameters": {"neighbours": 3}}], "draws": 2}

    columns_share: float = number(
        1.0, title=N_("Share of the columns in a draw"), low=0.01, high=1.0, advanced=True,
        help=N_("Below 1, each draw sees other columns as well (feature bagging): where only a few of many columns tell."),
    )  # fmt: skip
