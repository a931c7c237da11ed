"""What a training would take, before it is started; and the offer to learn from a sample where that is much."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from detectors.messages import N_, Message
from detectors.runs.estimate import Estimate
from detectors.runs.request import RunRequest
from pages.shared import state
from pages.shared.engine import workbench
from pages.shared.language import say, say_message

#: Seconds between two looks for an estimate that is being worked out.
LOOK_S = 0.7

#: From so many seconds on a duration is told in minutes, and from so many in hours.
MINUTES_FROM_S, HOURS_FROM_S = 100, 5400


def with_estimate(request: RunRequest) -> RunRequest:
    """Shows what `request` would take and, where that is much, offers a sample; gives the request with what was chosen."""
    found = workbench().estimate(request)
    with st.container(horizontal=True, vertical_alignment="center", width="content", key="estimate"):
        if isinstance(found, Estimate):
            return _estimated(request, found)
        if isinstance(found, Message):
            st.caption(say_message(found), width="content")
            return request
        chosen = state.sample(request.data_id)
        if chosen is not None:  # what was chosen holds while the page works out what it takes now
            chosen = _choice(request.data_id, chosen, say(N_("Learn from {sample} rows"), sample=chosen))
        _wait(request)
    return replace(request, fit_sample=chosen)


def duration(seconds: float) -> str:
    """A duration in as many digits as an estimate has."""
    if seconds < MINUTES_FROM_S:
        return say(N_("{seconds} s"), seconds=max(1, _rounded(seconds)))
    if seconds < HOURS_FROM_S:
        return say(N_("{minutes} min"), minutes=_rounded(seconds / 60))
    return say(N_("{hours} h"), hours=round(seconds / 3600, 1))


def _rounded(value: float) -> int:
    """Two digits."""
    return int(float(f"{value:.2g}"))


def _estimated(request: RunRequest, found: Estimate) -> RunRequest:
    sample = found.sample
    if sample is None:
        state.choose_sample(request.data_id, None)
        _figures(found.seconds, found.memory_bytes)
        return request
    offer = N_("Learn from {sample} of {rows} rows (about {duration})")
    label = say(offer, sample=sample.rows, rows=found.rows, duration=duration(sample.seconds))
    chosen = _choice(request.data_id, sample.rows, label)
    if chosen is None:
        _figures(found.seconds, found.memory_bytes)
        if not found.fits:
            st.caption(":red[" + say(N_("more memory than is free now")) + "]", width="content")
    else:
        _figures(sample.seconds, sample.memory_bytes)
    return replace(request, fit_sample=chosen)


def _choice(data_id: str, rows: int, label: str) -> int | None:
    """Whether to learn from a sample of so many rows: their number, or None."""
    key = f"sample_{data_id}_{label}"
    help_text = N_("The rows to learn from are drawn at random. Every row is scored all the same.")
    on = st.toggle(
        label, state.sample(data_id) is not None, key=key, help=say(help_text), on_change=_take_choice, args=(data_id, rows, key)
    )  # fmt: skip
    return rows if on else None


def _take_choice(data_id: str, rows: int, key: str) -> None:
    state.choose_sample(data_id, rows if state.typed(key) else None)


def _figures(seconds: float, memory_bytes: int) -> None:
    help_text = N_(
        "Worked out from a first step on some of the rows: how long it takes from reading to explanations, at most that where it may stop "
        "early, and how much memory the process that trains then holds."
    )
    gigabytes = max(0.1, round(memory_bytes / 1e9, 1))
    st.caption(
        say(N_("about {duration}, {gigabytes} GB"), duration=duration(seconds), gigabytes=gigabytes), width="content", help=say(help_text)
    )


def _wait(request: RunRequest) -> None:
    st.caption(say(N_("estimating …")), width="content")

    @st.fragment(run_every=LOOK_S)
    def live() -> None:
        if workbench().estimate(request) is not None:
            st.rerun(scope="app")

    live()
