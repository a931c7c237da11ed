"""Beside the threshold: how it differs from what was kept, undo and redo, Keep with its reason, and what was kept before."""

from __future__ import annotations

from datetime import UTC

import numpy as np
import pandas as pd
import streamlit as st

from detectors.errors import AnomalystError
from detectors.messages import N_, Message
from detectors.position import Position
from detectors.storage.records import RunRecord, ThresholdRecord
from detectors.supervisor import FIRST_REASON
from detectors.thresholds import RULES
from pages.shared import state
from pages.shared.as_saved import as_saved
from pages.shared.author import author
from pages.shared.changes import ENTERING, LEAVING, changed_places
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.language import clock, escape, plain, say
from pages.shared.moves import move, unkept
from pages.shared.stability_card import offer_refits

_TITLE = N_("History: {count} versions")

#: Characters of a reason.
LONGEST_REASON = 400


def keep_bar(run: RunRecord, threshold: ThresholdRecord) -> None:
    """One line: the difference, undo and redo, the reason and Keep."""
    kept, moves = workbench().records.threshold(run.id), state.moves(run.id)
    differs = unkept(threshold)
    with st.container(horizontal=True, vertical_alignment="center", key="keep_bar"):
        st.markdown(_difference(threshold, kept) if differs else _kept_text(kept), width="stretch")
        offer_refits(run, "refits_from_bar")
        st.button(
            "", key="undo_move", icon=":material/undo:", shortcut="Shift+Z", type="tertiary", disabled=not moves.past,
            on_click=state.step_back, args=(run.id,), help=say(N_("Undo the last move of the threshold")),
        )  # fmt: skip
        st.button(
            "", key="redo_move", icon=":material/redo:", shortcut="Shift+Y", type="tertiary", disabled=not moves.future,
            on_click=state.step_again, args=(run.id,), help=say(N_("Do it again")),
        )  # fmt: skip
        key = f"keep_reason_{run.id}_{kept.version if kept else 0}"
        st.text_input(
            say(N_("Reason")), max_chars=LONGEST_REASON, key=key, placeholder=plain(N_("Why here? Kept with it")), width=280,
            label_visibility="collapsed",
        )  # fmt: skip
        st.button(
            say(N_("Keep")), key="keep", type="primary" if differs else "secondary", icon=":material/bookmark_add:", on_click=_keep,
            args=(threshold, key, author()),
            help=say(N_("Writes this threshold, its reason and your name as version {version}. Downloads take the version kept last."),
                     version=(kept.version if kept else 0) + 1),
        )  # fmt: skip


def _keep(threshold: ThresholdRecord, key: str, name: str) -> None:
    reason = " ".join(str(state.typed(key) or "").split())
    if not reason and not unkept(threshold):
        state.refuse(Message(N_("This is the version kept last. Move the line, or type a reason to keep it once more.")))
        return
    try:
        kept = workbench().keep(threshold, reason=reason, author=name)
    except AnomalystError as error:
        state.refuse(error.message)
        return
    state.look_at(None)
    state.note(Message(N_("Kept as version {version}."), {"version": kept.version}))


def _difference(threshold: ThresholdRecord, kept: ThresholdRecord | None) -> str:
    if kept is None:
        return say(N_("Nothing is kept yet."))
    change = threshold.flagged - kept.flagged
    words = say(N_("**{change}** since last kept"), change=signed(change))
    counts = {name: len(places) for name, places in changed_places(threshold).items()}
    if counts[ENTERING] and counts[LEAVING]:
        words += " " + say(N_("({entering} enter, {leaving} leave)"), entering=counts[ENTERING], leaving=counts[LEAVING])
    return words + " · " + _version_text(kept)


def signed(change: int) -> str:
    """A change of a count with its sign."""
    return ("+" if change > 0 else "−" if change < 0 else "±") + plain(N_("{count}"), count=abs(change))


def _kept_text(kept: ThresholdRecord | None) -> str:
    assert kept is not None
    reason = f" · “{escape(reason_text(kept))}”" if kept.reason else ""
    return say(N_("Kept")) + ": " + _version_text(kept) + reason


def _version_text(kept: ThresholdRecord) -> str:
    return say(N_("version {version}, {name}, {time}"), version=kept.version, name=kept.author, time=clock(kept.changed))


def reason_text(kept: ThresholdRecord) -> str:
    """The reason as it was typed; the one that every run begins with in the reader's language."""
    return plain(FIRST_REASON) if kept.reason == FIRST_REASON else kept.reason


def rule_text(threshold: ThresholdRecord) -> str:
    """A threshold's rule with its value in a few words, and by which column it is applied."""
    if said := as_saved(threshold):
        return said
    rule = RULES.get(threshold.rule)
    value = int(threshold.value) if float(threshold.value).is_integer() and abs(threshold.value) < 1e15 else threshold.value
    text = threshold.rule if rule is None else f"{plain(rule.title)} · {plain(rule.label, value=value, **threshold.more)}"
    return text if not threshold.segments else plain(N_("{rule}, by {column}"), rule=text, column=threshold.segments["column"])


def history(run: RunRecord) -> None:
    """Every version of the run's threshold, the latest first; an earlier one can be taken back into view."""
    versions = workbench().records.threshold_versions(run.id)
    folded = st.expander(
        say(_TITLE if len(versions) > 1 else N_("History: one version"), count=len(versions)),
        icon=":material/history:",
        key="history",
        on_change="rerun",
    )
    if not folded.open:
        return
    table = pd.DataFrame({
        "look": [plain(N_("Look"))] * len(versions), "version": [kept.version for kept in versions],
        "when": [kept.changed.replace(tzinfo=UTC).astimezone().replace(tzinfo=None) for kept in versions],
        "who": [kept.author for kept in versions], "rule": [rule_text(kept) for kept in versions],
        "cut-off": [kept.cut_off for kept in versions], "flagged": [kept.flagged for kept in versions],
        "reason": [reason_text(kept) for kept in versions],
    })  # fmt: skip
    config = st.column_config

    def look() -> None:
        move(run.id, Position.of(versions[state.typed("version_click").row]))

    help_text = say(N_("Looks at this version again. Nothing is kept by that."))
    with folded:
        st.dataframe(
            table, hide_index=True, key="versions", height="content", alt=plain(N_("Versions of the threshold")),
            column_config={
                "look": config.ButtonColumn("", on_click=look, key="version_click", type="tertiary", pinned=True, width="small", help=help_text),
                "version": config.NumberColumn(plain(N_("version")), width="small"),
                "when": config.DatetimeColumn(plain(N_("when")), format="YYYY-MM-DD HH:mm"),
                "who": config.TextColumn(plain(N_("who"))),
                "rule": config.TextColumn(plain(N_("rule")), width=220),
                "cut-off": config.NumberColumn(plain(N_("cut-off")), format="%.4g", width="small"),
                "flagged": config.NumberColumn(plain(N_("flagged")), format="localized", width="small"),
                "reason": config.TextColumn(plain(N_("reason")), width=360),
            },
        )  # fmt: skip


def kept_differs(threshold: ThresholdRecord, kept: ThresholdRecord) -> str:
    """What a reader of a file must know where the one looked at is not the one kept last; empty where it is."""
    if not unkept(threshold):
        return ""
    same = threshold.flagged == kept.flagged and bool(np.array_equal(flags_of(threshold).mask, flags_of(kept).mask))
    if same:
        return ""
    told = N_(
        "The file holds the {kept} rows of version {version}, kept last – not the {flagged} that you are looking at. Keep these to download them."
    )
    return say(told, kept=kept.flagged, version=kept.version, flagged=threshold.flagged)
