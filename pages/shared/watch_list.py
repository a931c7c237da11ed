"""The watches there are, each in a line with how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from detectors.messages import N_
from detectors.storage.tables import WatchRecord
from detectors.watching.served import Status
from pages.shared import state
from pages.shared.engine import workbench
from pages.shared.language import clock, escape, plain, say


def watch_list(watches: Sequence[WatchRecord], chosen: str) -> None:
    """One line a watch; a click looks at it."""
    with st.container(border=True, key="watches", gap="xsmall"):
        for watch in watches:
            _line(watch, chosen == watch.id)


def _line(watch: WatchRecord, chosen: bool) -> None:
    bench = workbench()
    tally, unseen = bench.watch_tally(watch.id), len(bench.unseen_warnings(watch.id))
    with st.container(horizontal=True, vertical_alignment="center", key=f"watch_{watch.id}"):
        st.markdown(f"{icon_of(watch, bench.watch_status(watch.id))} **{escape(watch.name)}**", width=260)
        told = N_("{folder} · {pattern} · {scored} scored, {refused} not")
        values = {"folder": Path(watch.folder).name, "pattern": watch.pattern, "scored": tally.scored, "refused": tally.refused}
        st.caption(say(told, **values), width="stretch")
        if unseen:
            st.badge(plain(N_("{count} not acknowledged"), count=unseen), icon=":material/notifications:", color="red")
        st.button(
            say(N_("Shown below") if chosen else N_("Look at it")), key=f"choose_watch_{watch.id}", type="tertiary", disabled=chosen,
            on_click=state.choose_watch, args=(watch.id,),
        )  # fmt: skip


def icon_of(watch: WatchRecord, status: Status) -> str:
    """How a watch stands, as a sign."""
    if watch.paused is not None:
        return ":material/pause_circle:"
    return ":red[:material/error:]" if status.blocked or status.problem else ":material/visibility:"


def moment(seconds: float, *, exactly: bool = False) -> str:
    """A moment, in seconds since 1970, as the reader's clock time."""
    if exactly:
        found = datetime.fromtimestamp(seconds)
        return f"{found:%H:%M:%S}" if found.date() == datetime.now().date() else f"{found:%d %b %H:%M}"
    return clock(datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None))
