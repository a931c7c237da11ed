"""Library: everything that is kept, to be found, renamed, noted and tidied up; and the bin."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import streamlit as st

from detectors.kinds import KINDS
from detectors.messages import N_
from detectors.storage.bin import Chosen
from detectors.storage.records import DataSetRecord, RunRecord
from detectors.storage.tables import DetectorRecord
from pages.shared import engine, state
from pages.shared.context import detector_title, run_text, run_title, state_text
from pages.shared.empty import offer
from pages.shared.engine import workbench
from pages.shared.keeping import delete, purge, restore, shown_refusal
from pages.shared.language import file_size, plain, say, say_message
from pages.shared.look import page_head
from pages.shared.problems import shown_problems
from pages.shared.saved_list import detector_actions, origin_text, score_by
from pages.shared.saving import upload_card
from pages.shared.shelf import Shelf, found, table, ticked, ticked_sum, ticking


def local(moments: list[datetime]) -> list[datetime]:
    """Stored moments (UTC) in the reader's time."""
    return [moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=None) for moment in moments]


def column_config() -> dict[str, Any]:
    """How each column of the lists is shown, by its name."""
    config = st.column_config
    moment = "D MMM YYYY, HH:mm"
    return {
        "name": config.TextColumn(plain(N_("Name")), width="medium"),
        "data set": config.TextColumn(plain(N_("Data set"))),
        "detector": config.TextColumn(plain(N_("Detector"))),
        "state": config.TextColumn(plain(N_("State"))),
        "what": config.TextColumn(plain(N_("What"))),
        "version": config.NumberColumn(plain(N_("Version")), width="small"),
        "from": config.TextColumn(plain(N_("Came from")), width="medium"),
        "rows": config.NumberColumn(plain(N_("Rows")), format="localized"),
        "flagged": config.NumberColumn(plain(N_("Flagged")), format="localized"),
        "runs": config.NumberColumn(plain(N_("Runs")), format="localized"),
        "size": config.NumberColumn(plain(N_("Size")), format="bytes"),
        "made": config.DatetimeColumn(plain(N_("Date")), format=moment),
        "deleted": config.DatetimeColumn(plain(N_("Deleted")), format=moment),
        "note": config.TextColumn(plain(N_("Note")), width="medium"),
    }


def data_shelf(records: list[DataSetRecord], runs: list[RunRecord]) -> Shelf:
    counts = Counter(run.data_id for run in runs)
    frame = pd.DataFrame(
        {
            "name": [record.name for record in records],
            "rows": [record.rows for record in records],
            "runs": [counts[record.id] for record in records],
            "size": [record.size for record in records],
            "made": local([record.created for record in records]),
            "note": [record.note for record in records],
        }
    )
    library = workbench().library
    return Shelf(
        "data",
        [record.id for record in records],
        frame,
        column_config(),
        plain(N_("The data sets that are kept")),
        library.rename_data_set,
        library.note_data_set,
        lambda data_id: state.go("data", data=data_id),
    )


def run_shelf(records: list[DataSetRecord], runs: list[RunRecord]) -> Shelf:
    names = {record.id: record.name for record in records}
    thresholds = workbench().records.thresholds()
    frame = pd.DataFrame(
        {
            "name": [run_title(run) for run in runs],
            "data set": [names.get(run.data_id, "") for run in runs],
            "detector": [detector_title(run) for run in runs],
            "state": [state_text(run.state) for run in runs],
            "flagged": [thresholds[run.id].flagged if run.id in thresholds else None for run in runs],
            "size": [run.size for run in runs],
            "made": local([run.created for run in runs]),
            "note": [run.note for run in runs],
        }
    )
    library = workbench().library
    done = {run.id for run in runs if run.state == "done"}
    return Shelf(
        "runs",
        [run.id for run in runs],
        frame,
        column_config(),
        plain(N_("The runs that are kept")),
        library.rename_run,
        library.note_run,
        lambda run_id: state.go("threshold" if run_id in done else "train", run=run_id),
    )


def detector_shelf(records: list[DetectorRecord]) -> Shelf:
    frame = pd.DataFrame(
        {
            "name": [record.name for record in records],
            "version": [record.version for record in records],
            "detector": [
                f"{plain(record.title)} · {plain(KINDS[record.kind].title)}" if record.kind in KINDS else record.title for record in records
            ],
            "from": [origin_text(record) for record in records],
            "state": [plain(N_("in use") if record.retired is None else N_("retired")) for record in records],
            "size": [record.size for record in records],
            "made": local([record.created for record in records]),
            "note": [record.note for record in records],
        }
    )
    bench = workbench()
    title = plain(N_("The saved detectors"))
    return Shelf(
        "detectors", [record.id for record in records], frame, column_config(), title, bench.rename_detector, bench.note_detector, score_by
    )


def bin_shelf(records: list[DataSetRecord]) -> tuple[Shelf, Chosen]:
    kept = workbench().library.in_bin()
    names = {record.id: record.name for record in (*records, *kept.data_sets)}
    ids = [*kept.chosen.data, *kept.chosen.runs]
    frame = pd.DataFrame(
        {
            "name": [record.name for record in kept.data_sets] + [run_text(run) for run in kept.runs],
            "what": [plain(N_("data set, with its runs"))] * len(kept.data_sets)
            + [plain(N_("run on {data_set}"), data_set=names.get(run.data_id, "–")) for run in kept.runs],
            "size": [kept.sizes[record_id] for record_id in ids],
            "deleted": local([record.deleted for record in (*kept.data_sets, *kept.runs) if record.deleted]),
            "note": [record.note for record in (*kept.data_sets, *kept.runs)],
        }
    )
    return Shelf("bin", ids, frame, column_config(), plain(N_("What is in the bin"))), kept.chosen


