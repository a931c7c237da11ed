"""What is flagged, to be gone through and judged: order, filters, pages, and the list itself. Only this part of the page runs again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from detectors.kinds import KINDS
from detectors.messages import N_, shown
from detectors.storage.records import DataSetRecord
from detectors.verdicts import TITLES
from pages.shared import engine, state
from pages.shared.changes import nothing_changed
from pages.shared.language import escape, percent, plain, say
from pages.shared.listing import Listing
from pages.shared.orders import DISPUTED, ORDERS, UNJUDGED, Candidates, listed_places, main_reasons
from pages.shared.problems import shown_problems
from pages.shared.triage.component import Pages, triage_list

#: Values of a column that are offered as segments, and reasons that are offered.
MOST_VALUES, MOST_REASONS = 50, 50

#: Roles of columns by whose values rows are told apart.
SEGMENT_ROLES = ("feature", "entity", "ignored", "label")


@st.fragment
def flagged_list(found: Callable[[], Candidates], heading: str) -> None:
    """The list, with what decides about it above; `found` gives what can be listed, `heading` is a sentence for it."""
    if state.take_redraw():
        st.rerun(scope="app")
    with shown_problems():
        candidates = found()
        listing = state.selection().listing
        bar = st.container(horizontal=True, vertical_alignment="bottom", key="list_bar")
        places = listed_places(candidates, listing)
        pages = max(1, -(-len(places) // candidates.per_page))
        listing = replace(listing, part=min(listing.part, pages))
        with bar:
            st.subheader(heading, anchor=False, width="stretch")
            _order_choice(candidates, listing)
            _filters(candidates, listing)
        _filtered_by(candidates, listing, len(places))
        if not len(places):
            _nothing(candidates, listing)
            return
        shown = places[(listing.part - 1) * candidates.per_page : listing.part * candidates.per_page]
        turning = Pages(listing.part, pages, lambda page: state.list_by(replace(listing, part=page)))
        triage_list(candidates.data_set, candidates.run, candidates.show(shown), "flagged_list", pages=turning, line=_line(candidates))
        _page_choice(listing, pages)


def _order_choice(candidates: Candidates, listing: Listing) -> None:
    counts = {name: len(places) for name, places in candidates.changes.items()}
    order = listing.order if listing.order in ORDERS else "score"
    key = f"order_{order}"
    st.segmented_control(
        say(N_("Order")),
        list(ORDERS),
        default=order,
        required=True,
        format_func=lambda name: plain(ORDERS[name].title) + (f" {shown(counts[name])}" if counts.get(name) else ""),
        key=key,
        label_visibility="collapsed",
        width="content",
        on_change=lambda: state.list_by(replace(listing, order=state.typed(key) or order, part=1)),
    )


def _page_choice(listing: Listing, pages: int) -> None:
    if pages < 2:
        return
    key = f"page_{pages}_{listing.part}"
    st.pagination(pages, default=listing.part, key=key, on_change=lambda: state.list_by(replace(listing, part=int(state.typed(key) or 1))))


def _line(candidates: Candidates) -> str:
    """What stands between the last one that is flagged and the first that is not."""
    items = plain(KINDS[candidates.run.kind].items)
    share = percent(candidates.flagged / max(1, len(candidates.rows)))
    return plain(
        N_("Cut-off {cut_off}: {flagged} {items} above it ({share}), the others below"),
        cut_off=candidates.threshold.cut_off, flagged=candidates.flagged, items=items, share=share,
    )  # fmt: skip


# ── filters ──


def _filters(candidates: Candidates, listing: Listing) -> None:
    label = say(N_("Filter")) if not listing.n_filters else say(N_("Filter ({count})"), count=listing.n_filters)
    popover = st.popover(label, icon=":material/filter_list:", key="filters", on_change="rerun")
    if popover.open:
        with popover:
            _verdict_filter(listing)
            _segment_filter(candidates.data_set, listing)
            _reason_filter(candidates, listing)


def _verdict_filter(listing: Listing) -> None:
    titles = {"": N_("any"), UNJUDGED: N_("not judged yet"), **TITLES, DISPUTED: N_("people disagree")}
    _choice(N_("Verdict"), {name: plain(title) for name, title in titles.items()}, listing, "verdict")


def _segment_filter(data_set: DataSetRecord, listing: Listing) -> None:
    columns = _segment_columns(data_set)
    if not columns:
        return
    _choice(N_("Rows where"), {"": plain(N_("any")), **{name: name for name in columns}}, listing, "column", value="")
    if listing.column in columns:
        values = engine.column_values(data_set.id, listing.column)[:MOST_VALUES]
        _choice(N_("is"), {"": plain(N_("any")), **{value: value for value in values}}, listing, "value")


def _segment_columns(data_set: DataSetRecord) -> list[str]:
    """Columns with few different values."""
    return [
        profile.name
        for profile in engine.profile(data_set.id)
        if data_set.roles.get(profile.name) in SEGMENT_ROLES and 2 <= profile.distinct <= MOST_VALUES
    ]


def _reason_filter(candidates: Candidates, listing: Listing) -> None:
    reasons = Counter(main_reasons(candidates))
    unknown = reasons.pop("", 0)
    names = {name: plain(N_("{reason} ({count})"), reason=name, count=count) for name, count in reasons.most_common(MOST_REASONS)}
    _choice(N_("What weighs most"), {"": plain(N_("any")), **names}, listing, "reason")
    if unknown:
        told = N_("Known for {known} of {flagged} so far; the download below can work out the rest.")
        st.caption(say(told, known=candidates.flagged - unknown, flagged=candidates.flagged))


def _choice(title: str, options: dict[str, str], listing: Listing, field: str, **along: str) -> None:
    """Lets one field of the listing be chosen; what is given `along` changes with it."""
    chosen = getattr(listing, field)
    options = options if chosen in options else {**options, chosen: chosen}
    key = f"filter_{field}_{listing.column if field == 'value' else ''}_{chosen}"
    st.selectbox(
        say(title),
        list(options),
        list(options).index(chosen),
        format_func=lambda name: options[name],
        key=key,
        on_change=lambda: state.list_by(replace(listing, **{field: state.typed(key) or "", **along}, part=1)),
    )


def _filtered_by(candidates: Candidates, listing: Listing, count: int) -> None:
    """Says what is left out, and takes the filters away."""
    if not listing.n_filters:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="filtered_by"):
        st.caption(say(N_("{count} listed: {filters}"), count=count, filters=" · ".join(_filter_texts(listing))), width="content")
        st.button(
            say(N_("Show all")), key="no_filters", type="tertiary", icon=":material/close:",
            on_click=lambda: state.list_by(Listing(order=listing.order)),
        )  # fmt: skip


def _filter_texts(listing: Listing) -> list[str]:
    verdicts = {UNJUDGED: N_("not judged yet"), DISPUTED: N_("people disagree"), **TITLES}
    texts = [plain(verdicts.get(listing.verdict, listing.verdict))] if listing.verdict else []
    texts += [plain(N_("{column} is {value}"), column=listing.column, value=listing.value)] if listing.column and listing.value else []
    return texts + ([plain(N_("mostly because of {reason}"), reason=listing.reason)] if listing.reason else [])


def _nothing(candidates: Candidates, listing: Listing) -> None:
    item = escape(plain(KINDS[candidates.run.kind].item))
    if listing.n_filters:
        st.info(say(N_("Nothing of what is flagged is like that. Show all, or choose another filter.")))
    elif listing.order in candidates.changes:
        st.info(nothing_changed(candidates.threshold, listing.order))
    else:
        st.info(say(N_("No {item} is flagged at this cut-off. Move the line to the left to flag some."), item=item))
