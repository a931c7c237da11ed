"""The list that is gone through by keys: items of any kind of data, each with its verdict; marks go to `route`, not to the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.verdicts import TITLES
from pages.shared import state
from pages.shared.author import author
from pages.shared.engine import workbench
from pages.shared.language import plain, translate
from pages.shared.streamed_upload.permits import Page
from pages.shared.threshold_plot import COLOURS
from pages.shared.triage.desks import DESKS, Desk
from pages.shared.triage.items import Item, Listed
from pages.shared.triage.route import DESK_HEADER, PATH
from pages.shared.triage.wording import told

_FOLDER = Path(__file__).parent

#: Every sentence and word in the list. Names in braces are filled in by it.
TEXTS: Mapping[str, str] = {
    **TITLES,
    "list": N_("Items to judge"),
    "verdict": N_("verdict"),
    "note": N_("note"),
    "note_help": N_("Note. Enter keeps it, Escape does not."),
    "flagged": N_("flagged"),
    "not_flagged": N_("not flagged"),
    "counts": N_("{judged} judged: {anomaly} anomalies, {normal} normal, {unsure} unsure"),
    "counts_of_one": N_("{judged} judged: 1 anomaly, {normal} normal, {unsure} unsure"),
    "no_counts": N_("None judged yet."),
    "key_of": N_("{what} (key {key})"),
    "said": N_("{author}, {time}: {verdict} {note}"),
    "marked": N_("{item}: {verdict}"),
    "undone": N_("Taken back: {item}"),
    "undone_elsewhere": N_("Taken back: row {row}, which is not listed here."),
    "nothing_to_undo": N_("Nothing of yours is left to take back."),
    "unsaved": N_("not saved"),
    "not_saved": N_("{count} not saved yet."),
    "again": N_("Try again"),
}

#: What the keys do, as the legend says it.
KEYS = (
    ("j", N_("next")),
    ("k", N_("previous")),
    ("a", N_("anomaly")),
    ("n", N_("normal")),
    ("u", N_("unsure")),
    ("z", N_("take back")),
    ("e", N_("note")),
)


@dataclass(frozen=True)
class Pages:
    """Which page of a long list is shown, from 1, and how the reader gets to another one."""

    page: int = 1
    pages: int = 1
    turn: Callable[[int], None] = lambda page: None


def _read(*names: str) -> str:
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in names)


_COMPONENT = st.components.v2.component(
    "triage", html=_read("triage.html"), css=_read("triage.css"), js=_read("outbox.js", "opinions.js", "cells.js", "triage.js")
)


def triage_list(data_set: DataSetRecord, run: RunRecord, listed: Listed, key: str, *, pages: Pages | None = None, line: str = "") -> None:
    """Shows items and lets them be judged; `line` stands between the last flagged and the first that is not.

    With `pages` it is what the page is for: its keys are heard where nothing has the focus, too.
    """
    is_main, pages = pages is not None, pages or Pages()
    further = [(action.key, action.title) for action in listed.actions if action.key]
    legend = [*[(name, plain(text)) for name, text in KEYS], *further]
    _mount(
        data_set, run, listed.items, key,
        {
            "layout": listed.layout,
            "columns": [column.to_json() for column in listed.columns],
            "actions": [{"name": action.name, "title": action.title, "key": action.key} for action in listed.actions],
            "pages": {"next": pages.page < pages.pages, "previous": pages.page > 1},
            "keys": legend,
            "main": is_main,
            "line": line,
        },
        on_action=lambda asked: _act(listed, asked),
        on_page=lambda step: pages.turn(min(max(pages.page + int(step), 1), pages.pages)),
    )  # fmt: skip
    if listed.remark:
        st.caption(listed.remark)


def judge_one(data_set: DataSetRecord, run: RunRecord, item: Item, key: str) -> None:
    """Shows the verdict on one item, and lets it be given by the same keys."""
    keys = [(name, plain(text)) for name, text in KEYS if name not in ("j", "k")]
    own = {
        "layout": "single",
        "columns": [],
        "actions": [],
        "pages": {"next": False, "previous": False},
        "keys": keys,
        "main": True,
        "line": "",
    }
    _mount(data_set, run, [item], key, own)


def _mount(
    data_set: DataSetRecord, run: RunRecord, items: Any, key: str, own: dict[str, Any], *,
    on_action: Callable[[Any], None] | None = None, on_page: Callable[[Any], None] | None = None,
) -> None:  # fmt: skip
    verdicts = workbench().verdicts(data_set.id)
    line = own.pop("line")
    _COMPONENT(
        key=key,
        data={
            **own,
            "items": [{**item.to_json(), "said": told(verdicts, item.spans)} for item in items],
            "at": verdicts.latest,
            "counts": workbench().verdict_counts(data_set.id, verdicts),
            "author": author(),
            "desk": {"address": PATH, "header": DESK_HEADER, "token": _token(data_set, run), "about": data_set.id},
            "colours": COLOURS,
            "texts": {**{name: translate(template) for name, template in TEXTS.items()}, "line": line},
        },
        on_action_change=_listener(key, "action", on_action),
        on_page_change=_listener(key, "page", on_page),
    )


def _token(data_set: DataSetRecord, run: RunRecord) -> str:
    context = get_script_run_ctx()
    session = context.session_id if context else ""
    page = Page.of(st.context.headers, st.context.cookies)
    return DESKS.open(Desk(session, page, workbench().owner, data_set.id, run.id, author()))


def _act(listed: Listed, asked: Any) -> None:
    """Does what was asked for, where the item is (still) listed."""
    names = [item.name for item in listed.items]
    match asked:
        case {"action": str(action), "name": str(name)} if name in names:
            for one in listed.actions:
                if one.name == action:
                    one.do(names.index(name))


def _listener(key: str, name: str, listener: Callable[[Any], None] | None) -> Callable[[], None]:
    def heard() -> None:
        value = (state.typed(key) or {}).get(name)
        if listener is not None and value is not None:
            listener(value)

    return heard
