"""How much the detector depends on each part: it is shuffled among rows. Beside it what explanations say."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors import charts
from detectors.explanations.permutation_importance import Shuffled, rows_and_repeats
from detectors.flags import CutOff
from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared.all_flagged.explained_rows import part_names, weights_of
from pages.shared.all_flagged.waiting import may_work
from pages.shared.engine import ColumnWeights, workbench
from pages.shared.flags import flags_key, flags_of
from pages.shared.language import percent, plain, say, translate
from pages.shared.look import palette, show_chart

_SHUFFLED = N_(
    "Each was shuffled among {rows} {items}, flagged ones and others, {times}; a change counts as often as there are {items} like it. "
    "It misleads where {parts} go together: shuffled alone, they contradict each other."
)
_WORDS_LEFT_OUT = N_(
    "Each word was left out of {rows} {items}, flagged ones and others; a change counts as often as there are {items} like it."
)


@st.cache_data(show_spinner=False, max_entries=20)
def found_shuffling(run_id: str, data_id: str, names: tuple[str, ...], key: str, _flagged: NDArray[np.intp]) -> Shuffled:
    return workbench().shuffling(run_id, data_id, names, _flagged)


def shuffling_panel(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """Both measures side by side, and a sentence on whether they agree."""
    with st.spinner(say(N_("Explaining the flagged {items} …"), items=plain(KINDS[run.kind].items))):
        weights = weights_of(run, threshold)
    at_once = workbench().scores_at_once(run.id)
    rows, repeats = rows_and_repeats(len(weights.names), at_once)
    if not may_work(run, rows * repeats * len(weights.names), "shuffle"):
        return
    flags = flags_of(threshold)
    with st.spinner(say(N_("Shuffling one after the other …")), show_time=True):
        found = found_shuffling(run.id, data_set.id, tuple(weights.names), flags_key(threshold), flags.above)
    importance = found.importance
    if not importance.any():
        st.info(say(N_("Shuffling changes no score: this detector gives every row the same, or looks at nothing that is named here.")))
        return
    cut_off = flags.ordered(found.rows)
    further = {} if KINDS[run.kind].ordered else {"flags lost": found.lost(cut_off), "flags gained": found.gained(cut_off)}
    second = N_("leaving out: over all") if run.kind == "text" else N_("shuffling: over all")
    chart = charts.two_importances(
        part_names(weights.names), weights.weights, importance, further, palette(), second=second, translate=translate
    )
    st.markdown(_verdict(weights, importance, run.kind))
    show_chart(chart, key="two_importances")
    _told(found, weights, run, cut_off)


def _verdict(weights: ColumnWeights, importance: np.ndarray, kind: str) -> str:
    """Whether both name the same part first."""
    names = _quoted(weights.names, kind)
    if not weights.weights.any():
        return say(N_("Explanations name nothing here: what flagged ones were compared with has the same scores."))
    by_explanation, by_shuffling = names[int(np.argmax(weights.weights))], names[int(np.argmax(importance))]
    if by_explanation == by_shuffling:
        return say(N_("Explanations and {way} name the same first: {name}."), way=plain(_way(kind)), name=by_explanation)
    return say(
        N_(
            "Explanations and {way} disagree: over the flagged ones {first} weighs most, over all of them the detector depends most on {second}. "
            "The first says what made these stand out, the second what the detector looks at everywhere."
        ),
        way=plain(_way(kind)), first=by_explanation, second=by_shuffling,
    )  # fmt: skip


def _way(kind: str) -> str:
    return N_("leaving words out") if kind == "text" else N_("shuffling")


def _told(found: Shuffled, weights: ColumnWeights, run: RunRecord, cut_off: CutOff) -> None:
    """What was done, and what became of the flags."""
    kind, top = KINDS[run.kind], int(np.argmax(found.importance))
    done = _WORDS_LEFT_OUT if run.kind == "text" else _SHUFFLED
    values = {"rows": len(found.scores), "items": plain(kind.items), "times": _times(found.moved.shape[1]), "parts": plain(kind.parts)}
    sentences = [say(done, **values)]
    if not kind.ordered and np.isfinite(found.lost(cut_off)).all():
        flags = (
            N_("Without {name} {lost} of the flags would go, and {gained} of all others would be flagged.")
            if run.kind == "text"
            else N_("With {name} shuffled {lost} of the flags would go, and {gained} of all others would be flagged.")
        )
        lost, gained = (float(share[top]) for share in (found.lost(cut_off), found.gained(cut_off)))
        sentences.append(say(flags, name=_quoted(weights.names, run.kind)[top], lost=percent(lost), gained=percent(gained)))
    st.caption(" ".join(sentences))


def _quoted(names: list[str], kind: str) -> list[str]:
    """Names as they stand in a sentence: words in quotes, for they may be signs."""
    return [f"“{name}”" for name in names] if kind == "text" else part_names(names)


def _times(repeats: int) -> str:
    return plain(N_("once")) if repeats == 1 else plain(N_("{repeats} times"), repeats=repeats)
