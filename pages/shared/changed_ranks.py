"""What it changed that the most unusual rows were dropped and the detector trained again, or that verdicts were learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from detectors import charts
from detectors.flagged import free_name
from detectors.messages import N_
from detectors.rank_changes import RankChanges, rank_changes
from detectors.storage.records import DataSetRecord, RunRecord
from pages.shared import engine
from pages.shared.engine import kept_by_id, workbench
from pages.shared.language import plain, say, translate
from pages.shared.look import palette, show_chart


def changed_ranks(data_set: DataSetRecord, run: RunRecord) -> None:
    """Both rankings against each other, and the rows that moved most; nothing for a run that was trained once."""
    folder = workbench().run_folder(run.id)
    if not folder.has("first_scores"):
        return
    if not folder.has("dropped"):
        _after_verdicts(data_set, run, np.asarray(folder.array("verdicts")) >= 0)
        return
    dropped = np.asarray(folder.array("dropped"))
    label = say(N_("Trained again without {count} rows: how ranks changed"), count=int(dropped.sum()))
    with st.expander(label, icon=":material/swap_vert:", key="changed_ranks"):
        sentence = N_(
            "Rank 1 is the most unusual row. Rank correlation of both trainings: {correlation}; 1 would mean that dropping rows changed nothing."
        )
        _both(data_set, run, _Marked(dropped, charts.DROPPED, sentence))


def _after_verdicts(data_set: DataSetRecord, run: RunRecord, judged: NDArray[np.bool_]) -> None:
    """The same of a run that learned from verdicts, against the run that it began with."""
    label = say(N_("Learned from {count} verdicts: the order before and after"), count=int(judged.sum()))
    with st.expander(label, icon=":material/swap_vert:", key="changed_ranks", expanded=True):
        sentence = N_(
            "Rank 1 is the most unusual row. Rank correlation with the run that it began with: {correlation}. A judged row stands where the other "
            "verdicts put it: its own says nothing about rows of which nobody said anything."
        )
        _both(data_set, run, _Marked(judged, charts.VERDICTS, sentence))


@dataclass(frozen=True)
class _Marked:
    """Rows that are marked in the plot and the tables, as what, and what is said above them."""

    rows: NDArray[np.bool_]
    words: charts.RankWords
    sentence: str


def _both(data_set: DataSetRecord, run: RunRecord, marked: _Marked) -> None:
    changes = _changes(run.id)
    st.caption(say(marked.sentence, correlation=round(changes.correlation, 3)))
    left, right = st.columns([5, 6])
    with left:
        chart = charts.changed_ranks(changes, marked.rows, palette(), words=marked.words, translate=translate)
        show_chart(chart, key=f"ranks_{run.id}")
    with right:
        _moved(data_set, changes, changes.rose, marked, N_("Rose most: more unusual now"))
        _moved(data_set, changes, changes.fell, marked, N_("Fell most: less unusual now"))


@kept_by_id(10)
def _changes(run_id: str) -> RankChanges:
    folder = workbench().run_folder(run_id)
    return rank_changes(np.asarray(folder.array("first_scores")), np.asarray(folder.array("scores")), most=5)


def _moved(data_set: DataSetRecord, changes: RankChanges, rows: NDArray[np.intp], marked: _Marked, title: str) -> None:
    st.markdown(f"**{say(title)}**")
    if not len(rows):
        st.caption(say(N_("None.")))
        return
    values = engine.data_rows(data_set.id, tuple(int(row) for row in rows)).reset_index(drop=True)
    ours = {
        "row": (rows + 1, plain(N_("row"))),
        "first": (changes.first[rows], plain(N_("rank at first"))),
        "last": (changes.last[rows], plain(N_("rank in the end"))),
        "marked": (np.where(marked.rows[rows], "◆", ""), plain(marked.words.marked)),
    }
    named = {free_name(name, values.columns): column for name, column in ours.items()}
    frame = pd.concat([pd.DataFrame({name: column for name, (column, _) in named.items()}), values], axis=1)
    config = {name: st.column_config.Column(shown) for name, (_, shown) in named.items()}
    st.dataframe(frame, hide_index=True, height="content", column_config=config, alt=plain(title))
