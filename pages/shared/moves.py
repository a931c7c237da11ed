"""Moving the threshold: where it is in this session, back and forth, and how that differs from what was kept."""

from __future__ import annotations

from detectors.errors import AnomalystError
from detectors.position import Position
from detectors.storage.records import ThresholdRecord
from pages.shared import state
from pages.shared.engine import workbench


def position_of(run_id: str) -> Position | None:
    """Where the threshold of a run is looked at: the place in the URL, else that of the version kept last."""
    looked_at = state.selection().position
    kept = workbench().records.threshold(run_id)
    return looked_at if looked_at is not None else kept and Position.of(kept)


def move(run_id: str, position: Position) -> None:
    """Looks at another position; one that cannot be applied says why and changes nothing."""
    try:
        state.threshold_at(run_id, position)
    except AnomalystError as error:
        state.refuse(error.message)
        return
    if position != position_of(run_id):
        state.step_to(run_id, position)


def unkept(threshold: ThresholdRecord) -> bool:
    """Whether it differs from the version kept last."""
    kept = workbench().records.threshold(threshold.run_id)
    return kept is None or Position.of(kept) != Position.of(threshold)


def compared_with(threshold: ThresholdRecord) -> ThresholdRecord | None:
    """What the one looked at is held against: the version kept last or, where it is that, the position before the last move."""
    if unkept(threshold):
        return workbench().records.threshold(threshold.run_id)
    before = state.moves(threshold.run_id).before
    if before is None or before == Position.of(threshold):
        return None
    try:
        return state.threshold_at(threshold.run_id, before)
    except AnomalystError:  # not a failure: it could be applied when it was left, and there is nothing to hold against
        return None
