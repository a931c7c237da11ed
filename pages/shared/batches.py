"""What a saved detector has scored so far: each data set a batch, over time."""

from __future__ import annotations

import numpy as np
import streamlit as st

from detectors import charts
from detectors.charts import Batch
from detectors.errors import StorageError
from detectors.messages import N_
from detectors.runs.new_data import largest_drift
from detectors.storage.records import RunRecord, ThresholdRecord
from detectors.verdicts import ANOMALY, NORMAL
from pages.shared import state
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.language import clock, escape, percent, plain, say, translate
from pages.shared.look import palette, show_chart

#: Batches that are listed with a button each; the chart and its table hold all.
LISTED = 8


def batches_over_time(detector_id: str, expected: float) -> None:
    """A chart of all batches that a detector has scored, and the way to the latest ones; nothing before the first."""
    runs = [run for run in workbench().scored_by(detector_id) if run.state == "done"]
    found = [(run, batch) for run in runs if (batch := batch_of(run)) is not None]
    if not found:
        return
    st.subheader(say(N_("Batch after batch")), anchor=False)
    if len(found) > 1:
        show_chart(charts.batches([batch for _, batch in found], expected, palette(), translate=translate), key="batches")
        st.caption(say(N_("Dotted: the share of the training rows that this threshold flags. The table behind the chart has the figures.")))
    for run, batch in reversed(found[-LISTED:]):
        _line(run, batch)


def _line(run: RunRecord, batch: Batch) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"batch_{run.id}"):
        told = N_("**{name}** · {flagged} of {rows} flagged ({share}) · largest drift {drift} · {judged} flags judged{right}")
        drift = "–" if batch.drift is None else f"{batch.drift:.2f} ({batch.drifted})"
        right = "" if batch.precision is None else plain(N_(", {share} of them right"), share=percent(batch.precision))
        values = {"name": batch.name, "flagged": batch.flagged, "rows": batch.rows, "share": percent(batch.flagged / max(1, batch.rows))}
        st.markdown(say(told, **values, drift=drift, judged=batch.judged, right=right), width="stretch")
        st.caption(escape(batch.when), width="content")
        st.button(
            say(N_("Open its flags")), key=f"open_batch_{run.id}", type="tertiary", icon=":material/chevron_right:", icon_position="right",
            on_click=lambda: state.go("threshold", run=run.id),
        )  # fmt: skip


def batch_of(run: RunRecord) -> Batch | None:
    """One scored data set; None where it is no longer there."""
    data_set, kept = workbench().records.data_set(run.data_id), workbench().records.threshold(run.id)
    if data_set is None or kept is None:
        return None
    try:
        moved = largest_drift(workbench().run_folder(run.id))
    except StorageError:
        return None
    anomalies, normal = _judged(kept, run)
    judged = anomalies + normal
    return Batch(
        data_set.name, clock(run.created), int((run.summary or {}).get("rows", 0)), kept.flagged, moved[1] if moved else None,
        moved[0] if moved else "", judged, anomalies / judged if judged else None,
    )  # fmt: skip


def _judged(kept: ThresholdRecord, run: RunRecord) -> tuple[int, int]:
    """How many of the flagged rows were judged anomalies, and how many normal."""
    verdicts = workbench().verdicts(run.data_id)
    if not verdicts:
        return 0, 0
    rows = flags_of(kept).rows
    return tuple(int(np.isin(verdicts.rows(verdict, disputed=False), rows).sum()) for verdict in (ANOMALY, NORMAL))  # type: ignore[return-value]
