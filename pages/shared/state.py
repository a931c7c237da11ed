"""What is being looked at: data set, run and row. Kept in the URL, so that every page can be sent to a colleague.

The only file that names keys of the session state and of the URL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import streamlit as st

from detectors.errors import AnomalystError
from detectors.imports import Import
from detectors.messages import N_, Message
from detectors.position import NAMES, Position
from detectors.storage.arrivals import Arrival
from detectors.storage.bin import Chosen
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from pages.shared.engine import workbench
from pages.shared.flags import segment_scores
from pages.shared.listing import Listing

_CHOSEN = "chosen"
_WRITTEN = "url_as_written"
_UPLOADS = "uploads_so_far"
_STEPS = "shown_steps"
_DETECTOR = "detector"
_SAMPLES = "samples"
_START = "start_from_detector"
_SAVED = "saved_detector"
_RETRAINING = "retraining"
_REFUSAL = "refusal"
_PENDING = "pending_import"
_OFFERED = "offered_reading"
_REFUSALS = "refusals"
_NOTE = "note"
_ANSWER = "upload_answer"
_ARRIVAL = "arrival"
_IMPORT = "import"
_UNDO = "undoable"
_PAGE = "page"
_AUTHOR = "author_of_session"
_REDRAW = "redraw"
_MOVES = "moves"
_TICKED = "ticked"
_TICKED_FIRST = "ticked_at_first"
_TICKS_SET = "ticks_set"
_ASKED_FOR = "asked_for"
_WATCH = "watch"
_MORE = "more"
EXPLAIN_TABS = "explain_tabs"

NOT_APPLIED = N_("The threshold at this address cannot be applied, so you see the one kept last. {why}")

#: Digits of a row's number; a longer one fits into no integer of the machine, and names no row.
LONGEST_ROW = 18


@dataclass(frozen=True)
class Selection:
    """Ids of what is being looked at; None where nothing is chosen."""

    data: str | None = None
    run: str | None = None
    row: int | None = None
    compared: tuple[str, ...] = ()
    """Runs that stand beside one another."""
    listing: Listing = field(default_factory=Listing)
    """How what is flagged is listed."""
    position: Position | None = None
    """Where the threshold of the run is looked at; None: where it was kept last."""
    detector: str | None = None
    """The saved detector that is to score."""
    watch: str | None = None
    """The watched folder that is looked at."""

    def to_url(self) -> dict[str, str]:
        values = {
            "data": self.data,
            "run": self.run,
            "row": self.row,
            "compared": ",".join(self.compared) or None,
            "detector": self.detector,
            "watch": self.watch,
        }
        named = {name: str(value) for name, value in values.items() if value is not None}
        return named | self.listing.to_url() | (self.position.to_url() if self.position else {})

    @classmethod
    def from_url(cls) -> Selection:
        row = st.query_params.get("row", "")
        compared = tuple(dict.fromkeys(filter(None, st.query_params.get("compared", "").split(","))))
        number = int(row) if row.isdecimal() and len(row) <= LONGEST_ROW else None
        listing = Listing.from_url(st.query_params.to_dict())
        position = Position.from_url({name: st.query_params[name] for name in NAMES if name in st.query_params})
        detector, watch = st.query_params.get("detector"), st.query_params.get("watch")
        return cls(st.query_params.get("data"), st.query_params.get("run"), number, compared, listing, position, detector, watch)


@dataclass
class Moves:
    """The positions that a run's threshold had in this session before the one looked at, and those that were undone."""

    past: list[Position] = field(default_factory=list)
    future: list[Position] = field(default_factory=list)
    before: Position | None = None
    """The one before the last move, in whichever direction."""
    here: Position | None = None
    """The one looked at, for the way back from another run; None: the one kept last."""


@dataclass(frozen=True)
class Pending:
    """A file that is to be looked at before it is read."""

    source: Path
    name: str
    options: Mapping[str, Any]
    """The reading options that mean something for it, as they were found or used before."""
    doubts: tuple[Message, ...] = ()


def follow_url() -> None:
    """Takes over what the URL says where it was changed from outside, and writes what is chosen back into it.

    Moving between pages by the links at the top empties the URL: that is no choice, what was chosen stays.
    """
    asked = Selection.from_url()
    if asked not in (st.session_state.get(_WRITTEN, Selection()), Selection()):
        st.session_state[_CHOSEN] = asked
    wanted = selection()
    if st.query_params.to_dict() != wanted.to_url():
        st.query_params.from_dict(wanted.to_url())
    st.session_state[_WRITTEN] = wanted


def selection() -> Selection:
    chosen: Selection = st.session_state.get(_CHOSEN, Selection())
    return chosen


