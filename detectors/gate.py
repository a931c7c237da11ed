"""The gate before scoring: what of new data is unlike what a detector learned from, and whether scoring goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from detectors.detector_file.manifest import NOT_ONE, Manifest
from detectors.drift import Categories, Drift, Numbers, distance_of, shown_value
from detectors.errors import StorageError
from detectors.frames import count_rows, iter_batches
from detectors.messages import N_, Message
from detectors.profile import ColumnProfile, load_profile
from detectors.suppressions import Suppression

#: Columns, and values, that a sentence names.
NAMED = 6

#: A share of missing values is new where training rows had at most this.
NO_GAPS = 0.0

STOPS = N_("Scoring does not go on.")
GOES_ON = N_("Scoring goes on.")
LEFT_OUT = N_("Scoring goes on without it.")
BY_NAME = N_("Scoring goes on: columns are found by their names.")
AS_NEW = N_("Scoring goes on: these rows may be flagged for that alone.")
FILLED = N_("Scoring goes on: gaps are filled as the detector learned to fill them.")
READ_AGAIN = N_("Scoring does not go on. Open the data, read the file again with the right format, or train on it.")
ADD_THEM = N_("Scoring does not go on. Add it to the file, or train on the columns there are.")
WITHOUT_THAT = N_("Scoring goes on; that suppression silences nothing here.")

OTHER_KIND = N_("The detector scores {learned} data, and this is {found} data.")
MISSING = N_("Not there, though the detector learned from it: {columns}.")
EXTRA = N_("There, though the detector did not learn from it: {columns}.")
REORDERED = N_("The columns come in another order than in the training data.")
RETYPED = N_("`{column}` holds {found} here; the detector learned from {learned}.")
UNSEEN = N_("`{column}`: {count} of {rows} rows hold categories that no training row held: {values}.")
OUTSIDE = N_(
    "`{column}`: {count} of {rows} rows ({share}) lie outside {low} to {high}, the range of the training rows; the furthest is {value}."
)
GAPS = N_("`{column}`: {count} of {rows} rows ({share}) have no value; no training row lacked it.")
MORE_GAPS = N_("`{column}`: {share} of the rows have no value; of the training rows {before}.")
EMPTY = N_("`{column}` has no value in any row.")
NO_SUPPRESSION = N_("A suppression asks for `{columns}`, which is not there.")

#: A share of gaps that has grown by this is named.
GROWN = 0.1

#: Types as they read in a sentence.
TYPES = {"number": N_("numbers"), "boolean": N_("yes or no"), "date": N_("dates"), "text": N_("text")}


@dataclass(frozen=True)
class Noticed:
    """One finding, and what follows from it."""

    what: Message
    then: Message
    stops: bool = False


@dataclass(frozen=True)
class Gate:
    """All findings, those that stop scoring first, and the drift of each column, the largest first."""

    noticed: list[Noticed] = field(default_factory=list)
    drifts: list[Drift] = field(default_factory=list)
    rows: int = 0

    @property
    def stops(self) -> list[Noticed]:
        return [each for each in self.noticed if each.stops]

    @property
    def largest(self) -> float:
        """The largest distance of a column; 0 where none was measured."""
        return max((drift.distance for drift in self.drifts), default=0.0)


def gate_of(manifest: Manifest, folder: Path, kind: str) -> Gate:
    """Holds the data set in `folder`, of a `kind`, against what the detector file learned from. Reads it block by block."""
    rows = count_rows(folder)
    if (manifest.kind == "images") != (kind == "images"):
        values = {"learned": manifest.kind, "found": kind}
        return Gate([Noticed(Message(OTHER_KIND, values), Message(STOPS), stops=True)], rows=rows)
    profiles = {profile.name: profile for profile in load_profile(folder)}
    noticed = _of_columns(manifest, profiles)
    noticed += _of_suppressions(manifest, set(profiles))
    if any(each.stops for each in noticed) or manifest.kind == "images":
        return Gate(_in_order(noticed), rows=rows)
    watched = _watched(manifest.columns)
    for frame in iter_batches(folder, list(watched)) if watched else ():
        for name, watch in watched.items():
            watch.add(frame[name])
    drifts: list[Drift] = []
    for column in manifest.columns:
        looked_at = watched.get(column["name"])
        noticed += _of_values(column, looked_at, profiles[column["name"]], rows)
        found = looked_at.drift(manifest.fitted_rows) if looked_at is not None and column["role"] == "feature" else None
        drifts += [found] if found is not None else []
    return Gate(_in_order(noticed), sorted(drifts, key=lambda drift: -drift.distance), rows)


def check_described(manifest: Manifest, file: str) -> None:
    """Whether what a detector file from elsewhere says of its columns and scores can be read.

    Raises:
        StorageError: it cannot.
    """
    try:
        for column in manifest.columns:
            name, role, kind, missing = (column[key] for key in ("name", "role", "type", "missing"))
            if not all(isinstance(text, str) for text in (name, role, kind)) or name not in manifest.roles or not 0 <= missing <= 1:
                raise ValueError(name)
        for name, watch in _watched(manifest.columns).items():
            watch.add(pd.Series([], dtype=float))
            watch.drift(manifest.fitted_rows)
            if isinstance(watch, Numbers):
                if not (np.isfinite(watch.quantiles).all() and (np.diff(watch.quantiles) >= 0).all()):
                    raise ValueError(name)
                shown_value(watch.column, float(watch.column["low"]) + float(watch.column["high"]))
            if name not in manifest.used:
                raise ValueError(name)
        score_drift(manifest, np.zeros(1), manifest.threshold.cut_off)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, ArithmeticError) as error:
        raise StorageError(NOT_ONE, file=file) from error


def _in_order(noticed: Sequence[Noticed]) -> list[Noticed]:
    return sorted(noticed, key=lambda each: not each.stops)


def _of_columns(manifest: Manifest, profiles: Mapping[str, ColumnProfile]) -> list[Noticed]:
    """Columns that are missing, too many, in another order, of another type."""
    used, there, found = manifest.used, list(profiles), []
    if missing := [name for name in used if name not in profiles]:
        found.append(Noticed(_columns(MISSING, missing), Message(ADD_THEM), stops=True))
    known = set(manifest.roles)
    if extra := [name for name in there if name not in known and manifest.kind != "images"]:
        found.append(Noticed(_columns(EXTRA, extra), Message(LEFT_OUT)))
    if [name for name in there if name in used] != [name for name in manifest.roles if name in used and name in profiles]:
        found.append(Noticed(Message(REORDERED), Message(BY_NAME)))
    for column in manifest.columns:
        profile = profiles.get(column["name"])
        if profile is not None and (retyped := _retyped(column, profile)) is not None:
            found.append(retyped)
    return found


def _retyped(column: Mapping[str, Any], profile: ColumnProfile) -> Noticed | None:
    learned = "number" if column["type"] == "integer" else column["type"]
    is_empty = profile.distinct == 0
    if is_empty or learned == profile.type:
        return None
    what = Message(RETYPED, {"column": profile.name, "found": TYPES[profile.type], "learned": TYPES.get(learned, learned)})
    return Noticed(what, Message(READ_AGAIN), stops=True)


def _of_suppressions(manifest: Manifest, there: set[str]) -> list[Noticed]:
    found = []
    for rule in manifest.suppressions:
        if missing := [name for name in Suppression.from_json(rule).columns if name not in there]:
            found.append(Noticed(Message(NO_SUPPRESSION, {"columns": ", ".join(missing[:NAMED])}), Message(WITHOUT_THAT)))
    return found


def _watched(columns: Sequence[Mapping[str, Any]]) -> dict[str, Numbers | Categories]:
    """Who looks at the values of each column; nobody at texts and at categories without number."""
    found: dict[str, Numbers | Categories] = {}
    for column in columns:
        if column.get("quantiles"):
            found[column["name"]] = Numbers(column)
        elif column.get("categories"):
            found[column["name"]] = Categories(column)
    return found


def _of_values(column: Mapping[str, Any], watch: Numbers | Categories | None, profile: ColumnProfile, rows: int) -> list[Noticed]:
    found = [*_of_gaps(column, profile, rows)]
    if isinstance(watch, Categories) and (unseen := watch.unseen):
        names = ", ".join(name for name, _ in unseen[:NAMED]) + (" …" if len(unseen) > NAMED else "")
        values = {"column": column["name"], "count": sum(count for _, count in unseen), "rows": rows, "values": names}
        found.append(Noticed(Message(UNSEEN, values), Message(AS_NEW)))
    if isinstance(watch, Numbers) and watch.outside and watch.furthest is not None and column["role"] == "feature":
        low, high, value = (shown_value(column, each) for each in (column["low"], column["high"], watch.furthest))
        share = _percent(watch.outside / rows)
        values = {"column": column["name"], "count": watch.outside, "rows": rows, "share": share, "low": low, "high": high, "value": value}
        found.append(Noticed(Message(OUTSIDE, values), Message(AS_NEW)))
    return found


def _of_gaps(column: Mapping[str, Any], profile: ColumnProfile, rows: int) -> list[Noticed]:
    share, before = profile.missing / max(1, rows), float(column["missing"])
    if not profile.missing:
        return []
    values = {"column": column["name"], "count": profile.missing, "rows": rows, "share": _percent(share), "before": _percent(before)}
    if profile.missing == rows and before < 1:
        return [Noticed(Message(EMPTY, values), Message(FILLED))]
    if before <= NO_GAPS:
        return [Noticed(Message(GAPS, values), Message(FILLED))]
    return [Noticed(Message(MORE_GAPS, values), Message(FILLED))] if share > before + GROWN else []


def _columns(template: str, names: Sequence[str]) -> Message:
    shown = ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
    return Message(template, {"columns": shown})


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


# ── of the scores ──

#: What the flags of scored data say: as many as expected, more (or fewer) though the rest scores as before, or a shift of all;
#: or as many as expected, of scores that have moved.
Verdict = Literal["as expected", "more", "fewer", "shift", "moved"]

SENTENCES: dict[Verdict, str] = {
    "as expected": N_("{found} flagged where {expected} was expected: about as many as among the rows learned from."),
    "more": N_("{found} flagged where {expected} was expected, and the other scores are as they were: these may well be anomalies."),
    "fewer": N_("{found} flagged where {expected} was expected: fewer than among the rows learned from."),
    "moved": N_(
        "{found} flagged where {expected} was expected, but most scores have moved: the cut-off may no longer lie where it should."
    ),
    "shift": N_("{found} flagged where {expected} was expected, and most scores have moved: this is a shift, not {found} anomalies."),
}

#: More flags than this many times what was expected are more; scores below the cut-off that moved by this are a shift.
MORE, MOVED = 2.0, 0.2


@dataclass(frozen=True)
class ScoreDrift:
    """The scores of new rows against those of the training rows."""

    found: float
    """The share that is flagged."""
    expected: float
    """The share of the training rows that was."""
    drift: Drift
    below: float
    """The distance of the scores below the cut-off alone: how far usual rows have moved."""
    rows: int

    @property
    def verdict(self) -> Verdict:
        spread = 3 * np.sqrt(max(self.expected, 1 / self.rows) / self.rows)  # what a count varies by, by chance
        if self.found > max(MORE * self.expected, self.expected + spread):
            return "shift" if self.below > max(MOVED, self.drift.chance) else "more"
        if self.found < self.expected / MORE and self.found < self.expected - spread:
            return "fewer"
        return "moved" if self.below > max(MOVED, self.drift.chance) and self.drift.size == "large" else "as expected"

    @property
    def message(self) -> Message:
        return Message(SENTENCES[self.verdict], {"found": _percent(self.found), "expected": _percent(self.expected)})


def score_drift(manifest: Manifest, sorted_scores: NDArray[np.float64], cut_off: float) -> ScoreDrift | None:
    """How the `sorted_scores` of new rows compare; None where the file does not hold what the training rows scored."""
    quantiles = np.asarray(manifest.scores.get("quantiles") or [], dtype=np.float64)
    if not len(quantiles) or not len(sorted_scores):
        return None
    trained = np.interp(np.linspace(0, 1, 2001), np.linspace(0, 1, len(quantiles)), quantiles)
    usual, before = sorted_scores[sorted_scores <= cut_off], trained[trained <= cut_off]
    if len(usual) and len(before):
        below = distance_of(usual, np.quantile(before, np.linspace(0, 1, 101)).tolist(), manifest.fitted_rows).distance
    else:
        below = 1.0
    expected = float(manifest.scores.get("flagged", (trained > cut_off).mean()))
    drift = distance_of(sorted_scores, quantiles.tolist(), manifest.fitted_rows)
    return ScoreDrift(float((sorted_scores > cut_off).mean()), expected, drift, below, len(sorted_scores))
