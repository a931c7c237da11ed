"""How texts are shown: in full, the words that weigh most marked, never as markup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors import flagged
from detectors.errors import AnomalystError
from detectors.messages import N_
from detectors.preparation.text import TextPreparation
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine, results, state
from pages.shared.engine import workbench
from pages.shared.flagged_table import page_by_score
from pages.shared.language import escape, plain, say, say_message
from pages.shared.stability_card import solidity_texts
from pages.shared.values import value_text
from pages.shared.views.base import ExplainedItem, RunOfItems, View, waterfall

#: Texts on one page of the list, and texts shown on Data.
TEXTS, FIRST = 20, 6

#: A word is marked from this share of the strongest word's weight on, and marked strongly from the second one.
MARKED, MARKED_STRONGLY = 0.25, 0.6


class TextView(View):
    def data(self, record: DataSetRecord) -> None:
        column = next((name for name, role in record.roles.items() if role == "text"), None)
        if column is None:
            return
        texts = engine.first_rows(record.id, FIRST)[column]
        with st.container(border=True, key="first_texts"):
            st.caption(say(N_("The first texts of {column}"), column=column))
            for text in texts:
                st.markdown("- " + escape(value_text(text)))

    def flagged(self, data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord) -> None:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.subheader(say(N_("{count} flagged texts"), count=threshold.flagged), anchor=False, width="stretch")
            pages = max(1, -(-threshold.flagged // TEXTS))
            page = page_by_score(pages)
        ranking = engine.ranking(run.id)
        if page is not None:
            ranks = np.arange((page - 1) * TEXTS, min(page * TEXTS, threshold.flagged))
        else:
            ranks = flagged.around(threshold.flagged, len(ranking), TEXTS)
        if not len(ranks):
            st.info(say(N_("No text is flagged at this cut-off. Move the line to the left to flag some.")))
            return
        _list(data_set, RunOfItems(run, threshold), ranking[ranks], ranks)

    def listed(
        self, data_set: DataSetRecord, by: RunOfItems, rows: NDArray[np.intp], ranks: Mapping[str, NDArray[np.intp]], key: str
    ) -> None:
        shown = rows[:TEXTS]
        _list(data_set, by, shown, results.rank_of(by.run.id)[shown] - 1, f"_{key}")

    def explained(self, item: ExplainedItem) -> None:
        preparation = item.preparation
        assert isinstance(preparation, TextPreparation)
        text = _text_of(item)
        left, right = st.columns([1.2, 1])
        with left:
            by_words, by_surprise = plain(N_("What added to the score (SHAP)")), plain(N_("Surprise of each word"))
            can_choose = "elements" in item.found
            chosen = by_words
            if can_choose:
                chosen = st.segmented_control(
                    say(N_("Marked by")), [by_words, by_surprise], default=by_words, required=True, key="marked_by", width="content"
                )
            weights = item.found["values"] if chosen == by_words else item.found["elements"]
            with st.container(border=True, key="whole_text"):
                st.markdown(marked(text, preparation.spans(text), weights) or say(N_("The text is missing.")))
            st.caption(say(N_("Red words make the text more unusual, blue ones less; bold ones weigh most.")))
            _facts(item)
        with right:
            names, signed = preparation.by_word(text, item.found["values"])
            waterfall(item, names, signed)


def marked(text: str, spans: list[tuple[int, int]], weights: NDArray[np.floating[Any]]) -> str:
    """The text as Markdown that shows exactly its characters, words marked by their weights; `spans` are their places."""
    largest = float(np.abs(weights[: len(spans)]).max(initial=0)) or 1.0
    parts, before = [], 0
    for (start, end), weight in zip(spans, weights, strict=False):
        parts.append(_whole(text[before:start]))
        parts.append(_word(text[start:end], float(weight) / largest))
        before = end
    return "".join([*parts, _whole(text[before:])])


def _word(word: str, share: float) -> str:
    if abs(share) < MARKED or not word.strip():
        return _whole(word)
    inner = f"**{escape(word)}**" if abs(share) >= MARKED_STRONGLY else escape(word)
    return f":{'red' if share > 0 else 'blue'}-background[{inner}]"


def _whole(text: str) -> str:
    """Characters that Markdown must not take for its own; line ends stay line ends."""
    return "  \n".join(escape(line) for line in text.split("\n"))


def _list(data_set: DataSetRecord, by: RunOfItems, rows: NDArray[np.intp], ranks: NDArray[np.intp], key: str = "") -> None:
    run, threshold = by.run, by.threshold
    preparation = engine.preparation(run.id)
    assert isinstance(preparation, TextPreparation)
    positions = tuple(int(row) for row in rows)
    scores = np.asarray(workbench().run_folder(run.id).array("scores")[rows])
    texts = engine.data_rows(data_set.id, positions)[_column(run)]
    weights, sure = _weights(run, data_set, positions), solidity_texts(run, rows)
    for row, rank, score, text in zip(positions, ranks, scores, texts, strict=True):
        with st.container(border=True, key=f"text_{row}{key}"), st.container(horizontal=True, vertical_alignment="top", wrap=False):
            state_mark = "●" if score > threshold.cut_off else "○"
            with st.container(width=150, gap="xxsmall"):
                st.markdown(f"{state_mark} **{value_text(float(score))}**")
                st.caption(say(N_("rank {rank} · row {row}"), rank=int(rank) + 1, row=row + 1) + sure[row])
                st.button(
                    say(N_("Why?")),
                    key=f"why_{row}{key}",
                    type="tertiary",
                    on_click=state.go,
                    args=("explain",),
                    kwargs={"run": run.id, "row": row},
                )
            whole = text if isinstance(text, str) else ""
            found = weights.get(row)
            shown = marked(whole, preparation.spans(whole), found) if found is not None else _whole(whole)
            st.markdown(shown or say(N_("The text is missing.")), width="stretch")


def _weights(run: RunRecord, data_set: DataSetRecord, positions: tuple[int, ...]) -> dict[int, NDArray[np.float64]]:
    """SHAP values of the words of each text, where they can be had without waiting long."""
    try:
        return engine.unit_values(run.id, data_set.id, positions)
    except AnomalystError as error:
        st.caption(say_message(error.message))
        return {}


def _column(run: RunRecord) -> str:
    roles: dict[str, str] = run.request["roles"]
    return next(name for name, role in roles.items() if role == "text")


def _text_of(item: ExplainedItem) -> str:
    value = engine.data_rows(item.data_set.id, (item.row,))[_column(item.run)].iloc[0]
    return value if isinstance(value, str) else ""


def _facts(item: ExplainedItem) -> None:
    """What else the row holds."""
    frame = engine.data_rows(item.data_set.id, (item.row,)).drop(columns=_column(item.run))
    if len(frame.columns):
        st.caption(" · ".join(f"{escape(str(name))}: {escape(value_text(values.iloc[0]))}" for name, values in frame.items()))
