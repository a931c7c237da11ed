"""What a run that works with several detectors is made of: how much each counted, and what each gave."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from detectors.messages import N_
from detectors.storage.records import RunRecord
from pages.shared.language import percent, plain, say


def made_of(run: RunRecord) -> None:
    """A table of the members of a run, folded away; nothing for a run of a single detector."""
    members = (run.summary or {}).get("members")
    if not members:
        return
    told = N_("Made of one detector") if len(members) == 1 else N_("Made of {count} detectors")
    label = say(told, count=len(members))
    folded = st.expander(label, icon=":material/groups:", key=f"members_{run.id}", on_change="rerun")
    if folded.open:
        with folded:
            members_table(members)


def members_table(members: list[dict[str, Any]]) -> None:
    """One line a member, in the order in which they learned."""
    frame = pd.DataFrame({
        "member": [plain(member["title"]) for member in members],
        "sees": [_sees(member) for member in members],
        "weight": [member["weight"] for member in members],
        "agreement": [member["agreement"] for member in members],
        "support": [100 * member["support"] for member in members],
        "seconds": [member["seconds"] for member in members],
    })  # fmt: skip
    st.dataframe(frame, hide_index=True, height="content", column_config=_columns(frame), alt=plain(N_("The members of the run")))
    st.caption(say(N_("Agreement and support are measured on the rows that were learned from, each scored as if it had been unseen.")))


def _columns(frame: pd.DataFrame) -> dict[str, Any]:
    bar, heaviest = st.column_config.ProgressColumn, max(1e-9, float(frame["weight"].max()))
    return {
        "member": st.column_config.TextColumn(plain(N_("Member")), width="medium"),
        "sees": st.column_config.TextColumn(plain(N_("Learns from")), width="large"),
        "weight": bar(
            plain(N_("Weight")), min_value=0.0, max_value=heaviest, format="%.2f", color="gray",
            help=plain(N_("How much it counts in the score of a row that is far out.")),
        ),
        "agreement": bar(
            plain(N_("Agreement")), min_value=0.0, max_value=1.0, format="%.2f", color="gray",
            help=plain(N_("Rank correlation of its scores with those of all together: 1 is the same order, 0 none in common.")),
        ),
        "support": bar(
            plain(N_("Supported")), min_value=0.0, max_value=100.0, format="%.0f %%", color="gray",
            help=plain(N_("Of the twentieth of rows with the highest joint score, the share that is in its own highest twentieth too.")),
        ),
        "seconds": st.column_config.NumberColumn(plain(N_("Seconds")), format="%.2f", help=plain(N_("To learn, and to score what it learned from."))),
    }  # fmt: skip


def _sees(member: dict[str, Any]) -> str:
    """In words what a member learned from: which rows, how they look to it."""
    parts = [plain(N_("all rows"))]
    if member["without"]:
        parts = [plain(N_("the {share} most usual rows"), share=percent(1 - member["without"]))]
    elif member["rows_share"] < 1:
        parts = [plain(N_("{share} of the rows, drawn at random"), share=percent(member["rows_share"]))]
    if member["columns"]:
        parts.append(plain(N_("{count} of the columns"), count=member["columns"]))
    if member["view_title"]:
        parts.append(plain(member["view_title"]))
    return ", ".join(parts)