def select(*, data: str | None = None, run: str | None = None, row: int | None = None) -> None:
    """Chooses a data set (and none of its runs), or a run (with its data set), or a row of the run."""
    if data is not None:
        st.session_state[_CHOSEN] = Selection(data=data)
        end_pending()
    if run is not None:
        record = workbench().records.run(run)
        of_data = record.data_id if record else selection().data
        kept = selection().compared if of_data == selection().data else ()
        position = selection().position if run == selection().run else moves(run).here
        st.session_state[_CHOSEN] = Selection(of_data, run, compared=kept, position=position)
    if row is not None:
        st.session_state[_CHOSEN] = replace(selection(), row=row)


def list_by(listing: Listing) -> None:
    """Chooses how what is flagged is listed; written into the URL at once, for only a part of the page runs again."""
    st.session_state[_CHOSEN] = st.session_state[_WRITTEN] = replace(selection(), listing=listing)
    st.query_params.from_dict(selection().to_url())


def redraw() -> None:
    """Asks the part of the page that runs next to have the whole page drawn again."""
    st.session_state[_REDRAW] = True


def take_redraw() -> bool:
    """Whether that was asked for, once."""
    return bool(st.session_state.pop(_REDRAW, False))


def compare(runs: Sequence[str]) -> None:
    """Chooses the runs of the data set that stand beside one another."""
    st.session_state[_CHOSEN] = replace(selection(), compared=tuple(runs))


def go(page: str, *, data: str | None = None, run: str | None = None, row: int | None = None) -> None:
    """Opens a page, choosing something on the way."""
    select(data=data, run=run, row=row)
    if row is not None:
        _show_row()
    st.switch_page(f"{page}.py", query_params=selection().to_url())


def open_row(row: int) -> None:
    """Looks at one row on Explain, from wherever on that page."""
    select(row=row)
    _show_row()


def _show_row() -> None:
    """Shows the first tab of Explain, the one that explains a row."""
    st.session_state.pop(EXPLAIN_TABS, None)


def ask_for(what: str) -> None:
    """Keeps that somebody wants something worked out that takes a while."""
    st.session_state[_ASKED_FOR] = {*st.session_state.get(_ASKED_FOR, set()), what}


def is_asked_for(what: str) -> bool:
    return what in st.session_state.get(_ASKED_FOR, set())


def take_asked_for(what: str) -> bool:
    """Whether that was asked for, once."""
    found = is_asked_for(what)
    st.session_state[_ASKED_FOR] = st.session_state.get(_ASKED_FOR, set()) - {what}
    return found


def shown_more(what: str) -> int:
    """How often more of something was asked for."""
    count: int = st.session_state.get(f"{_MORE}_{what}", 0)
    return count


def show_more(what: str) -> None:
    st.session_state[f"{_MORE}_{what}"] = shown_more(what) + 1


def data_set() -> DataSetRecord | None:
    """The chosen data set, where it (still) exists."""
    chosen = selection().data
    return workbench().records.data_set(chosen) if chosen else None


def run() -> RunRecord | None:
    """The chosen run of the chosen data set, where it (still) exists."""
    chosen = selection()
    record = workbench().records.run(chosen.run) if chosen.run else None
    return record if record and record.data_id == chosen.data else None


def threshold() -> ThresholdRecord | None:
    """The threshold that is looked at for the chosen run: at the position in the URL, else the one kept last.

    A position that cannot be applied to the run's scores is given up, and the page says why.
    """
    chosen = run()
    if chosen is None or chosen.state != "done":
        return None
    position = selection().position
    if position is not None:
        try:
            return threshold_at(chosen.id, position)
        except AnomalystError as error:
            look_at(None)
            refuse(Message(NOT_APPLIED, {"why": error.message.text()}))
    return workbench().records.threshold(chosen.id)


def threshold_at(run_id: str, position: Position) -> ThresholdRecord:
    """The threshold that a position gives, not kept; raises what `Workbench.threshold_at` raises."""
    by_segment = None if position.column is None else segment_scores(run_id, position.column)
    return workbench().threshold_at(run_id, position, by_segment)


def look_at(position: Position | None) -> None:
    """Looks at a position of the chosen run's threshold; None: at the one kept last."""
    if (chosen := selection().run) is not None:
        moves(chosen).here = position
    st.session_state[_CHOSEN] = replace(selection(), position=position)


def moves(run_id: str) -> Moves:
    """Where a run's threshold was in this session."""
    kept: dict[str, Moves] = st.session_state.setdefault(_MOVES, {})
    return kept.setdefault(run_id, Moves())