def kept_list(shelf: Shelf, everything: int) -> None:
    """Data sets or runs, to be searched, changed and deleted."""
    if not shelf.ids:
        st.caption(say(N_("Nothing here has these words in its name, its note or its data set.")))
        return
    with st.container(horizontal=True, vertical_alignment="center", key="library_actions"):
        chosen = Chosen(**{shelf.key: tuple(ticked(shelf))})
        st.button(
            say(N_("Delete")),
            key="delete_ticked",
            icon=":material/delete:",
            disabled=not chosen,
            on_click=delete,
            args=(chosen,),
        )
        ticking(shelf)
        if shelf.key == "data" and (runs := ticked_sum(shelf, "runs")):
            st.caption(say(N_("1 run goes with that.") if runs == 1 else N_("{runs} runs go with that."), runs=runs), width="content")
        if len(shelf.ids) < everything:
            st.caption(say(N_("{found} of {all} shown"), found=len(shelf.ids), all=everything), width="content")
    table(shelf)
    st.caption(say(N_("Double-click a name or a note to change it; click the head of a column to sort by it.")))


@st.dialog(plain(N_("Delete for good?")))
def confirm(chosen: Chosen, count: int) -> None:
    """Asks before something goes that cannot be had back."""
    what = N_("Its files are removed from the disk. This cannot be undone.")
    if count > 1:
        what = N_("The files of all {count} are removed from the disk. This cannot be undone.")
    st.markdown(say(what, count=count))
    with st.container(horizontal=True):
        if st.button(say(N_("Delete for good")), type="primary", key="purge_confirmed", icon=":material/delete_forever:"):
            purge(chosen)
            st.rerun()
        if st.button(say(N_("Keep")), key="purge_cancelled"):
            st.rerun()


def detectors_kept(shelf: Shelf, everything: list[DetectorRecord]) -> None:
    """Saved detectors: their cards and files, retired and had back, and those from elsewhere added."""
    if everything and not shelf.ids:
        st.caption(say(N_("Nothing here has these words in its name, its note or where it came from.")))
    elif not everything:
        st.caption(say(N_("No detector is saved yet. Save one below the list of the Threshold page, or add a file here.")))
    else:
        detector_actions([record for record in everything if record.id in ticked(shelf)], shelf)
        table(shelf)
        st.caption(say(N_("A retired detector keeps its scores and is no longer offered for new data. Open leads to the Score page.")))
    upload_card()


def in_bin(shelf: Shelf, everything: Chosen) -> None:
    """What was deleted, to be restored or deleted for good."""
    if not shelf.ids:
        st.caption(say(N_("The bin is empty. What you delete comes here first, and can be restored from here.")))
        return
    wanted = ticked(shelf)
    chosen = Chosen(*(tuple(one for one in ids if one in wanted) for ids in (everything.data, everything.runs)))
    with st.container(horizontal=True, vertical_alignment="center", key="bin_actions"):
        st.button(
            say(N_("Restore")),
            key="restore_ticked",
            icon=":material/restore_from_trash:",
            disabled=not wanted,
            on_click=restore,
            args=(chosen,),
        )
        if st.button(say(N_("Delete for good")), key="purge_ticked", icon=":material/delete_forever:", disabled=not wanted):
            confirm(chosen, len(wanted))
        ticking(shelf)
        st.space("stretch")
        if st.button(say(N_("Empty the bin")), key="empty_bin", icon=":material/delete_sweep:"):
            confirm(everything, len(shelf.ids))
    table(shelf)


if noted := state.take_note():
    st.toast(say_message(noted), icon=":material/verified_user:")
page_head(N_("Library"), N_("Everything you keep: find it again, give it a name or a note, tidy up."))
shown_refusal()
all_data, all_runs = workbench().records.data_sets(), workbench().records.runs()
bin_list, bin_chosen = bin_shelf(all_data)
all_detectors = workbench().saved_detectors()
if not all_data and not bin_list.ids and not all_detectors:
    offer(say(N_("Nothing is kept yet. Upload a file or try a sample first.")), say(N_("Open your data")), "data")
st.caption(say(N_("{size} on the disk, with the bin"), size=file_size(engine.bytes_kept())))
names = {
    "data": plain(N_("Data sets")) + f" ({len(all_data)})",
    "runs": plain(N_("Runs")) + f" ({len(all_runs)})",
    "detectors": plain(N_("Detectors")) + f" ({len(all_detectors)})",
    "bin": plain(N_("Bin")) + f" ({len(bin_list.ids)})",
}
with st.container(horizontal=True, vertical_alignment="bottom"):
    shown = st.segmented_control(
        say(N_("Show")),
        list(names),
        default="data",
        required=True,
        format_func=names.__getitem__,
        key="library_shown",
        label_visibility="collapsed",
    )
    search = (
        st.text_input(
            say(N_("Search")),
            key="library_search",
            icon=":material/search:",
            label_visibility="collapsed",
            width=320,
            placeholder=plain(N_("Search names, notes, data sets …")),
        )
        if shown != "bin"
        else ""
    )
if shown == "bin":
    in_bin(bin_list, bin_chosen)
elif shown == "detectors":
    with shown_problems():
        detectors_kept(found(detector_shelf(all_detectors), search or ""), all_detectors)
else:
    whole = data_shelf(all_data, all_runs) if shown == "data" else run_shelf(all_data, all_runs)
    if whole.ids:
        kept_list(found(whole, search or ""), len(whole.ids))
    else:
        st.caption(say(N_("Nothing is kept here.")))
