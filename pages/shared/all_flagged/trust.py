"""Whether explanations hold: the named parts are put back to what was expected, and the score has to fall."""

from __future__ import annotations

import numpy as np
import streamlit as st

from detectors import charts
from detectors.explanations.trust import DRAWS, PutBack, counts_of, rows_to_check
from detectors.flags import CutOff, Flags, sampled
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.runs.over_the_run import columns_put_back
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine
from pages.shared.all_flagged.explained_rows import weights_of
from pages.shared.all_flagged.waiting import may_work
from pages.shared.engine import workbench
from pages.shared.flags import flags_key, flags_of
from pages.shared.language import percent, plain, say, translate
from pages.shared.look import palette, show_chart

#: So many parts are put back in the sentence, one where there are few; of a picture or a text more, for they have many small ones.
TOLD, TOLD_OF_MANY = 2, 5

#: What the named parts undo beyond chance, in shares of the excess, from which on explanations hold, and below which they do not.
HOLDS, FAILS = 0.3, 0.1


@st.cache_data(show_spinner=False, max_entries=20)
def found_putting_back(run_id: str, data_id: str, key: str, rows: int, _flags: Flags) -> PutBack:
    """So many flagged rows, spread evenly over those that are explained; `key` names the `_flags`."""
    explained = engine.column_weights(run_id, data_id, _flags)
    chosen = sampled(len(explained.positions), rows)
    return workbench().putting_back(run_id, data_id, explained.positions[chosen], explained.values[chosen])


def trust_panel(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
    """The curve, and in words what it says of the explanations of this run."""
    with st.spinner(say(N_("Explaining the flagged {items} …"), items=plain(KINDS[run.kind].items))):
        weights_of(run, threshold)
    preparation = engine.preparation(run.id)
    columns = columns_put_back(preparation)
    n_units = int(preparation.units.max()) + 1 if columns is None else len(columns)
    flags = flags_of(threshold)
    rows = min(flags.count, rows_to_check(n_units, workbench().scores_at_once(run.id)))
    if not may_work(run, rows * len(counts_of(n_units)) * (1 + DRAWS), "put_back"):
        return
    with st.spinner(say(N_("Putting back what was expected …")), show_time=True):
        found = found_putting_back(run.id, data_set.id, flags_key(threshold), rows, flags)
    if not found.has_excess.any():
        st.info(
            say(
                N_(
                    "No flagged row scores higher than what was expected in its place, so there is nothing to undo: these explanations cannot be checked."
                )
            )
        )
        return
    heaviest, by_chance = found.quarters(found.heaviest), found.quarters(found.by_chance)
    parts = plain(N_("stretches of time") if run.kind == "series" and columns is None else KINDS[run.kind].parts)
    _verdict(found, run.kind, parts)
    axis = Message(N_("{parts} left out") if run.kind == "text" else N_("{parts} put back to what was expected"), {"parts": parts})
    show_chart(charts.trust_curve(found.counts, heaviest, by_chance, palette(), axis=axis, translate=translate), key="trust_curve")
    explained = weights_of(run, threshold).positions
    _told(found, run, flags.ordered(explained[sampled(len(explained), rows)]))


def _verdict(found: PutBack, kind: str, parts: str) -> None:
    """One sentence with figures, and what follows from it."""
    heaviest, by_chance = (found.quarters(scores)[1] for scores in (found.heaviest, found.by_chance))
    place = _place(found, kind)
    values = {"count": int(found.counts[place]), "parts": parts, "undone": _share(heaviest[place]), "chance": _share(by_chance[place])}
    if kind == "text":
        told = N_("Leaving out the {count} words that weigh most undoes {undone} of the excess; {count} drawn by chance undo {chance}.")
    elif values["count"] == 1:
        told = N_("Putting back the first of the {parts} undoes {undone} of the excess; one drawn by chance undoes {chance}.")
    else:
        told = N_("Putting back the first {count} {parts} undoes {undone} of the excess; {count} drawn by chance undo {chance}.")
    figures = say(told, **values)
    gain = float(heaviest[place] - by_chance[place])
    if gain >= HOLDS:
        st.success(say(N_("The explanations hold.")) + " " + figures)
    elif gain >= FAILS:
        st.info(say(N_("The explanations hold in part.")) + " " + figures)
    else:
        st.warning(
            say(N_("The explanations are hardly better than chance: do not rely on which {parts} they name."), parts=parts) + " " + figures
        )


def _told(found: PutBack, run: RunRecord, cut_off: CutOff) -> None:
    kind = KINDS[run.kind]
    sentences = [
        say(
            N_("Over {rows} flagged {items}; lines are medians, bands hold the middle half. 0 % is the score as it is, 100 % that of what was expected in its place."),
            rows=int(found.has_excess.sum()), items=plain(kind.items),
        )
    ]  # fmt: skip
    without = int((~found.has_excess).sum())
    if without:
        told = N_("{count} others score no higher than what was expected in their place, and are left out.")
        sentences.append(say(told, count=without))
    place = _place(found, run.kind)
    below, chance = (float(found.below(scores, cut_off)[place]) for scores in (found.heaviest, found.by_chance))
    if not kind.ordered and np.isfinite(below):
        flags_told = (
            N_("Without these {count} words {below} of them would not be flagged any longer; by chance {chance}.")
            if run.kind == "text"
            else N_("With {count} put back {below} of them would not be flagged any longer; by chance {chance}.")
        )
        sentences.append(say(flags_told, count=int(found.counts[place]), below=percent(below), chance=percent(chance)))
    st.caption(" ".join(sentences))


def _place(found: PutBack, kind: str) -> int:
    """The point that is told in words: two parts, or one of up to three; five of many."""
    told = TOLD_OF_MANY if kind in ("images", "text") else TOLD
    return int(np.searchsorted(found.counts, told if found.counts[-1] > told + 1 else 1))


def _share(share: float) -> str:
    return plain(N_("nothing")) if round(float(share), 2) <= 0 else percent(round(float(share), 2))
