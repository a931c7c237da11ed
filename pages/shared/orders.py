"""Orders in which items are listed, and which of them are left out: each order is a function that gives places in the list of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.flags import around
from detectors.frames import load_rows, value_key
from detectors.messages import N_
from detectors.storage.records import DataSetRecord, RunRecord, ThresholdRecord
from detectors.verdicts import TITLES
from pages.shared import engine
from pages.shared.changes import ENTERING, LEAVING, Changed, changed_places
from pages.shared.engine import workbench
from pages.shared.flags import flags_of
from pages.shared.listing import Listing
from pages.shared.triage.items import Listed
from pages.shared.triage.wording import Spans
from pages.shared.worth_a_look import worth_a_look

#: Items on both sides of the cut-off that are listed as the closest, and among which is looked for what a filter asks for.
CLOSEST, CLOSEST_LOOKED_AT = 100, 4000

#: Items that are worth a look next, at most.
MOST_USEFUL = 20

#: What nobody judged, and where two people say different things.
UNJUDGED, DISPUTED = "none", "disputed"


@dataclass(frozen=True)
class Candidates:
    """All that could be listed, the most unusual first: a place is a position in that order, from 0."""

    data_set: DataSetRecord
    run: RunRecord
    threshold: ThresholdRecord
    rows: NDArray[np.intp]
    """The row that stands for each item, (items,): what Explain explains."""
    flagged: int
    """So many of the first ones are flagged."""
    show: Callable[[NDArray[np.intp]], Listed]
    """The items at some places."""
    spans: Callable[[int], Spans] | None = None
    """The stretches of rows of the item at a place; None: each is its row."""
    per_page: int = 50
    goes_on: bool = False
    """Whether what is not flagged follows what is."""
    changed: Changed | None = None
    """What enters and what leaves; None: by the flags of the rows."""

    @property
    def changes(self) -> Changed:
        return changed_places(self.threshold) if self.changed is None else self.changed


def by_score(candidates: Candidates, listing: Listing) -> NDArray[np.intp]:
    return np.arange(len(candidates.rows) if candidates.goes_on else candidates.flagged)


def by_closeness(candidates: Candidates, listing: Listing) -> NDArray[np.intp]:
    """The nearest to the cut-off on both sides of it, the most unusual first."""
    count, flags = CLOSEST_LOOKED_AT if listing.n_filters else CLOSEST, flags_of(candidates.threshold)
    if flags.are_by_row and candidates.spans is None:
        return flags.closest(workbench().run_folder(candidates.run.id).array("scores"), count)
    return around(candidates.flagged, len(candidates.rows), count)


def that_enter(candidates: Candidates, listing: Listing) -> NDArray[np.intp]:
    return candidates.changes[ENTERING]


def that_leave(candidates: Candidates, listing: Listing) -> NDArray[np.intp]:
    return candidates.changes[LEAVING]


def by_reason(candidates: Candidates, listing: Listing) -> NDArray[np.intp]:
    """What is flagged for the same reason stands together, the most frequent reason first; what has none known comes last."""
    reasons = main_reasons(candidates)
    counts = Counter(filter(None, reasons))
    order = {reason: number for number, (reason, _) in enumerate(counts.most_common())}
    keys = np.array([order.get(reason, len(order)) for reason in reasons], dtype=np.intp)
    return np.argsort(keys, kind="stable")


def by_usefulness(candidates: Candidates, listing: Listing) -> NDArray[np.intp]:
    """Those that nobody judged and whose verdict would tell most, flagged or not, the most useful first."""
    place = {row: number for number, row in enumerate(candidates.rows.tolist())}
    rows = worth_a_look(candidates.run, MOST_USEFUL).tolist()
    return np.array([place[row] for row in rows if row in place], dtype=np.intp)


@dataclass(frozen=True)
class Order:
    """One way to list; `places` is told all that could be listed and how it is to be listed."""

    title: str
    places: Callable[[Candidates, Listing], NDArray[np.intp]]


ORDERS: dict[str, Order] = {
    "score": Order(N_("Most unusual"), by_score),
    "closest": Order(N_("Closest to the cut-off"), by_closeness),
    "reason": Order(N_("By reason"), by_reason),
    "useful": Order(N_("Worth a look next"), by_usefulness),
    ENTERING: Order(N_("Entering"), that_enter),
    LEAVING: Order(N_("Leaving"), that_leave),
}


def listed_places(candidates: Candidates, listing: Listing) -> NDArray[np.intp]:
    """The places of all that is to be listed, on whatever page."""
    places = ORDERS.get(listing.order, ORDERS["score"]).places(candidates, listing)
    for wanted in (_of_segment, _of_verdict, _of_reason):
        places = places[wanted(candidates, listing, places)] if len(places) else places
    if listing.order == "closest" and listing.n_filters:
        nearest = np.argsort(np.abs(places - candidates.flagged + 0.5), kind="stable")[:CLOSEST]
        places = np.sort(places[nearest])
    return places


def main_reasons(candidates: Candidates) -> list[str]:
    """What weighs most in each flagged item; empty where it is not known."""
    rows = candidates.rows[: candidates.flagged]
    known = engine.main_reasons(candidates.run.id, candidates.data_set.id, tuple(rows.tolist()), _reasons_done(candidates.run))
    return [known.get(row, "") for row in rows.tolist()]


def _reasons_done(run: RunRecord) -> int:
    """How many runs have explained rows of this one: after another one more is known."""
    return sum(found.state == "done" for found in workbench().reasons_runs(run.id))


def _all(places: NDArray[np.intp]) -> NDArray[np.bool_]:
    return np.ones(len(places), dtype=bool)


def _of_segment(candidates: Candidates, listing: Listing, places: NDArray[np.intp]) -> NDArray[np.bool_]:
    if not (listing.column and listing.value) or listing.column not in candidates.data_set.roles:
        return _all(places)
    values = load_rows(workbench().data_folder(candidates.data_set.id), candidates.rows[places], [listing.column])[listing.column]
    return np.array([value_key(value) == listing.value for value in values], dtype=bool)


def _of_verdict(candidates: Candidates, listing: Listing, places: NDArray[np.intp]) -> NDArray[np.bool_]:
    if listing.verdict not in (UNJUDGED, DISPUTED, *TITLES):
        return _all(places)
    verdicts = workbench().verdicts(candidates.data_set.id)
    if candidates.spans is not None:
        said = [verdicts.said_of(candidates.spans(int(place))) for place in places]
        given = [[mark.verdict for mark in marks if mark.verdict] for marks in said]
        wanted = {
            UNJUDGED: lambda found: not found,
            DISPUTED: lambda found: len(set(found)) > 1,
        }.get(listing.verdict, lambda found: found[:1] == [listing.verdict])
        return np.array([wanted(found) for found in given], dtype=bool)
    rows = candidates.rows[places]
    if listing.verdict == UNJUDGED:
        return ~np.isin(rows, verdicts.rows())
    if listing.verdict == DISPUTED:
        return np.isin(rows, np.setdiff1d(verdicts.rows(), verdicts.rows(disputed=False)))
    return np.isin(rows, verdicts.rows(listing.verdict))


def _of_reason(candidates: Candidates, listing: Listing, places: NDArray[np.intp]) -> NDArray[np.bool_]:
    if not listing.reason:
        return _all(places)
    reasons = main_reasons(candidates)
    return np.array([place < len(reasons) and reasons[place] == listing.reason for place in places.tolist()], dtype=bool)
