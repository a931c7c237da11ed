"""The files of a watch: a chart over time, and a list with the way to the flags of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from detectors import charts
from detectors.errors import StorageError
from detectors.messages import N_
from detectors.storage.tables import WatchRecord
from detectors.watching.journal import Entry
from pages.shared import state
from pages.shared.batches import batch_of
from pages.shared.context import state_text
from pages.shared.engine import workbench
from pages.shared.keeping import attempt
from pages.shared.language import plain, say, translate
from pages.shared.look import palette, show_chart

#: Files in the list, and files in the chart.
LISTED, CHARTED = 200, 40

#: A list of more files scrolls, in so many pixels.
MOST_IN_FULL, TALLEST = 12, 460

FLAGS, DIFFERS, EXPLAIN = N_("Flags"), N_("What differs"), N_("Explain")


def watch_files(watch: WatchRecord) -> None:
    """Chart and list of what came of the files."""
    entries, tally = workbench().watched_files(watch.id, LISTED), workbench().watch_tally(watch.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(say(N_("Files")), anchor=False, width="content")
        told = N_("{scored} scored · {refused} not scored · {under_way} under way")
        st.caption(say(told, scored=tally.scored, refused=tally.refused, under_way=tally.under_way), width="stretch")
        if tally.refused:
            st.button(
                say(N_("Try those again")), key="retry_refused", type="tertiary", icon=":material/replay:", on_click=attempt,
                args=(lambda: workbench().look_now(watch.id, retry=True),), help=say(N_("Files that were not scored, and are still in the folder, count as new.")),
            )  # fmt: skip
    if not entries:
        with st.container(border=True, key="no_files"):
            st.markdown(
                say(
                    N_("No file has come yet. Put one whose name fits {pattern} into {folder}."), pattern=watch.pattern, folder=watch.folder
                )
            )
        return
    _chart(watch, entries)
    _list(watch, entries)
    if tally.scored + tally.refused + tally.under_way > LISTED:
        st.caption(say(N_("The latest {count} files are listed. All data sets and runs are in the Library."), count=LISTED))


def _chart(watch: WatchRecord, entries: Sequence[Entry]) -> None:
    runs = [workbench().records.run(entry.run or "") for entry in entries[:CHARTED] if entry.outcome and not entry.outcome["refused"]]
    found = [batch for run in reversed(runs) if run is not None and (batch := batch_of(run)) is not None]
    if len(found) < 2:
        return
    try:
        expected = float(workbench().detector_manifest(watch.detector_id).scores.get("flagged", 0.0))
    except StorageError:
        expected = 0.0
    show_chart(charts.batches(found, expected, palette(), translate=translate), key="watch_batches")
    st.caption(say(N_("Dotted: the share of the training rows that this threshold flags.")))


def _list(watch: WatchRecord, entries: Sequence[Entry]) -> None:
    frame = pd.DataFrame([_row(entry) for entry in entries])
    config = st.column_config
    key = f"watched_{len(entries)}_{entries[0].key}_{entries[0].ended}"
    columns: dict[str, Any] = {
        "file": config.TextColumn(plain(N_("File")), pinned=True),
        "flags": config.ButtonColumn("", type="tertiary", width=100, key=f"flags_{key}", on_click=_open, args=(watch.detector_id, entries, f"flags_{key}")),
        "explain": config.ButtonColumn("", type="tertiary", width=80, key=f"explain_{key}", on_click=_explain, args=(entries, f"explain_{key}")),
        "when": config.DatetimeColumn(plain(N_("Scored")), format="D MMM, HH:mm"),
        "flagged": config.NumberColumn(plain(N_("Flagged")), format="localized"),
        "rows": config.NumberColumn(plain(N_("Rows")), format="localized"),
        "share": config.NumberColumn(plain(N_("Share")), format="percent"),
        "drift": config.NumberColumn(plain(N_("Drift")), format="%.2f", help=plain(N_("How far the column that moved most lies from what was learned, 0 to 1. What chance alone brings counts as 0."))),
        "said": config.TextColumn(plain(N_("What the gate says")), width="large"),
    }  # fmt: skip
    st.dataframe(
        frame, key=key, hide_index=True, column_order=list(columns), placeholder="", column_config=columns, height="content" if len(frame) <= MOST_IN_FULL else TALLEST,
        alt=plain(N_("The files of this watch, the latest first")),
    )  # fmt: skip


def _row(entry: Entry) -> dict[str, Any]:
    outcome = entry.outcome
    if outcome is None or entry.ended is None:
        run = workbench().records.run(entry.run or "")
        said = plain(N_("reading")) if run is None else plain(N_("scoring: {state}"), state=state_text(run.state))
        return {
            "file": entry.name,
            **dict.fromkeys(("when", "flagged", "rows", "share", "drift")),
            "said": said,
            "flags": None,
            "explain": None,
        }
    refused = outcome["refused"]
    said = (
        plain(N_("Not scored. {reason}"), reason=str(refused).replace("`", ""))
        if refused
        else " ".join(outcome["findings"]).replace("`", "")
    )
    figures = {name: None if refused else outcome[name] for name in ("flagged", "rows", "rate", "drift")}
    differs = bool(refused and outcome.get("link"))
    return {
        "file": entry.name, "when": datetime.fromtimestamp(entry.ended), "flagged": figures["flagged"], "rows": figures["rows"],
        "share": figures["rate"], "drift": figures["drift"], "said": said or _moved(outcome),
        "flags": plain(DIFFERS) if differs else None if refused else plain(FLAGS), "explain": None if refused else plain(EXPLAIN),
    }  # fmt: skip


def _open(detector_id: str, entries: Sequence[Entry], key: str) -> None:
    """The flags of a file's run or, of one that the gate stopped, what of it is unlike."""
    entry = entries[state.typed(key)["row"]]
    if entry.outcome and entry.outcome["refused"] and workbench().records.data_set(entry.data or "") is not None:
        open_score(detector_id, str(entry.data))
    else:
        _go("threshold", entry)


def open_score(detector_id: str, data_id: str) -> None:
    """Shows what of a data set is unlike what a saved detector learned from."""
    state.select(data=data_id)
    state.choose_saved(detector_id)
    state.go("score")


def _explain(entries: Sequence[Entry], key: str) -> None:
    _go("explain", entries[state.typed(key)["row"]])


def _go(page: str, entry: Entry) -> None:
    if entry.outcome is not None and not entry.outcome["refused"]:
        state.go(page, run=entry.run)


def _moved(outcome: Mapping[str, Any]) -> str:
    """Of a file in which the gate finds nothing: whether a column has moved."""
    return plain(N_("{column} has moved"), column=outcome["moved"]) if outcome["drift"] else plain(N_("nothing unlike"))
