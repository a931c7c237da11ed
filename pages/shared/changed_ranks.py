"""What it changed that the most unusual rows were dropped and the detector trained again."""

from __future__ import annotations

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
    dropped = np.asarray(folder.array("dropped"))
    label = say(N_("Trained again without {count} rows: how ranks changed"), count=int(dropped.sum()))
    with st.expander(label, icon=":material/swap_vert:", key="changed_ranks"):
        changes = _changes(run.id)
        sentence = N_(
            "Rank 1 is the most unusual row. Rank correlation of both trainings: {correlation}; 1 would mean that dropping rows changed nothing."
        )
        st.caption(say(sentence, correlation=round(changes.correlation, 3)))
        left, right = st.columns([5, 6])
        with left:
            show_chart(charts.changed_ranks(changes, dropped, palette(), translate=translate), key=f"ranks_{run.id}")
        with right:
            _moved(data_set, changes, changes.rose, dropped, N_("Rose most: more unusual now"))
            _moved(data_set, changes, changes.fell, dropped, N_("Fell most: less unusual now"))


@kept_by_id(10)
def _changes(run_id: str) -> RankChanges:
    folder = workbench().run_folder(run_id)
    return rank_changes(np.asarray(folder.array("first_scores")), np.asarray(folder.array("scores")), most=5)


def _moved(data_set: DataSetRecord, changes: RankChanges, rows: NDArray[np.intp], dropped: NDArray[np.bool_], title: str) -> None:
    st.markdown(f"**{say(title)}**")
    if not len(rows):
        st.caption(say(N_("None.")))
        return
    values = engine.data_rows(data_set.id, tuple(int(row) for row in rows)).reset_index(drop=True)
    ours = {
        "row": (rows + 1, plain(N_("row"))),
        "first": (changes.first[rows], plain(N_("rank at first"))),
        "last": (changes.last[rows], plain(N_("rank in the end"))),
        "dropped": (np.where(dropped[rows], "◆", ""), plain(N_("dropped"))),
    }
    named = {free_name(name, values.columns): column for name, column in ours.items()}
    frame = pd.concat([pd.DataFrame({name: column for name, (column, _) in named.items()}), values], axis=1)
    config = {name: st.column_config.Column(shown) for name, (_, shown) in named.items()}
    st.dataframe(frame, hide_index=True, height="content", column_config=config, alt=plain(title))
