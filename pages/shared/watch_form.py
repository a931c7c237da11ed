"""What is watched, when, and who is told: the form of a watch, new or changed."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path

import streamlit as st

from detectors.errors import AnomalystError, ParameterError
from detectors.messages import N_, Message
from detectors.storage.tables import DetectorRecord, WatchRecord
from detectors.watching.addressed import NO_SERVER, shortened
from detectors.watching.allowed import allowed_folder, may_watch, what_is_allowed
from detectors.watching.looking import Looks, shown_name
from detectors.watching.rules import Rule
from detectors.watching.schedule import LONGEST_S, SHORTEST_S, How, Schedule
from detectors.workbench.watching import AskedWatch
from pages.shared import state
from pages.shared.author import author
from pages.shared.engine import workbench
from pages.shared.language import plain, say, say_message

#: Names of files that the form shows of a folder.
NAMED = 3

WHEN: dict[How, str] = {
    "every": N_("Often"), "hourly": N_("Hourly"), "daily": N_("Daily"), "weekdays": N_("Weekdays"),
}  # fmt: skip

UNITS = {1: N_("seconds"), 60: N_("minutes")}


@st.dialog(plain(N_("Watch another folder")), width="large")
def new_watch() -> None:
    """The form of a new watch, over the page."""
    watch_form(None)


@st.dialog(plain(N_("Change this watch")), width="large")
def change_watch(watch: WatchRecord) -> None:
    """The form of a watch that there is, over the page."""
    watch_form(watch)


def watch_form(watch: WatchRecord | None, *, framed: bool = False) -> None:
    """The form; what is asked for is begun or changed, and looked at."""
    key = f"watch_form_{watch.id if watch else 'new'}"
    with st.container(border=framed, key=key, gap="small"):
        left, right = st.columns(2, gap="medium")
        with left:
            detector = _detector(watch, key)
            if detector is None:
                return
            folder, pattern = _folder(watch, detector, key)
            schedule = _schedule(watch, key)
        with right:
            rules = _rules(watch, key)
            webhook, emails = _told(watch, key)
        proposed = watch.name if watch else ""
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input(
                say(N_("Name")), proposed, 100, key=f"{key}_name", placeholder=plain(N_("What it is called, such as Nightly orders")), width="stretch"
            )  # fmt: skip
            label = N_("Save") if watch else N_("Start watching")
            clicked = st.button(
                say(label), type="primary", key=f"{key}_go", icon=":material/visibility:", disabled=not may_watch(workbench().settings)
            )
        if clicked:
            _do(watch, (name or _called(folder)), (detector.id, folder, pattern, schedule), (rules, webhook, emails))


def _called(folder: str) -> str:
    return Path(folder).name


def _do(
    watch: WatchRecord | None, name: str, what: tuple[str, str, str, Schedule | ParameterError],
    told: tuple[tuple[str, ...], str | None, tuple[str, ...]],
) -> None:  # fmt: skip
    try:
        if isinstance(what[3], ParameterError):
            raise what[3]
        asked = AskedWatch(name, *what[:3], what[3], told[0], webhook=told[1], emails=told[2])
        if watch is None:
            watch = workbench().start_watch(asked, author())
            state.note(Message(N_("{name} is watched from now on."), {"name": watch.name}))
        else:
            workbench().change_watch(watch.id, asked)
            state.note(Message(N_("{name} goes on as changed."), {"name": asked.name}))
    except AnomalystError as error:
        st.error(say_message(error.message), icon=":material/error:")
        return
    state.choose_watch(watch.id)
    st.rerun()


def _detector(watch: WatchRecord | None, key: str) -> DetectorRecord | None:
    """The detector that scores; a retired one is offered only where it is the one in use."""
    in_use = watch.detector_id if watch else state.saved_detector()
    offered = [each for each in workbench().saved_detectors() if each.retired is None]
    if not offered:
        st.info(say(N_("No saved detector is in use. Restore one in the Library, or save one on the Threshold page.")))
        return None
    by_id = {each.id: each for each in offered}
    first = list(by_id).index(in_use) if in_use in by_id else None if watch else 0
    picked = st.selectbox(
        say(N_("Detector that scores the files")), list(by_id), first, format_func=lambda one: f"{by_id[one].called} · {by_id[one].title}", key=f"{key}_detector",
        placeholder=plain(N_("The one in use is retired or gone: choose another")),
    )  # fmt: skip
    return None if picked is None else by_id[picked]


def _folder(watch: WatchRecord | None, detector: DetectorRecord, key: str) -> tuple[str, str]:
    settings = workbench().settings
    suffix = Path(str(detector.origin.get("data") or "")).suffix
    left, right = st.columns([3, 1])
    folder = left.text_input(
        say(N_("Folder on the machine of this dashboard")), watch.folder if watch else "", key=f"{key}_folder", placeholder="/data/inbox",
        help=say_message(what_is_allowed(settings)), disabled=not may_watch(settings),
    )  # fmt: skip
    pattern = right.text_input(
        say(N_("Names")), watch.pattern if watch else f"*{suffix}" if suffix else "*", key=f"{key}_pattern",
        help=say(N_("Which files: a star stands for any letters, as in orders-*.csv. Folders inside are not looked into.")),
    )  # fmt: skip
    if not may_watch(settings) or settings.watch_folders:
        show = st.caption if may_watch(settings) else st.warning
        show(say_message(what_is_allowed(settings)))
    if folder.strip():
        _there_now(folder, pattern, new=watch is None)
    return folder, pattern


def _there_now(folder: str, pattern: str, *, new: bool) -> None:
    """What the folder holds now, so that a wrong one is seen before anything begins."""
    try:
        looks = Looks(allowed_folder(folder, workbench().settings), pattern.strip())
        looks.settled()
        files, _ = looks.settled()
    except AnomalystError as error:
        st.caption(":material/error: " + say_message(error.message))
        return
    except OSError as error:
        st.caption(":material/error: " + say(N_("The folder cannot be looked into ({reason})."), reason=error.strerror or str(error)))
        return
    names = ", ".join(shown_name(path) for path, _ in files[:NAMED]) + (" …" if len(files) > NAMED else "")
    if not files:
        st.caption(":material/check: " + say(N_("The folder is there. No file in it has such a name yet.")))
    elif new:
        told = N_("{count} files there have such a name: {names}. They are scored first.")
        st.caption(":material/check: " + say(told, count=len(files), names=names))
    else:
        st.caption(":material/check: " + say(N_("{count} files there have such a name: {names}."), count=len(files), names=names))


def _schedule(watch: WatchRecord | None, key: str) -> Schedule | ParameterError:
    start = Schedule.from_json(watch.schedule) if watch else Schedule()
    how: How = st.segmented_control(
        say(N_("When to look into the folder")), list(WHEN), format_func=lambda one: plain(WHEN[one]), default=start.how, key=f"{key}_how", required=True
    )  # fmt: skip
    if how == "every":
        unit = 60 if start.seconds % 60 == 0 else 1
        left, right = st.columns(2)
        chosen = right.selectbox(
            say(N_("Unit")), list(UNITS), list(UNITS).index(unit), format_func=lambda one: plain(UNITS[one]), key=f"{key}_unit"
        )
        number = left.number_input(
            say(N_("Every")), 1 if chosen == 60 else SHORTEST_S, LONGEST_S // chosen, min(start.seconds // unit, LONGEST_S // chosen), key=f"{key}_every_{chosen}"
        )  # fmt: skip
        seconds, at = int(number) * chosen, start.at
    else:
        label = (
            N_("Minutes past the hour, by the clock of the server") if how == "hourly" else N_("Time of day, by the clock of the server")
        )
        picked = st.time_input(say(label), time.fromisoformat(start.at), step=300, key=f"{key}_at")
        seconds, at = start.seconds, f"{picked:%H:%M}"
    st.caption(say(N_("A file is taken when two looks some seconds apart saw it unchanged, so one that is still being written waits.")))
    try:
        return Schedule(how, seconds, at)
    except ParameterError as error:
        return error


def _rules(watch: WatchRecord | None, key: str) -> tuple[str, ...]:
    """A box for each rule, with its limit beside it."""
    there = {rule.what: rule for rule in map(Rule.parse, watch.rules)} if watch else {"flagged": Rule("flagged", 0), "gate": Rule("gate")}
    st.markdown(f"**{say(N_('Warn when'))}**")
    found = []
    for what, label, limit, highest, step in (
        ("flagged", N_("Flags in one file, above"), 0.0, 1e9, 1.0), ("rate", N_("Share of its rows flagged, in percent, above"), 5.0, 100.0, 1.0),
        ("drift", N_("Drift of one column, from 0 to 1, above"), 0.3, 1.0, 0.05),
    ):  # fmt: skip
        rule = there.get(what)  # type: ignore[call-overload]
        with st.container(horizontal=True, vertical_alignment="center"):
            on = st.checkbox(say(label), rule is not None, key=f"{key}_{what}", width="stretch")
            shown = (rule.limit * (100 if what == "rate" else 1)) if rule else limit
            value = st.number_input(
                plain(label), 0.0, highest, float(shown), step, format="%.12g" if what != "drift" else "%.2f", key=f"{key}_{what}_limit", disabled=not on,
                label_visibility="collapsed", width=120,
            )  # fmt: skip
        if on:
            found.append(f"{what}>{value / 100 if what == 'rate' else value:.12f}".rstrip("0").rstrip("."))
    if st.checkbox(
        say(N_("A file that cannot be read, or does not fit the detector")), "gate" in there, key=f"{key}_gate",
        help=say(N_("Columns are missing or of another type, or nobody can read it: such a file is not scored.")),
    ):  # fmt: skip
        found.append("gate")
    return tuple(found)


def _told(watch: WatchRecord | None, key: str) -> tuple[str | None, tuple[str, ...]]:
    """The webhook, None where the kept one stays, and the e-mail addresses."""
    st.markdown(f"**{say(N_('Tell'))}**")
    kept = workbench().watch_webhook(watch.id) if watch else ""
    url = st.text_input(
        say(N_("Webhook")), "", key=f"{key}_webhook", type="password" if kept else "default",
        placeholder=plain(N_("{address} – type another one to change it"), address=shortened(kept)) if kept else "https://hooks.example.org/…",
        help=say(N_("Each warning is sent there as JSON, with a link to the flags. The address is kept where this user alone can read it.")),
    )  # fmt: skip
    drop = st.checkbox(say(N_("Take the webhook away")), key=f"{key}_drop") if kept else False
    smtp = workbench().settings.smtp
    emails = st.text_input(
        say(N_("E-mail addresses")), ", ".join(watch.emails) if watch else "", key=f"{key}_emails",
        disabled=not smtp and not (watch and watch.emails),
        placeholder="ada@example.org, bob@example.org", help=None if smtp else say(NO_SERVER),
    )  # fmt: skip
    if not smtp:
        st.caption(say(NO_SERVER))
    webhook = "" if drop else url.strip() or (None if watch else "")
    return webhook, tuple(filter(None, re.split(r"[\s,;]+", emails or "")))
