"""How texts are shown: in full, the words that weigh most marked, never as markup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from detectors.errors import AnomalystError
from detectors.messages import N_, shown
from detectors.preparation.text import TextPreparation
from detectors.runs.normal_rows import Neighbours
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared import engine
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.language import escape, percent, plain, say, say_message
from pages.shared.row_items import explain_action
from pages.shared.stability_card import solidity
from pages.shared.triage.items import Column, Item, Listed
from pages.shared.values import value_text
from pages.shared.views.base import ExplainedItem, RunOfItems, View, waterfall

#: Texts on one page of the list, and texts shown on Data.
TEXTS, FIRST = 20, 6

#: Characters of a text in the list; Explain has all.
LONGEST_LISTED = 900

#: A word is marked from this share of the strongest word's weight on, and marked strongly from the second one.
MARKED, MARKED_STRONGLY = 0.25, 0.6


class TextView(View):
    heading = N_("{count} flagged texts")
    per_page = TEXTS

    def data(self, record: DataSetRecord) -> None:
        column = next((name for name, role in record.roles.items() if role == "text"), None)
        if column is None:
            return
        texts = engine.first_rows(record.id, FIRST)[column]
        with st.container(border=True, key="first_texts"):
            st.caption(say(N_("The first texts of {column}"), column=column))
            for text in texts:
                st.markdown("- " + escape(value_text(text)))

    def items(self, data_set: DataSetRecord, by: RunOfItems, places: NDArray[np.intp], *, with_reasons: bool = True) -> Listed:
        return listed_texts(data_set, by.run, by.threshold, places)

    def listed(
        self, data_set: DataSetRecord, by: RunOfItems, rows: NDArray[np.intp], ranks: Mapping[str, NDArray[np.intp]], key: str
    ) -> None:
        super().listed(data_set, by, rows[:TEXTS], {name: found[:TEXTS] for name, found in ranks.items()}, key)

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
            waterfall(item, lambda values: preparation.by_word(text, values, item.found["values"]))

    def beside(self, item: ExplainedItem, found: Neighbours) -> None:
        column = _column(item.run)
        texts = engine.data_rows(item.data_set.id, tuple(int(row) for row in found.rows))[column]
        alike = found.distances < 1
        if not alike.any():
            st.caption(say(N_("No normal text that was looked at shares a known word with this one.")))
        for row, text, away in zip(found.rows[alike], texts[alike], found.distances[alike], strict=True):
            with st.container(border=True, gap="xxsmall"):
                st.caption(
                    say(N_("Row {row} · {share} alike by its words, rare ones counting more"), row=int(row) + 1, share=percent(1 - away))
                )
                st.markdown(_whole(value_text(text)))


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


def listed_texts(data_set: DataSetRecord, run: RunRecord, threshold: ThresholdRecord, ranks: NDArray[np.intp]) -> Listed:
    """The texts at some places (from 0) in the order of the flags, long ones shortened."""
    preparation = engine.preparation(run.id)
    assert isinstance(preparation, TextPreparation)
    flags = flags_of(threshold)
    rows = np.asarray(flags.order[ranks])
    positions = tuple(int(row) for row in rows)
    scores = np.asarray(workbench().run_folder(run.id).array("scores")[rows])
    texts = engine.data_rows(data_set.id, positions)[_column(run)]
    weights = _weights(run, data_set, positions)
    columns: dict[Column, list[Any]] = {
        Column(plain(N_("score"))): [value_text(float(score)) for score in scores],
        Column(plain(N_("rank"))): [shown(int(rank) + 1) for rank in ranks],
        Column(plain(N_("row"))): [shown(row + 1) for row in positions],
    }
    if (sure := solidity(run, threshold, rows)) is not None:
        columns[Column(plain(N_("solid")), "share", plain(N_("The share of the refits in which it would be flagged.")))] = sure.tolist()
    items = [
        Item(
            str(row), [(row, row)], plain(N_("text {row}"), row=row + 1), bool(rank < flags.count), line,
            pieces=pieces(text if isinstance(text, str) else "", preparation, weights.get(row)),
        )
        for row, rank, text, line in zip(positions, ranks, texts, zip(*columns.values(), strict=True), strict=True)
    ]  # fmt: skip
    return Listed("texts", items, list(columns), [explain_action(rows, run)])


def pieces(text: str, preparation: TextPreparation, weights: NDArray[np.float64] | None) -> list[tuple[str, float]]:
    """The beginning of a text in pieces that, together, are exactly its characters; words with their weight, from -1 to 1."""
    cut = len(text) if len(text) <= LONGEST_LISTED else LONGEST_LISTED
    if not text:
        return [(plain(N_("The text is missing.")), 0.0)]
    spans = preparation.spans(text) if weights is not None else []
    largest = float(np.abs(weights[: len(spans)]).max(initial=0)) or 1.0 if weights is not None else 1.0
    found, before = [], 0
    for (start, end), weight in zip(spans, [] if weights is None else weights, strict=False):
        share = float(weight) / largest
        if abs(share) < MARKED or end > cut:
            continue
        found += [(text[before:start], 0.0), (text[start:end], round(share, 2))]
        before = end
    found.append((text[before:cut] + ("…" if cut < len(text) else ""), 0.0))
    return [(piece, weight) for piece, weight in found if piece]


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
