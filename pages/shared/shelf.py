"""A list of what is kept, as a table: rows are ticked, names and notes changed in place."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from detectors.messages import N_
from pages.shared import state
from pages.shared.keeping import attempt
from pages.shared.language import file_size, plain, say

#: A list of more rows scrolls, in so many pixels.
MOST_IN_FULL, TALLEST = 16, 640


@dataclass(frozen=True)
class Shelf:
    """One of the lists: its rows with the ids they stand for, and what can be done with them."""

    key: str
    """``data``, ``runs`` or ``bin``."""
    ids: list[str]
    frame: pd.DataFrame
    """`name`, `note` and what else is shown; `size` in bytes."""
    columns: dict[str, Any]
    alt: str
    rename: Callable[[str, str], None] | None = None
    note: Callable[[str, str], None] | None = None
    open: Callable[[str], None] | None = None


def ticked(shelf: Shelf) -> list[str]:
    """The ids that are ticked in the list."""
    return [one for one in shelf.ids if one in state.ticked(shelf.key)]


def found(shelf: Shelf, words: str) -> Shelf:
    """The rows in whose texts all of `words` occur."""
    texts = shelf.frame.select_dtypes(include=["object", "string"]).astype(str).agg(" ".join, axis=1).str.casefold()
    kept = [all(word in text for word in words.casefold().split()) for text in texts]
    ids = [one for one, is_kept in zip(shelf.ids, kept, strict=True) if is_kept]
    return replace(shelf, ids=ids, frame=shelf.frame[kept].reset_index(drop=True))


def table(shelf: Shelf) -> None:
    """The list with a box to tick in every row; names and notes are changed in place."""
    seen = zlib.crc32(repr([shelf.ids, shelf.frame.to_dict("list")]).encode())
    key = f"library_{shelf.key}_{seen:x}_{state.refusals()}_{state.ticks_set(shelf.key)}"
    frame = shelf.frame.copy()
    frame.insert(0, "ticked", [one in state.ticked_at_first(shelf.key, key) for one in shelf.ids])
    columns: dict[str, Any] = {"ticked": st.column_config.CheckboxColumn(plain(N_("Choose")), width=95, pinned=True), **shelf.columns}
    if shelf.open is not None:
        frame["open"] = [plain(N_("Open"))] * len(frame)
        columns["open"] = st.column_config.ButtonColumn(
            "", type="tertiary", width=80, key=f"open_{key}", on_click=_open, args=(shelf, f"open_{key}")
        )
    editable = {"ticked", *(["name"] if shelf.rename else []), *(["note"] if shelf.note else [])}
    st.data_editor(
        frame,
        key=key,
        hide_index=True,
        height="content" if len(frame) <= MOST_IN_FULL else TALLEST,
        disabled=[name for name in frame.columns if name not in editable],
        column_config=columns,
        alt=shelf.alt,
        on_change=_take,
        args=(shelf, key),
    )


def _open(shelf: Shelf, key: str) -> None:
    if shelf.open is not None:
        shelf.open(shelf.ids[state.typed(key)["row"]])


def _take(shelf: Shelf, key: str) -> None:
    """Keeps what was ticked or typed since the table was first shown."""
    edited = {int(row): changed for row, changed in state.typed(key)["edited_rows"].items()}
    at_first = state.ticked_at_first(shelf.key, key)
    for row, record_id in enumerate(shelf.ids):
        state.tick(shelf.key, record_id, edited.get(row, {}).get("ticked", record_id in at_first))
    for row, changed in edited.items():
        record_id, before = shelf.ids[row], shelf.frame.iloc[row]
        for column, keep in (("name", shelf.rename), ("note", shelf.note)):
            if keep is not None and column in changed and (changed[column] or "") != before[column]:
                attempt(lambda keep=keep, text=changed[column] or "", one=record_id: keep(one, text))


def ticking(shelf: Shelf) -> None:
    """What is ticked, and ticking all rows of the list or none."""
    count = len(ticked(shelf))
    if count:
        st.markdown(say(N_("{count} chosen · {size}"), count=count, size=file_size(ticked_sum(shelf, "size"))), width="content")
    if count < len(shelf.ids) > 1:
        label = say(N_("Choose all {count}"), count=len(shelf.ids))
        st.button(label, key=f"all_{shelf.key}", type="tertiary", on_click=state.tick_all, args=(shelf.key, shelf.ids))
    if count:
        st.button(say(N_("Choose none")), key=f"none_{shelf.key}", type="tertiary", on_click=state.tick_all, args=(shelf.key, []))


def ticked_sum(shelf: Shelf, column: str) -> int:
    """A column of the list, added up over the rows that are ticked."""
    return int(shelf.frame[column][[one in state.ticked(shelf.key) for one in shelf.ids]].sum())
