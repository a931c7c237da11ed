"""One watch: how it stands, what can be done with it, its files and its warnings."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from detectors.errors import AnomalystError, StorageError
from detectors.messages import N_, Message
from detectors.storage.tables import WatchRecord
from detectors.watching.addressed import shortened
from detectors.watching.schedule import Schedule
from detectors.watching.served import Status
from detectors.workbench.saved import file_name
from pages.shared import state
from pages.shared.as_command import watch_as_command
from pages.shared.engine import workbench
from pages.shared.keeping import attempt
from pages.shared.language import escape, plain, say, say_message, translate
from pages.shared.watch_files import watch_files
from pages.shared.watch_form import change_watch
from pages.shared.watch_list import icon_of, moment
from pages.shared.watch_warnings import channel_text, watch_warnings

#: Seconds between two looks at a watch.
LOOK_S = 2.0


def watch_panel(watch: WatchRecord) -> None:
    """Everything about a watch; the page is drawn again when something of it has changed."""
    with st.container(border=True, key="watch_head", gap="small"):
        _head(watch)
        st.caption(_about(watch))
        _live(watch)
    left, right = st.columns([5, 3], gap="medium")
    with left:
        watch_files(watch)
    with right:
        watch_warnings(watch)
    _as_command(watch)


def _as_command(watch: WatchRecord) -> None:
    try:
        detector = file_name(workbench().saved_detector(watch.detector_id))
    except StorageError:  # deleted: no file scores the folder any more
        return
    watch_as_command(detector, watch.folder, watch.pattern, watch.rules)


def _head(watch: WatchRecord) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{icon_of(watch, workbench().watch_status(watch.id))} {escape(watch.name)}", anchor=False, width="stretch")
        if watch.paused is None:
            _button("look_now", N_("Look now"), ":material/refresh:", partial(workbench().look_now, watch.id))
            _button("pause", N_("Pause"), ":material/pause:", partial(workbench().pause_watch, watch.id))
        else:
            _button("resume", N_("Resume"), ":material/play_arrow:", partial(workbench().pause_watch, watch.id, back=True), primary=True)
        if st.button(say(N_("Change")), key="change_watch", icon=":material/edit:"):
            change_watch(watch)
        tested = bool(_channels(watch)) and st.button(
            say(N_("Send a test")), key="send_test", icon=":material/send:", help=say(N_("Sends one warning that is none to everybody who is told."))
        )  # fmt: skip
        if st.button(say(N_("Delete")), key="delete_watch", icon=":material/delete:"):
            _confirm(watch)
    if tested:
        _send_test(watch)


def _button(key: str, label: str, icon: str, do: Callable[[], object], *, primary: bool = False) -> None:
    st.button(say(label), key=key, icon=icon, type="primary" if primary else "secondary", on_click=attempt, args=(do,))


def _about(watch: WatchRecord) -> str:
    """What it does, in a line."""
    try:
        detector = workbench().saved_detector(watch.detector_id).called
    except StorageError:
        detector = plain(N_("a detector that was deleted"))
    when = Schedule.from_json(watch.schedule).told.text(translate)
    told = N_("{detector} scores `{pattern}` in `{folder}`, looking {when}. Warns by `{rules}`, tells `{channels}`. Begun by {author}.")
    if not (channels := ", ".join(_channels(watch))):
        told = N_(
            "{detector} scores `{pattern}` in `{folder}`, looking {when}. Warns by `{rules}`, here alone: nobody is told. Begun by {author}."
        )
    values = {"detector": detector, "pattern": watch.pattern, "folder": watch.folder, "when": when, "rules": ", ".join(watch.rules)}
    return say(told, **values, channels=channels, author=watch.author)


def _channels(watch: WatchRecord) -> list[str]:
    url = workbench().watch_webhook(watch.id)
    return [*([shortened(url)] if url else []), *watch.emails]


def _live(watch: WatchRecord) -> None:
    """Where the watch stands now; draws the whole page again when files or warnings have changed since it was drawn."""
    drawn = _changes(watch.id)

    @st.fragment(run_every=LOOK_S)
    def live() -> None:
        try:
            if _changes(watch.id) != drawn:
                st.rerun(scope="app")
            _standing(watch, workbench().watch_status(watch.id))
        except StorageError:  # deleted in another session
            st.rerun(scope="app")

    live()


def _changes(watch_id: str) -> str:
    """Differs when there is something else to be drawn."""
    bench = workbench()
    deliveries = [(each["id"], each["acknowledged"], each["deliveries"]) for each in bench.watch_warnings(watch_id, 20)]
    status = bench.watch_status(watch_id)
    return repr((bench.watch_tally(watch_id), deliveries, bool(status.blocked or status.problem), bench.watch(watch_id).paused))


def _standing(watch: WatchRecord, status: Status) -> None:
    for problem in filter(None, (status.blocked, None if status.blocked else status.problem, status.silent)):
        st.warning(say_message(problem), icon=":material/error:")
    parts = []
    if watch.paused is not None:
        parts.append(say(N_("Paused: no file is taken. What comes meanwhile is scored when the watch goes on.")))
    elif status.looked is None and status.next_look:
        parts.append(say(N_("Looks for the first time at {time}"), time=moment(status.next_look, exactly=True)))
    elif status.looked is not None:
        parts.append(say(N_("Looked at {time}"), time=moment(status.looked, exactly=True)))
        if status.next_look:
            parts.append(say(N_("next look {time}"), time=moment(status.next_look, exactly=True)))
    if status.reading:
        parts.append(say(N_("reading {file}"), file=status.reading))
    if status.waiting:
        parts.append(say(N_("{count} files wait for their turn"), count=status.waiting))
    if status.changing:
        parts.append(say(N_("{count} files are new or still growing"), count=status.changing))
    st.markdown(":material/schedule: " + " · ".join(parts or [say(N_("The first look comes in a moment."))]))


def _send_test(watch: WatchRecord) -> None:
    try:
        with st.spinner(say(N_("Sending …"))):
            answers = workbench().send_test(watch.id)
    except AnomalystError as error:
        st.error(say_message(error.message), icon=":material/error:")
        return
    for channel, refused in answers.items():
        if refused is None:
            st.success(say(N_("`{channel}` took the test."), channel=channel_text(channel)), icon=":material/check_circle:")
        else:
            st.error(say(N_("`{channel}`:"), channel=channel_text(channel)) + " " + say_message(refused), icon=":material/error:")


@st.dialog(plain(N_("Delete this watch?")))
def _confirm(watch: WatchRecord) -> None:
    told = N_("{name} looks into its folder no longer, and its history of files and warnings is removed. The files, their data sets, runs and flags stay.")  # fmt: skip
    st.markdown(say(told, name=watch.name))
    with st.container(horizontal=True):
        if st.button(say(N_("Delete")), type="primary", key="delete_watch_confirmed", icon=":material/delete:"):
            attempt(partial(workbench().delete_watch, watch.id))
            state.choose_watch(None)
            state.note(Message(N_("{name} is deleted."), {"name": watch.name}))
            st.rerun()
        if st.button(say(N_("Keep")), key="delete_watch_cancelled"):
            st.rerun()