def step_to(run_id: str, position: Position) -> None:
    """Looks at another position of the chosen run's threshold; what was undone before is forgotten."""
    known = moves(run_id)
    _leave_for(position, known, known.past)
    known.future.clear()


def step_back(run_id: str) -> None:
    """Undoes the last move of the threshold."""
    known = moves(run_id)
    if known.past:
        _leave_for(known.past.pop(), known, known.future)


def step_again(run_id: str) -> None:
    """Does again what was undone last."""
    known = moves(run_id)
    if known.future:
        _leave_for(known.future.pop(), known, known.past)


def _leave_for(position: Position, known: Moves, way: list[Position]) -> None:
    """Looks at `position`; the one that is left becomes the last of the `way`."""
    left = threshold()
    if left is not None:
        known.before = Position.of(left)
        way.append(known.before)
        kept = workbench().records.threshold(left.run_id)
        look_at(None if kept is not None and Position.of(kept) == position else position)


def author() -> str:
    """The name that was typed in this session; empty where none was."""
    name: str = st.session_state.get(_AUTHOR, "")
    return name


def be(name: str) -> None:
    """Decides under this name from now on; an empty one is that of the server again."""
    st.session_state[_AUTHOR] = name


def upload_key() -> str:
    """The uploader's key: a new one after each import, so that the server lets go of the uploaded bytes."""
    return f"upload_{st.session_state.get(_UPLOADS, 0)}"


def forget_upload() -> None:
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1


def pend(pending: Pending) -> None:
    """Keeps a file that is to be looked at before it is read."""
    st.session_state[_PENDING] = pending


def pending() -> Pending | None:
    """The file that is to be looked at before it is read."""
    kept: Pending | None = st.session_state.get(_PENDING)
    return kept


def end_pending() -> None:
    st.session_state.pop(_PENDING, None)


def offer_reading(refused: Pending) -> None:
    """Keeps a file that was refused, for the page to offer to look at it before it is read again."""
    st.session_state[_OFFERED] = refused


def take_offered_reading() -> Pending | None:
    """The file kept by `offer_reading`, once."""
    offered: Pending | None = st.session_state.pop(_OFFERED, None)
    return offered


def answer_upload(answer: dict[str, Any]) -> None:
    """Keeps what the browser is told about the large file that it wants to send."""
    st.session_state[_ANSWER] = answer


def upload_answer() -> dict[str, Any] | None:
    answer: dict[str, Any] | None = st.session_state.get(_ANSWER)
    return answer


def keep_arrival(arrival: Arrival) -> None:
    """Keeps a file that has arrived, for the page to read."""
    st.session_state[_ARRIVAL] = arrival


def take_arrival() -> Arrival | None:
    """The file kept by `keep_arrival`, once."""
    arrival: Arrival | None = st.session_state.pop(_ARRIVAL, None)
    return arrival


def begin_import(begun: Import) -> None:
    """Keeps the file that is being read for this session."""
    st.session_state[_IMPORT] = begun


def current_import() -> Import | None:
    begun: Import | None = st.session_state.get(_IMPORT)
    return begun


def end_import() -> None:
    st.session_state.pop(_IMPORT, None)


def show_steps(run_id: str, steps: tuple[int, int]) -> None:
    """Keeps which steps of a run's series, from first to last, are to be looked at."""
    st.session_state[_STEPS] = run_id, steps


def shown_steps(run_id: str) -> tuple[int, int] | None:
    """The steps of a run's series that were asked to be looked at; None: all of them."""
    kept: tuple[str, tuple[int, int]] | None = st.session_state.get(_STEPS)
    return kept[1] if kept is not None and kept[0] == run_id else None


def chosen_detector(default: str) -> str:
    """The name of the detector whose card was chosen."""
    name: str = st.session_state.get(_DETECTOR, default)
    return name


def choose_detector(name: str) -> None:
    st.session_state[_DETECTOR] = name


def saved_detector() -> str | None:
    """The id of the saved detector that is to score: the one at this address, else the one chosen last."""
    chosen: str | None = selection().detector or st.session_state.get(_SAVED)
    return chosen


def choose_saved(detector_id: str) -> None:
    """Chooses a saved detector; written into the URL at once."""
    st.session_state[_SAVED] = detector_id
    st.session_state[_CHOSEN] = st.session_state[_WRITTEN] = replace(selection(), detector=detector_id)
    st.query_params.from_dict(selection().to_url())


def begin_retraining(detector_id: str, begun: Import) -> None:
    """Keeps that rows are being put together to retrain a saved detector."""
    st.session_state[_RETRAINING] = detector_id, begun


