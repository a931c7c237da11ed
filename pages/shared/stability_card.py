"""How sure the flags are: how often each would be given by detectors that learned from other rows."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors import charts, registry
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.runs.refits import FEWEST_REFITS, LEARNED_SHARE, REFITS
from detectors.stability import SOLID, Stability, stability
from detectors.storage.records import RunRecord, ThresholdRecord
from pages.shared.engine import kept_by_id, workbench
from pages.shared.estimate import duration
from pages.shared.flags import flags_of
from pages.shared.language import percent, plain, say, say_message, translate
from pages.shared.look import palette, show_chart
from pages.shared.running import until_ended
from pages.shared.threshold_plot import Sureness

_TITLE = N_("How sure is each flag?")


def stability_of(run: RunRecord, threshold: ThresholdRecord) -> Stability | None:
    """How sure the flagged rows of a run are; None where its detector was not refitted."""
    ranks = workbench().refit_ranks(run.id)
    if ranks is None:
        return None
    return _stability(run.id, (threshold.flagged, json.dumps([threshold.cut_off, threshold.segments])), ranks.shape[1], threshold)


def sureness(run: RunRecord, threshold: ThresholdRecord) -> Sureness | None:
    """How many flags are solid, and the band of scores in which they are not; None where there is nothing to tell.

    Where segments have cut-offs of their own, the band is where these lie.
    """
    found = stability_of(run, threshold)
    counts = {} if found is None else {"solid": found.solid, "borderline": found.borderline}
    if threshold.segments:
        own = [*threshold.segments["cut_offs"].values(), threshold.cut_off]
        return Sureness((min(own), max(own)), N_("cut-offs"), **counts)
    return None if found is None else Sureness(found.band(workbench().run_folder(run.id).array("scores")), **counts)


def solidity(run: RunRecord, threshold: ThresholdRecord, rows: NDArray[np.intp]) -> NDArray[np.float64] | None:
    """For each of `rows` the share of the refits in which it would be flagged; None where there are no refits."""
    found = stability_of(run, threshold)
    return None if found is None else found.share[rows]


def solidity_found(run: RunRecord, threshold: ThresholdRecord, rows: NDArray[np.intp]) -> dict[str, list[Any]]:
    """The same as a column to show beside others; no column where there are no refits."""
    sure = solidity(run, threshold, rows)
    return {} if sure is None else {"solidity": sure.tolist()}


@kept_by_id(4)
def _stability(run_id: str, position: tuple[int, str], refits: int, _threshold: ThresholdRecord) -> Stability:
    ranks = workbench().refit_ranks(run_id)
    assert ranks is not None
    return stability(np.asarray(ranks)[:, :refits], flags_of(_threshold))


def stability_card(run: RunRecord, threshold: ThresholdRecord) -> None:
    """Shows how sure the flags are, how far the refits are, or offers them."""
    with st.container(border=True, key="stability"):
        st.markdown(f"**{say(_TITLE)}**")
        runs = workbench().stability_runs(run.id)
        unended = next((other for other in runs if not other.ended), None)
        if unended is not None:
            until_ended(unended, _progress)
            return
        found = stability_of(run, threshold)
        if found is not None:
            _shown(run, found)
            return
        if runs and (message := runs[0].message) is not None:
            st.caption(say_message(message))
        _offer(run)


def _shown(run: RunRecord, found: Stability) -> None:
    items = plain(KINDS[run.kind].items)
    if not len(found.flagged):
        st.caption(say(N_("Nothing is flagged at this cut-off.")))
        return
    with st.grid(3, min_column_width=90):
        _count(N_("solid"), found.solid, say(N_("Flagged in at least {share} of the refits."), share=percent(SOLID)))
        _count(N_("borderline"), found.borderline, say(N_("Flagged here, and in fewer of the refits than that.")))
        _count(N_("nearly flagged"), found.nearly, say(N_("Not flagged here, and flagged in at least half of the refits.")))
    title = Message(N_("How many refits flag them too?"))
    chart = charts.agreement_of_refits(found.counts(), math.ceil(SOLID * found.refits), palette(), title=title, translate=translate)
    show_chart(chart, key="refits")
    st.caption(
        say(
            N_("The detector learned {refits} times more, each time from another random {share} of what it had learned from, with another seed. "
               "Each refit flags as many {items} as are flagged here."),
            refits=found.refits, share=percent(LEARNED_SHARE), items=items,
        )
    )  # fmt: skip
    if found.refits < REFITS:
        _button(run)


def _count(title: str, count: int, help_text: str) -> None:
    st.metric(say(title), f"{count:,}", help=help_text)


def offer_refits(run: RunRecord, key: str) -> None:
    """A quiet button that has the detector refitted, where nothing is known of how sure its flags are."""
    if run.task != "train":  # a saved detector on new data did not learn from these rows
        return
    if workbench().refit_ranks(run.id) is None and all(other.ended for other in workbench().stability_runs(run.id)):
        text = say(N_("Which are solid?"))
        hint = N_("Refits the detector {refits} times on other parts of the rows ({duration}): it tells solid flags from borderline ones.")
        shown = say(hint, refits=REFITS, duration=duration(_expected_s(run)))
        st.button(text, key=key, type="tertiary", icon=":material/verified:", help=shown, on_click=workbench().start_refits, args=(run.id,))


def _offer(run: RunRecord) -> None:
    st.caption(
        say(
            N_("A flag that depends on which rows happened to be learned from is worth less. {refits} refits, each from another random {share} of "
               "what was learned from, tell solid flags from borderline ones."),
            refits=REFITS, share=percent(LEARNED_SHARE),
        )
    )  # fmt: skip
    _button(run)


def _button(run: RunRecord) -> None:
    if st.button(say(N_("Refit {refits} times ({duration})"), refits=REFITS, duration=duration(_expected_s(run))), key="start_refits"):
        workbench().start_refits(run.id)
        st.rerun()


def _expected_s(run: RunRecord) -> float:
    """About how long the refits take, judged by how long the training took."""
    seconds = (run.summary or {}).get("seconds", {})
    growth = registry.get(run.representation, run.detector).growth
    once = seconds.get("fit", 0.0) * LEARNED_SHARE**growth + seconds.get("score", 0.0)
    return float(seconds.get("read", 0.0) + seconds.get("prepare", 0.0) + REFITS * once)


def _progress(refits_run: RunRecord) -> None:
    progress: dict[str, Any] = workbench().run_folder(refits_run.id).progress()
    is_refitting = progress.get("phase") == "refitting"
    done, total = (progress["done"], progress["total"]) if is_refitting else (0, REFITS)
    text = say(N_("Refit {done} of {total}"), done=min(done + 1, total), total=total) + _time_left(progress, done / total)
    st.progress(done / total, text=text if is_refitting else say(N_("waiting for the trainer …")))
    if st.button(
        say(N_("Stop")),
        key="stop_refits",
        icon=":material/stop:",
        help=say(N_("From {fewest} refits on, those that are done are kept."), fewest=FEWEST_REFITS),
    ):
        workbench().stop_run(refits_run.id, "keep" if done >= FEWEST_REFITS else "discard")


def _time_left(progress: dict[str, Any], covered: float) -> str:
    """How long the rest takes at the pace so far; nothing before the first refit is done."""
    if not 0 < covered < 1:
        return ""
    spent = progress["at"] - progress["phase_started"]
    left = spent * (1 - covered) / covered - (time.time() - progress["at"])
    return " · " + say(N_("about {duration} left"), duration=duration(left))
