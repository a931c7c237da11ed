"""What the gate says of columns: missing, extra, reordered or retyped ones, and of the values in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from detectors.detector_file.manifest import Manifest
from detectors.drift import Categories, Numbers, shown_value
from detectors.gate.findings import AS_NEW, Noticed, percent
from detectors.messages import N_, Message
from detectors.profile import ColumnProfile
from detectors.suppressions import Suppression

#: Columns, and values, that a sentence names.
NAMED = 6

#: A share of missing values is new where training rows had at most this.
NO_GAPS = 0.0

LEFT_OUT = N_("Scoring goes on without it.")
BY_NAME = N_("Scoring goes on: columns are found by their names.")
FILLED = N_("Scoring goes on: gaps are filled as the detector learned to fill them.")
READ_AGAIN = N_("Scoring does not go on. Open the data, read the file again with the right format, or train on it.")
ADD_THEM = N_("Scoring does not go on. Add it to the file, or train on the columns there are.")
WITHOUT_THAT = N_("Scoring goes on; that suppression silences nothing here.")
COMMON_CUT_OFF = N_("Scoring goes on with the common cut-off for all rows.")

MISSING = N_("Not there, though the detector learned from it: {columns}.")
NONE_THERE = N_("None of the columns is there that the detector learned from: {columns}.")
OTHER_DETECTOR = N_("Scoring does not go on. Choose another detector, or the data that this one is for.")
EXTRA = N_("There, though the detector did not learn from it: {columns}.")
REORDERED = N_("The columns come in another order than in the training data.")
RETYPED = N_("`{column}` holds {found} here; the detector learned from {learned}.")
UNSEEN = N_("`{column}`: {count} of {rows} rows hold categories that no training row held: {values}.")
OUTSIDE = N_(
    "`{column}`: {count} of {rows} rows ({share}) lie outside {low} to {high}, the range of the training rows; the furthest is {value}."
)
STRANGERS = N_("`{column}`: {count} of {rows} rows belong to some that it never saw: {values}.")
BY_OTHERS = N_("Scoring goes on: they are held against what it learned of all others.")
TIMELESS = N_("Scoring goes on: such a row stays behind the row before it.")
WORDLESS = N_("Scoring goes on: such a row counts as a text without words.")
GAPS = N_("`{column}`: {count} of {rows} rows ({share}) have no value; no training row lacked it.")
MORE_GAPS = N_("`{column}`: {share} of the rows have no value; of the training rows {before}.")
EMPTY = N_("`{column}` has no value in any row.")
NO_SUPPRESSION = N_("A suppression asks for `{columns}`, which is not there.")
NO_SEGMENTS = N_("Each `{column}` has a cut-off of its own, and there is no such column here.")

#: A share of gaps that has grown by this is named.
GROWN = 0.1

#: Types as they read in a sentence.
TYPES = {"number": N_("numbers"), "boolean": N_("yes or no"), "date": N_("dates"), "text": N_("text")}


def of_columns(manifest: Manifest, profiles: Mapping[str, ColumnProfile]) -> list[Noticed]:
    """Columns that are missing, too many, in another order, of another type."""
    used, there, found = manifest.used, list(profiles), []
    missing = [name for name in used if name not in profiles]
    if missing and len(missing) == len(used):
        return [Noticed(_columns(NONE_THERE, missing), Message(OTHER_DETECTOR), stops=True)]
    if missing:
        found.append(Noticed(_columns(MISSING, missing), Message(ADD_THEM), stops=True))
    known = set(manifest.roles)
    if extra := [name for name in there if name not in known and manifest.kind != "images"]:
        found.append(Noticed(_columns(EXTRA, extra), Message(LEFT_OUT)))
    if [name for name in there if name in used] != [name for name in manifest.roles if name in used and name in profiles]:
        found.append(Noticed(Message(REORDERED), Message(BY_NAME)))
    for column in manifest.columns:
        profile = profiles.get(column["name"])
        if profile is not None and (other := retyped(column, profile)) is not None:
            found.append(other)
    return found


def retyped(column: Mapping[str, Any], profile: ColumnProfile) -> Noticed | None:
    """That a column holds something else than the detector learned from; None: it does not."""
    learned = "number" if column["type"] == "integer" else column["type"]
    is_empty = profile.distinct == 0
    if is_empty or learned == profile.type:
        return None
    what = Message(RETYPED, {"column": profile.name, "found": TYPES[profile.type], "learned": TYPES.get(learned, learned)})
    return Noticed(what, Message(READ_AGAIN), stops=True)


def of_suppressions(manifest: Manifest, there: set[str]) -> list[Noticed]:
    found = []
    for rule in manifest.suppressions:
        if missing := [name for name in Suppression.from_json(rule).columns if name not in there]:
            found.append(Noticed(Message(NO_SUPPRESSION, {"columns": ", ".join(missing[:NAMED])}), Message(WITHOUT_THAT)))
    return found


def of_segments(manifest: Manifest, there: set[str]) -> list[Noticed]:
    """Cut-offs by a column that is not there."""
    column = (manifest.threshold.segments or {}).get("column")
    return [] if column is None or column in there else [Noticed(Message(NO_SEGMENTS, {"column": column}), Message(COMMON_CUT_OFF))]


def watched(columns: Sequence[Mapping[str, Any]]) -> dict[str, Numbers | Categories]:
    """Who looks at the values of each column; nobody at texts, at times and at categories without number."""
    found: dict[str, Numbers | Categories] = {}
    for column in columns:
        if column.get("quantiles"):
            found[column["name"]] = Numbers(column)
        elif column.get("categories"):
            found[column["name"]] = Categories(column)
    return found


def of_values(column: Mapping[str, Any], watch: Numbers | Categories | None, profile: ColumnProfile, rows: int) -> list[Noticed]:
    found = [*_of_gaps(column, profile, rows)]
    if isinstance(watch, Categories) and (unseen := watch.unseen):
        names = ", ".join(name for name, _ in unseen[:NAMED]) + (" …" if len(unseen) > NAMED else "")
        values = {"column": column["name"], "count": sum(count for _, count in unseen), "rows": rows, "values": names}
        what, then = (STRANGERS, BY_OTHERS) if column["role"] == "entity" else (UNSEEN, AS_NEW)
        found.append(Noticed(Message(what, values), Message(then)))
    if isinstance(watch, Numbers) and watch.outside and watch.furthest is not None and column["role"] == "feature":
        low, high, value = (shown_value(column, each) for each in (column["low"], column["high"], watch.furthest))
        share = percent(watch.outside / rows)
        values = {"column": column["name"], "count": watch.outside, "rows": rows, "share": share, "low": low, "high": high, "value": value}
        found.append(Noticed(Message(OUTSIDE, values), Message(AS_NEW)))
    return found


def _of_gaps(column: Mapping[str, Any], profile: ColumnProfile, rows: int) -> list[Noticed]:
    share, before = profile.missing / max(1, rows), float(column["missing"])
    if not profile.missing:
        return []
    values = {"column": column["name"], "count": profile.missing, "rows": rows, "share": percent(share), "before": percent(before)}
    then = Message({"time": TIMELESS, "text": WORDLESS}.get(column["role"], FILLED))
    if profile.missing == rows and before < 1:
        return [Noticed(Message(EMPTY, values), then)]
    if before <= NO_GAPS:
        return [Noticed(Message(GAPS, values), then)]
    return [Noticed(Message(MORE_GAPS, values), then)] if share > before + GROWN else []


def _columns(template: str, names: Sequence[str]) -> Message:
    shown = ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
    return Message(template, {"columns": shown})