def current_retraining(detector_id: str) -> Import | None:
    kept: tuple[str, Import] | None = st.session_state.get(_RETRAINING)
    return kept[1] if kept is not None and kept[0] == detector_id else None


def end_retraining() -> None:
    st.session_state.pop(_RETRAINING, None)


def start(data_id: str) -> str | None:
    """The id of the saved detector that a training on a data set is to start from, where one was chosen on another page."""
    kept: tuple[str, str] | None = st.session_state.get(_START)
    return kept[1] if kept is not None and kept[0] == data_id else None


def choose_start(data_id: str, detector_id: str) -> None:
    st.session_state[_START] = (data_id, detector_id)


def watch() -> str | None:
    """The id of the watch that is looked at: the one at this address, else the one chosen last."""
    chosen: str | None = selection().watch or st.session_state.get(_WATCH)
    return chosen


def choose_watch(watch_id: str | None) -> None:
    """Looks at a watch; None: at whichever comes first."""
    st.session_state[_WATCH] = watch_id
    st.session_state[_CHOSEN] = replace(selection(), watch=watch_id)


def sample(data_id: str) -> int | None:
    """How many rows of a data set to learn from, where a sample was chosen."""
    kept: dict[str, int] = st.session_state.get(_SAMPLES, {})
    return kept.get(data_id)


def choose_sample(data_id: str, rows: int | None) -> None:
    """Keeps the choice of a sample of so many rows, or of all of them."""
    others = {kept: count for kept, count in st.session_state.get(_SAMPLES, {}).items() if kept != data_id}
    st.session_state[_SAMPLES] = others if rows is None else {**others, data_id: rows}


def refuse(message: Message) -> None:
    """Keeps the sentence of something that a click could not do, for the page to show."""
    st.session_state[_REFUSAL] = message
    st.session_state[_REFUSALS] = refusals() + 1


def refusals() -> int:
    """How often something was refused: part of the keys of widgets that must fall back to what is in force."""
    count: int = st.session_state.get(_REFUSALS, 0)
    return count


def take_refusal() -> Message | None:
    """The sentence kept by `refuse`, once."""
    message: Message | None = st.session_state.pop(_REFUSAL, None)
    return message


def note(message: Message) -> None:
    """Keeps a sentence for the next run of the page to show in passing."""
    st.session_state[_NOTE] = message


def take_note() -> Message | None:
    """The sentence kept by `note`, once."""
    message: Message | None = st.session_state.pop(_NOTE, None)
    return message


def offer_undo(moved: Chosen, sentence: Message) -> None:
    """Keeps what was just moved to the bin, and the sentence that says so, until the reader goes on."""
    st.session_state[_UNDO] = moved, sentence


def undoable() -> tuple[Chosen, Message] | None:
    kept: tuple[Chosen, Message] | None = st.session_state.get(_UNDO)
    return kept


def forget_undo() -> None:
    st.session_state.pop(_UNDO, None)


def arrive(page: str) -> None:
    """Notes which page is shown: what could be undone on another one is in the bin from now on."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        forget_undo()


def leave(gone: Chosen) -> None:
    """Chooses nothing any longer of what was deleted for good."""
    if selection().data in gone.data or selection().run in gone.runs:
        st.session_state[_CHOSEN] = Selection(data=None if selection().data in gone.data else selection().data)


def ticked(table: str) -> set[str]:
    """The ids that are ticked in a table."""
    ids: set[str] = st.session_state.setdefault(f"{_TICKED}_{table}", set())
    return ids


def ticked_at_first(table: str, key: str) -> frozenset[str]:
    """The ids that were ticked when the table was first shown with this `key`: what its clicks start from."""
    kept: tuple[str, frozenset[str]] = st.session_state.get(f"{_TICKED_FIRST}_{table}", ("", frozenset()))
    if kept[0] != key:
        kept = st.session_state[f"{_TICKED_FIRST}_{table}"] = key, frozenset(ticked(table))
    return kept[1]


def tick(table: str, one: str, on: bool) -> None:
    (ticked(table).add if on else ticked(table).discard)(one)


def tick_all(table: str, ids: list[str]) -> None:
    """Ticks these and no others; part of the key of the table, which must forget what was clicked before."""
    st.session_state[f"{_TICKED}_{table}"] = set(ids)
    st.session_state[f"{_TICKS_SET}_{table}"] = ticks_set(table) + 1


def ticks_set(table: str) -> int:
    """How often all rows of a table were ticked or none."""
    count: int = st.session_state.get(f"{_TICKS_SET}_{table}", 0)
    return count


def typed(key: str) -> Any:
    """What a widget holds, inside its callback."""
    return st.session_state.get(key)
