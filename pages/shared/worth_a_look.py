"""The rows that are worth a look next."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors.storage.records import RunRecord
from pages.shared.engine import workbench


def worth_a_look(run: RunRecord, count: int) -> NDArray[np.intp]:
    """The rows of a run whose verdict would tell most, best first, by the verdicts as they are now."""
    judged = workbench().rows_judged(run.data_id)
    return _worth_a_look(run.id, judged.rows.tobytes() + judged.is_anomaly.tobytes(), count)


@st.cache_data(show_spinner=False, max_entries=100)
def _worth_a_look(run_id: str, said: bytes, count: int) -> NDArray[np.intp]:
    return workbench().worth_a_look(run_id, count)
