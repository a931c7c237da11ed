"""The warnings of a watch: what each says, who was told, who has seen it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from detectors.messages import N_
from detectors.storage.tables import WatchRecord
from detectors.watching.addressed import EMAIL
from detectors.watching.webhook import Webhook
from pages.shared import state
from pages.shared.author import author
from pages.shared.engine import workbench
from pages.shared.keeping import attempt
from pages.shared.language import clock, escape, plain, say
from pages.shared.watch_files import open_score

#: Warnings listed at first, and with "show more" each time.
LISTED = 6

#: Where a warning about a file leads, by the address that it was sent with.
PAGES = {"/threshold?": "threshold", "/score?": "score"}


def watch_warnings(watch: WatchRecord) -> None:
    """The warnings, the newest first, and a button for having seen each."""
    unseen = workbench().unseen_warnings(watch.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(say(N_("Warnings")), anchor=False, width="content")
        st.caption(say(N_("{count} not acknowledged"), count=len(unseen)) if unseen else "", width="stretch")
        if len(unseen) > 1:
            st.button(
                say(N_("Acknowledge all")), key="acknowledge_all", type="tertiary", icon=":material/done_all:", on_click=_acknowledge,
                args=(watch.id, unseen),
            )  # fmt: skip
    most = LISTED * (1 + state.shown_more(watch.id))
    found = workbench().watch_warnings(watch.id, most + 1)
    if not found:
        with st.container(border=True, key="no_warnings"):
            st.markdown(":material/notifications_off: " + say(N_("No file has given reason to warn so far.")))
        return
    for warning in found[:most]:
        _card(watch, warning)
    if len(found) > most:
        st.button(say(N_("Show more")), key="more_warnings", type="tertiary", on_click=state.show_more, args=(watch.id,))


def _card(watch: WatchRecord, warning: Mapping[str, Any]) -> None:
    seen = warning["acknowledged"] is not None
    with st.container(border=True, key=f"warning_{warning['id']}", gap="xsmall"):
        sign = ":material/notifications:" if seen else ":red[:material/notification_important:]"
        text = escape(warning["text"])
        st.markdown(f"{sign} {text if seen else f'**{text}**'}")
        told = say(N_("{time} · rule {rule}"), time=_when(warning["made"]), rule=warning["rule"])
        if seen:
            told += " · " + say(
                N_("acknowledged by {author}, {time}"), author=warning["acknowledged_by"], time=_when(warning["acknowledged"])
            )
        st.caption(told)
        _deliveries(warning["deliveries"], seen)
        with st.container(horizontal=True, vertical_alignment="center"):
            if (place := _place(warning)) is not None:
                page, values = place
                label = N_("Open its flags") if page == "threshold" else N_("See what differs")
                st.button(
                    say(label), key=f"open_{warning['id']}", type="tertiary", icon=":material/chevron_right:", icon_position="right",
                    on_click=_go, args=(page, values),
                )  # fmt: skip
            if not seen:
                st.button(
                    say(N_("Acknowledge")), key=f"acknowledge_{warning['id']}", icon=":material/done:", on_click=_acknowledge,
                    args=(watch.id, [warning["id"]]), help=say(N_("Says that you have seen it: {name}. It is sent no more."), name=author()),
                )  # fmt: skip


def channel_text(name: str) -> str:
    """A channel as it is called on the page."""
    return plain(N_("Webhook")) if name == Webhook.name else name.removeprefix(EMAIL)


def _deliveries(deliveries: Sequence[Mapping[str, Any]], seen: bool) -> None:
    """Who has been told, in one line, and in a line each who has not."""
    told = [each for each in deliveries if each["delivered"]]
    if told:
        names = ", ".join(channel_text(each["channel"]) for each in told)
        st.caption(
            ":material/check: " + say(N_("Told `{channels}`, {time}"), channels=names, time=_when(max(each["delivered"] for each in told)))
        )
    for each in deliveries:
        if not each["delivered"]:
            st.caption(_undelivered(each, seen))


def _undelivered(delivery: Mapping[str, Any], seen: bool) -> str:
    channel = channel_text(delivery["channel"])
    if delivery["tries"]:
        told = (
            N_("`{channel}`: not delivered, {tries} tries. {reason}")
            if delivery["tries"] > 1
            else N_("`{channel}`: not delivered yet. {reason}")
        )
        sign = ":material/close: " if seen else ":red[:material/sync_problem:] "
        return sign + say(told, channel=channel, tries=delivery["tries"], reason=delivery["reason"])
    return ":material/hourglass_empty: " + say(N_("`{channel}`: waits"), channel=channel)


def _place(warning: Mapping[str, Any]) -> tuple[str, dict[str, str]] | None:
    """The page that the link of a warning leads to, with what is chosen there; None where it has none."""
    link = str(warning.get("link") or "")
    for mark, page in PAGES.items():
        if mark in link:
            values = dict(part.split("=", 1) for part in link.partition("?")[2].split("&"))
            return page, values
    return None


def _go(page: str, values: Mapping[str, str]) -> None:
    if "run" in values:
        state.go(page, run=values["run"])
    else:
        open_score(values.get("detector", ""), values["data"])


def _acknowledge(watch_id: str, warnings: list[str]) -> None:
    attempt(lambda: workbench().acknowledge(watch_id, warnings, author()))


def _when(text: str) -> str:
    return clock(datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None))
