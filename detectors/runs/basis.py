"""By which rows, of those with a label, a run is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest


@dataclass(frozen=True)
class Basis:
    """Which rows the label-based figures are for, (rows,), and what that makes of them."""

    rows: NDArray[np.bool_]
    chosen_by_label: bool
    """Whether the label decided which rows were learned from."""
    unseen: bool
    """Whether none of the rows was learned from with the label's help."""
    held_out: bool = False
    """Whether a detector that learns from labels did not learn from these rows."""


def basis_of(folder: RunFolder) -> Basis:
    """All labelled rows; where the label chose the rows to learn from, only the others, if they are of both kinds.

    Of a detector that learns from labels those that were held out, where some were.
    """
    held_out = np.asarray(folder.array("held_out")) if folder.has("held_out") else None
    return basis(folder.request(), np.asarray(folder.array("labels")), np.asarray(folder.array("fitted")), held_out)


def basis(request: RunRequest, labels: NDArray[np.int8], fitted: NDArray[np.bool_], held_out: NDArray[np.bool_] | None) -> Basis:
    """The same, of a run's arrays, each (rows,)."""
    if held_out is not None and held_out.any():
        return Basis(held_out, False, True, held_out=True)
    if request.fit_where is None or request.fit_where.column != request.label:
        return Basis(labels >= 0, False, True)
    others = (labels >= 0) & ~fitted
    both = len(np.unique(labels[others])) > 1
    return Basis(others if both else labels >= 0, True, both)
