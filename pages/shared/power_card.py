"""The power card: which known kinds of anomaly a detector would catch at the current threshold, no labels needed."""

from __future__ import annotations

import streamlit as st

from detectors import charts
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.planting import AnomalyKind, Power, Share, anomaly_kinds
from detectors.storage.records import RunRecord, ThresholdRecord
from pages.shared.engine import workbench
from pages.shared.language import plain, say, say_message, translate
from pages.shared.look import palette, show_chart

#: Seconds between two looks for a card that is being worked out.
LOOK_S = 0.7

_TITLE = N_("What would it catch?")

_HELD_OUT = N_("Known kinds of anomaly, planted in {items} that it did not learn from.")
_LEARNED = N_(
    "Known kinds of anomaly, planted in {items} that it learned from, for want of others; in new ones it may find them a little less."
)


def power_card(run: RunRecord, threshold: ThresholdRecord) -> None:
    """Shows the card, works for it, or says why there is none."""
    with st.container(border=True, key="power"):
        found = workbench().power(run.id, run.data_id)
        if isinstance(found, Power):
            _shown(run, found, threshold)
            return
        st.markdown(f"**{say(_TITLE)}**")
        if isinstance(found, Message):
            st.caption(say_message(found))
            st.button(say(N_("Try again")), key="plant_again", on_click=lambda: workbench().plant_again(run.id))
            return
        _wait(run)


def _shown(run: RunRecord, found: Power, threshold: ThresholdRecord) -> None:
    shares = found.shares(threshold.cut_off)
    kinds = {kind.name: kind for kind in anomaly_kinds(run.kind)}
    bars = [_bar(kinds[name], share) for name, share in shares.items()]
    items = plain(KINDS[run.kind].items)
    if bars:
        show_chart(charts.planted(bars, palette(), title=Message(_TITLE), translate=translate), key="planted")
        st.markdown(_told(kinds, shares))
    st.caption(
        say(_HELD_OUT if found.held_out else _LEARNED, items=items)
        + " "
        + say(
            N_(
                "Bars: the share of them above this cut-off, and where it lies 95 times in 100. Line: the same of {items} with nothing planted in them. "
                "It tells kinds that would be missed, not how many of your own anomalies are found."
            ),
            items=items,
        )
    )
    if threshold.segments:
        st.caption(say(N_("By the common cut-off {cut_off}, as what is planted belongs to no segment."), cut_off=threshold.cut_off))
    for name, why in found.not_planted.items():
        st.caption(say(N_("Not planted: {kind}."), kind=plain(kinds[name].title)) + " " + say_message(why))


def _bar(kind: AnomalyKind, share: Share) -> charts.PlantedBar:
    return charts.PlantedBar(
        plain(kind.title), plain(kind.planted), share.flagged, share.interval.low, share.interval.high, share.unplanted, share.planted
    )


def _told(kinds: dict[str, AnomalyKind], shares: dict[str, Share]) -> str:
    """Which kinds are hardly flagged more often than nothing at all."""
    missed = [plain(kinds[name].title).lower() for name, share in shares.items() if not share.is_told]
    if not missed:
        return say(N_("Of every kind it flags more than by chance."))
    return say(N_("Hardly more than by chance at this cut-off: {kinds}."), kinds=", ".join(missed))


def _wait(run: RunRecord) -> None:
    st.caption(say(N_("Planting known kinds of anomaly, and looking which of them would be flagged …")))
    st.skeleton(height=240)

    @st.fragment(run_every=LOOK_S)
    def live() -> None:
        if workbench().power(run.id, run.data_id) is not None:
            st.rerun(scope="app")

    live()
