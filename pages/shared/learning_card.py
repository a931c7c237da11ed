"""What verdicts say of a run, and what can be learned from them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from detectors.errors import AnomalystError
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.position import Position
from detectors.runs.judged import DETECTOR, Judged
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.verdict_estimates import Estimate, FromVerdicts, from_verdicts
from pages.shared import results, state
from pages.shared.context import run_text
from pages.shared.engine import workbench
from pages.shared.language import percent, plain, say, say_message
from pages.shared.moves import move
from pages.shared.running import progress_of, until_ended
from pages.shared.views.base import RunOfItems, View
from pages.shared.worth_a_look import worth_a_look

#: Rows that are proposed at once.
PROPOSED = 10

#: Seconds between two looks at whether more was judged.
WATCH_S = 4.0

#: A threshold is proposed where at least this share of what it flags would be anomalies.
WORTH_FLAGGING = 0.1


def learning_card(view: View, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """What follows from the verdicts on a run, the threshold that they propose, and learning from them; nothing before the first verdict."""
    judged = workbench().rows_judged(data_set.id)
    _watch(data_set.id, len(judged.rows))
    if not len(judged.rows):
        return
    with st.container(border=True, key="learning"):
        st.markdown(f"**{say(N_('What your verdicts say'))}** · " + _counts(judged))
        found = _found(run.id, judged.rows.tobytes(), judged.is_anomaly.tobytes(), threshold.flagged)
        _figures(found, threshold.flagged, plain(KINDS[run.kind].items))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _offer_threshold(run, threshold, found)
            offer_learning(run, judged)
        _learned(run)
        if run.detector != DETECTOR:
            _proposals(view, data_set, RunOfItems(run, threshold))


def _watch(data_id: str, shown: int) -> None:
    """Offers to look again once more was judged than is shown: marks go past the page, which would move under whoever is judging."""

    @st.fragment(run_every=WATCH_S)
    def watching() -> None:
        now = len(workbench().rows_judged(data_id).rows)
        if now != shown:
            label = say(N_("{count} verdicts now: see what they say"), count=now)
            if st.button(label, key="look_again", type="tertiary", icon=":material/refresh:"):
                st.rerun(scope="app")

    watching()


def _counts(judged: Judged) -> str:
    anomalies = int(judged.is_anomaly.sum())
    return say(N_("{anomalies} judged an anomaly, {normal} normal"), anomalies=anomalies, normal=len(judged.rows) - anomalies)


@st.cache_data(show_spinner=False, max_entries=50)
def _found(run_id: str, rows: bytes, is_anomaly: bytes, flagged: int) -> FromVerdicts:
    ranks = results.rank_of(run_id)
    judged = np.frombuffer(rows, dtype=np.intp)
    return from_verdicts(np.asarray(ranks[judged], dtype=np.intp), np.frombuffer(is_anomaly, dtype=np.bool_), flagged, len(ranks))


def _figures(found: FromVerdicts, flagged: int, items: str) -> None:
    with st.grid(3, min_column_width=200):
        _precision(found, flagged, items)
        _estimate(N_("left among the flagged"), found.flagged, N_("Anomalies among the flagged {items} that nobody judged."), items)
        _estimate(N_("left elsewhere"), found.others, N_("Anomalies among the {items} that are neither flagged nor judged."), items)
    told = [
        say(
            N_("first {first}: {anomalies} of {judged} judged, {low} to {high}"), first=at.first, anomalies=at.anomalies, judged=at.judged,
            low=percent(at.interval.low), high=percent(at.interval.high),
        )
        for at in found.precision
    ]  # fmt: skip
    if told:
        st.caption(say(N_("Anomalies among the")) + " " + " · ".join(told) + ".")
    st.caption(
        say(
            N_("You chose which {items} to judge, so the shares hold for {items} like those judged. What is left is estimated as if the chance of an "
               "anomaly depended on the rank alone; intervals hold 95 times in 100, and are wide where nothing was judged."),
            items=items,
        )
    )  # fmt: skip


def _precision(found: FromVerdicts, flagged: int, items: str) -> None:
    at = next((each for each in found.precision if each.first == flagged), None)
    help_text = say(N_("The share of anomalies among the flagged {items} that were judged."), items=items)
    if at is None:
        st.metric(say(N_("precision of the flags")), "–", help=help_text)
        return
    spread = say(N_("{low} to {high}, {judged} of {flagged} judged"), low=percent(at.interval.low), high=percent(at.interval.high), judged=at.judged, flagged=flagged)  # fmt: skip
    st.metric(say(N_("precision of the flags")), percent(at.share), delta=spread, delta_color="off", delta_arrow="off", help=help_text)


def _estimate(title: str, found: Estimate, help_text: str, items: str) -> None:
    spread = say(N_("{low} to {high}"), low=f"{found.low:,}", high=f"{found.high:,}")
    st.metric(say(title), f"≈ {found.count:,.0f}", delta=spread, delta_color="off", delta_arrow="off", help=say(help_text, items=items))


def _offer_threshold(run: RunRecord, threshold: ThresholdRecord, found: FromVerdicts) -> None:
    """The threshold that follows the verdicts, as a button; in words where nothing is worth flagging or it is there already."""
    if found.expected_precision < WORTH_FLAGGING:
        st.caption(say(N_("By these verdicts hardly any flag would be right: no threshold is proposed.")), width="stretch")
        return
    if found.best == threshold.flagged:
        st.caption(say(N_("The threshold lies where these verdicts put it.")), width="stretch")
        return
    help_text = N_(
        "The highest expected F1 by these verdicts: about {precision} of the flags would be right, and hold {recall} of all anomalies. Judge "
        "more, and this moves."
    )
    st.button(
        say(N_("Flag the first {count}"), count=found.best), key="follow_verdicts", icon=":material/flag:", on_click=move,
        args=(run.id, Position("rows", float(found.best))),
        help=say(help_text, precision=percent(found.expected_precision), recall=percent(found.expected_recall)),
    )  # fmt: skip


def offer_learning(run: RunRecord, judged: Judged) -> None:
    """The button that lets a model learn from the verdicts, beginning with a run."""
    help_text = N_(
        "A run of its own: begins with the scores of this one and moves rows that are like those you judged. A row that is like none of them "
        "keeps its place. It can be explained, compared and saved like any other."
    )
    if st.button(
        say(N_("Learn from my verdicts")), key="learn", icon=":material/school:", help=say(help_text),
        disabled=not len(judged.rows),
    ):  # fmt: skip
        try:
            workbench().learn_from_verdicts(run.id)
        except AnomalystError as error:
            state.refuse(error.message)
        st.rerun()


def _learned(run: RunRecord) -> None:
    """The latest run that learned from verdicts on this one: how far it is, or the way to it."""
    runs = workbench().runs_from_verdicts(run.data_id, run.id)
    if not runs:
        return
    latest = runs[0]
    if not latest.ended:
        until_ended(latest, progress_of)
        return
    if latest.state != "done":
        if latest.message is not None:
            st.warning(say_message(latest.message), icon=":material/info:")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        learned = (latest.summary or {}).get("verdicts") or {}
        sentence = N_("{run} learned from {anomalies} anomalies and {normal} normal ones.")
        st.caption(
            say(sentence, run=run_text(latest), anomalies=learned.get("anomaly", 0), normal=learned.get("normal", 0)), width="content"
        )
        st.button(
            say(N_("Open its order")), key="open_learned", type="tertiary", icon=":material/arrow_forward:",
            on_click=lambda: state.select(run=latest.id),
        )  # fmt: skip


def _proposals(view: View, data_set: DataSetRecord, by: RunOfItems) -> None:
    """The rows whose verdict would tell most; looked for once somebody asks."""
    items = plain(KINDS[by.run.kind].items)
    shown = st.expander(
        say(N_("{items} worth a look next"), items=items).capitalize(), icon=":material/lightbulb:", key="worth", on_change="rerun"
    )
    if not shown.open:
        return
    with shown:
        with st.spinner(say(N_("Comparing {items} …"), items=items)):
            rows = worth_a_look(by.run, PROPOSED)
        if not len(rows):
            st.caption(say(N_("Everything was judged.")))
            return
        told = N_("Likely anomalies, and {items} unlike any that was judged: their verdicts would tell most.")
        st.caption(say(told, items=items))
        view.listed(data_set, by, rows, {plain(N_("this run")): results.rank_of(by.run.id)[rows]}, "worth")


def learn_on_train(data_set: DataSetRecord) -> None:
    """On Train: the same offer for the run that is looked at, from the first verdict on."""
    run, judged = state.run(), workbench().rows_judged(data_set.id)
    if run is None or run.state != "done" or run.data_id != data_set.id or not len(judged.rows):
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="learning"):
        sentence = N_("Verdicts on this data set can be learned from, beginning with {run}.")
        st.markdown(_counts(judged) + " · " + say(sentence, run=run_text(run)), width="stretch")
        offer_learning(run, judged)
