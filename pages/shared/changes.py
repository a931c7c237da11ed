"""What enters and what leaves: the rows that are flagged where the threshold is looked at and were not before, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detectors.flags import entering, leaving
from detectors.messages import N_
from detectors.storage.records import ThresholdRecord
from pages.shared.flags import flags_of
from pages.shared.language import say
from pages.shared.moves import compared_with

ENTERING, LEAVING = "entering", "leaving"

#: `ENTERING` and `LEAVING` → places in what is listed.
Changed = Mapping[str, NDArray[np.intp]]

NOTHING: Changed = {ENTERING: np.empty(0, dtype=np.intp), LEAVING: np.empty(0, dtype=np.intp)}


def changed_places(threshold: ThresholdRecord) -> Changed:
    """The places, in the order of the flags, of the rows whose flag differs from what is compared with."""
    other = compared_with(threshold)
    if other is None:
        return NOTHING
    now, before = flags_of(threshold), flags_of(other)
    return {ENTERING: entering(now, before), LEAVING: leaving(now, before)}


def nothing_changed(threshold: ThresholdRecord, order: str) -> str:
    """Says why nothing enters, or nothing leaves."""
    if compared_with(threshold) is None:
        return say(N_("This is the threshold kept last. Move it, and what enters and what leaves is listed here."))
    entered, left = N_("Nothing is flagged here that was not flagged before."), N_("All that was flagged before is flagged here too.")
    return say(entered if order == ENTERING else left)
