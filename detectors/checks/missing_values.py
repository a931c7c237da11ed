"""Gaps: columns with many missing values, and rows that are nearly empty."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.checks.finding import Facts, Finding, Remedy
from detectors.checks.identifiers import SET_ASIDE
from detectors.messages import N_, Message

#: Shares of missing values of a column that are told, and from which on it says hardly anything.
SOME, NEARLY_EMPTY = 0.05, 0.6

#: Columns that are named one by one; of more, one sentence speaks.
MOST_NAMED = 4

#: A row with more than this share of its values missing is not learned from, unless it is asked for.
MOST_MISSING = 0.5

_FEW_LEFT = N_("`{column}` is missing in {percent} % of the rows, so it says hardly anything about the others.")
_GAPS = N_("`{column}` is missing in {percent} % of the rows. A gap is filled with the usual value, so it never looks unusual.")
_MANY = N_(
    "{count} columns have gaps, most of all `{column}` ({percent} % missing). A gap is filled with the usual value, so it never looks unusual."
)
_CATEGORY = N_("`{column}` is missing in {percent} % of the rows. A gap counts as a category of its own.")
_ROWS = N_("{count} of {rows} rows have more than half of their features missing. They are not learned from, but scored.")

_SAMPLED_ROWS = N_(
    "Of {rows} rows looked at, {count} have more than half of their features missing. They are not learned from, but scored."
)

_FLAG = Remedy(N_("Say what was missing"), preparation={"missing_flags": True})
_USUAL = Remedy(
    N_("Fill with the most frequent"), preparation={"missing_categories": "most_frequent"},
    help=N_("Where a gap means nothing. It holds for all categories."),
)  # fmt: skip


def check(facts: Facts) -> Iterator[Finding]:
    yield from _columns(facts)
    yield from _rows(facts)


def _columns(facts: Facts) -> Iterator[Finding]:
    shares = {profile.name: profile.missing / max(1, facts.rows) for profile in facts.features if profile.distinct}
    types = {profile.name: profile.type for profile in facts.features}
    for column, share in shares.items():
        if share >= NEARLY_EMPTY:
            aside = Remedy(SET_ASIDE, roles={column: "ignored"})
            yield Finding(f"gaps {column}", "notable", Message(_FEW_LEFT, _values(column, share)), (aside,))
    told = {column: share for column, share in shares.items() if SOME <= share < NEARLY_EMPTY}
    some = {column: share for column, share in told.items() if types[column] != "text"}
    texts = {column: share for column, share in told.items() if types[column] == "text"}
    for column in sorted(texts, key=lambda name: -texts[name])[:MOST_NAMED]:
        yield Finding(f"gaps {column}", "idea", Message(_CATEGORY, _values(column, texts[column])), (_USUAL,))
    if len(some) > MOST_NAMED:
        column = max(some, key=lambda name: some[name])
        yield Finding("gaps", "notable", Message(_MANY, {**_values(column, some[column]), "count": len(some)}), (_FLAG,))
        return
    for column, share in some.items():
        yield Finding(f"gaps {column}", "notable", Message(_GAPS, _values(column, share)), (_FLAG,))


def _values(column: str, share: float) -> dict[str, object]:
    return {"column": column, "percent": round(100 * share, 1)}


def _rows(facts: Facts) -> Iterator[Finding]:
    names = [profile.name for profile in facts.features]
    if len(names) < 2:
        return
    count = int((facts.sample[names].isna().mean(axis=1) > MOST_MISSING).sum())
    if 0 < count <= len(facts.sample) / 2:
        values = {"count": count, "rows": len(facts.sample)}
        remedy = Remedy(N_("Learn from them too"), preparation={"most_missing": 1.0})
        yield Finding("empty_rows", "notable", Message(_SAMPLED_ROWS if facts.is_sampled else _ROWS, values), (remedy,))
