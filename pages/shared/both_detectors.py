"""The detector in use and the retrained one on the same rows: figures, flags that differ, changed ranks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors import charts
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.rank_changes import RankChanges, rank_changes
from detectors.replacing import Replacing, Right
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.storage.tables import DetectorRecord
from detectors.workbench.switching import Beside
from pages.shared import results
from pages.shared.engine import kept_by_id, workbench
from pages.shared.flags import kept_flags_stamp
from pages.shared.language import escape, percent, plain, say, say_message, translate
from pages.shared.look import palette, show_chart
from pages.shared.views import RunOfItems, view_of

#: Rows listed at most.
LISTED = 20

WORDS = charts.RankWords(
    N_("Which ranks changed by retraining? {marked} flags differ"), N_("rank by the one in use"), N_("rank by the retrained one"),
    N_("flagged by one alone"), N_("flagged by both or neither"),
)  # fmt: skip


@dataclass(frozen=True)
class Two:
    """The detector in use, and the run that is to take its place."""

    old: DetectorRecord
    run: RunRecord
    new_name: str

    @property
    def items(self) -> str:
        return plain(KINDS[self.old.kind].items) if self.old.kind in KINDS else ""


def both_detectors(two: Two, beside: Beside) -> None:
    """Figures of both, where they differ, and how the ranks of the rows changed."""
    assert beside.old is not None
    assert beside.new is not None
    data = workbench().records.data_set(beside.data_id)
    assert data is not None
    found = _found(beside.old.id, beside.new.id, beside.data_id, _stamp(beside))
    _figures(two, beside, found)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _told(two, beside, found)
    with right:
        marked = np.zeros(found.rows, dtype=bool)
        marked[np.concatenate([found.only_old, found.only_new])] = True
        chart = charts.changed_ranks(_changes(beside.old.id, beside.new.id), marked, palette(), words=WORDS, translate=translate)
        show_chart(chart, key=f"switch_{beside.new.id}")
    _differing(two, beside, found, data)


def _stamp(beside: Beside) -> str:
    """What the comparison depends on beside the scores: verdicts, thresholds, suppressions."""
    runs = [run.id for run in (beside.old, beside.new) if run is not None]
    return repr([workbench().latest_mark(beside.data_id), kept_flags_stamp(runs)])


@kept_by_id(6)
def _found(old: str, new: str, data_id: str, stamp: str) -> Replacing:
    records = workbench().records
    return workbench().replacing(Beside(data_id, records.run(old), records.run(new)))


@kept_by_id(6)
def _changes(old: str, new: str) -> RankChanges:
    scores = [np.asarray(workbench().run_folder(run_id).array("scores")) for run_id in (old, new)]
    return rank_changes(scores[0], scores[1], most=5)


def _figures(two: Two, beside: Beside, found: Replacing) -> None:
    """One row a detector."""
    rows = []
    for run, name, flagged, right in (
        (beside.old, two.old.called, found.flagged[0], found.old),
        (beside.new, two.new_name, found.flagged[1], found.new),
    ):
        assert run is not None
        kept = workbench().records.threshold(run.id)
        rows.append({
            plain(N_("detector")): name, plain(N_("flagged")): flagged, plain(N_("share")): percent(flagged / max(1, found.rows)),
            plain(N_("right, of the judged flags")): _right(right), plain(N_("judged anomalies missed")): str(right.missed) if right.judged + right.missed else "–",
            plain(N_("cut-off")): _cut_off(kept) if kept else "–", plain(N_("learned from")): (run.summary or {}).get("fitted_rows"),
        })  # fmt: skip
    number = st.column_config.NumberColumn
    config: dict[str, Any] = {plain(N_("flagged")): number(format="localized"), plain(N_("learned from")): number(format="localized")}  # fmt: skip
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height="content", column_config=config, alt=plain(N_("Both detectors on the same rows"))
    )


def _cut_off(kept: ThresholdRecord) -> str:
    common = plain(N_("{cut_off}"), cut_off=kept.cut_off)
    return plain(N_("{cut_off} · by {column}"), cut_off=common, column=kept.segments["column"]) if kept.segments else common


def _right(right: Right) -> str:
    interval = right.interval
    if interval is None:
        return "–"
    told = N_("{anomalies} of {judged} ({share}, {low} to {high})")
    share, low, high = percent(right.anomalies / right.judged), percent(interval.low), percent(interval.high)
    return plain(told, anomalies=right.anomalies, judged=right.judged, share=share, low=low, high=high)


def _told(two: Two, beside: Beside, found: Replacing) -> None:
    told = N_("Both flag **{both}** {items}, only {old} **{only_old}**, only the retrained one **{only_new}**. Rank correlation of all scores: {correlation}.")  # fmt: skip
    st.markdown(
        say(
            told, both=len(found.both), items=two.items, old=two.old.called, only_old=len(found.only_old), only_new=len(found.only_new),
            correlation=round(found.correlation, 3),
        )
    )  # fmt: skip
    for run, name in ((beside.old, two.old.called), (beside.new, two.new_name)):
        assert run is not None
        if (message := _shift(run.id)) is not None:
            st.caption(f"{escape(name)}: " + say_message(message))
    kept = workbench().records.threshold(two.run.id)
    if kept is not None and kept.reason:
        st.caption(say(N_("Its cut-off: {reason}."), reason=kept.reason))
    if not found.old.judged + found.new.judged:
        st.caption(say(N_("Nothing flagged here was judged yet: say of those that differ whether they are anomalies, and the table says who is right.")))  # fmt: skip


@kept_by_id(20)
def _shift(run_id: str) -> Message | None:
    """What the scores say as a whole, against those of the training rows."""
    run = workbench().records.run(run_id)
    found = workbench().drift_of_scores(run) if run is not None else None
    return found.message if found is not None else None


def _differing(two: Two, beside: Beside, found: Replacing, data: DataSetRecord) -> None:
    """The rows that one of them flags alone, or both; opened, they are explained by the one that flags them."""
    assert beside.old is not None
    assert beside.new is not None
    parts: dict[str, tuple[str, NDArray[np.intp], RunRecord]] = {
        "old": (plain(N_("only {old}"), old=two.old.called), found.only_old, beside.old),
        "new": (plain(N_("only the retrained one")), found.only_new, beside.new),
        "both": (plain(N_("both")), found.both, beside.new),
    }
    first = next((name for name, (_, rows, _) in parts.items() if len(rows)), "old")
    picked = st.pills(
        say(N_("Flagged by")), list(parts), default=first, required=True, key=f"differing_{beside.new.id}",
        format_func=lambda name: f"{parts[name][0]} ({len(parts[name][1])})",
    )  # fmt: skip
    _, rows, run = parts[str(picked)]
    kept = workbench().records.threshold(run.id)
    if not len(rows) or kept is None:
        st.caption(say(N_("None.")))
        return
    if len(rows) > LISTED:
        st.caption(say(N_("The first {shown} of {rows}"), shown=LISTED, rows=len(rows)))
    shown = rows[:LISTED]
    ranks = {two.old.called: results.rank_of(beside.old.id)[shown], plain(N_("retrained")): results.rank_of(beside.new.id)[shown]}
    view_of(run.kind).listed(data, RunOfItems(run, kept), shown, ranks, "switch")
