"""What the gate says of the times of a series: another step, gaps, times that go back, too few rows for a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from detectors.contents import FIGURES, Measured
from detectors.contents.times import EARLIER, SAME
from detectors.detector_file.manifest import Manifest
from detectors.drift import Drift, Numbers, shown_value
from detectors.gate.columns import watched
from detectors.gate.findings import Noticed, percent
from detectors.messages import N_, Message
from detectors.timeline import GAP

#: Steps that differ by less than this share are the same, and so are those inside the middle of what was learned from.
SAME_STEP, MIDDLE = 0.05, (0.1, 0.9)

#: Entities that a sentence names, and characters of a name.
NAMED, LONGEST = 4, 40

OTHER_STEP = N_("A row every {found}; the detector learned from one every {learned}.")
SPANS = N_("Scoring goes on, but a window of {window} rows spans {found} now and spanned {learned} then: bring the data to the same step, or train on them.")  # fmt: skip
GAPS = N_("{share} of the steps ({count} of {rows}) are gaps, longer than {gap} usual steps; among those learned from {before}. The longest is {longest}, before row {row}.")  # fmt: skip
AS_NEIGHBOURS = N_("Scoring goes on: the rows before and after a gap count as neighbours, as if nothing lay between them.")
FILLED = N_("Scoring goes on: missing moments are filled between the rows around them.")
BACKWARDS = N_("In {count} rows time goes back, first in row {row}; in the training data {before} of the rows do.")
SORTED = N_("Scoring goes on: rows are put into the order of time first.")
TOGETHER = N_("{count} rows are of the same time as the row before; in the training data {before} of the rows are.")
ONE_AFTER_OTHER = N_("Scoring goes on: they count one after the other, in the order of the file.")
AVERAGED = N_("Scoring goes on: rows of one moment are averaged.")
SHORT = N_("There are {rows} rows, fewer than a window of {window}.")
SHORT_ENTITIES = N_("`{column}`: {count} of {entities} have fewer rows than a window of {window}: {names}.")
MIRRORED = N_("Scoring goes on: what is missing before the first row is made of the first rows, so that these scores are less sure. Give longer series.")  # fmt: skip


def of_times(manifest: Manifest, learned: Mapping[str, Any], found: Measured) -> tuple[list[Noticed], list[Drift]]:
    """Findings, and the drift of the step and of the order; `learned` is what the manifest has of them."""
    watches, drifts = watched(learned["figures"]), []
    for name, watch in watches.items():
        if name not in FIGURES["series"]:
            continue
        watch.add(found.figures[name])
        drift = watch.drift(int(learned["items"]))
        drifts += [replace(drift, column="", figure=FIGURES["series"][name].title)] if drift is not None else []
    noticed = _of_length(manifest, found)
    step = watches.get("step")
    if isinstance(step, Numbers) and step.count:
        noticed += [*_of_step(manifest, step, found), *_of_gaps(manifest, step, found)]
    orders = next((column.get("categories") or {} for column in learned["figures"] if column["name"] == "order"), {})
    return [*noticed, *_of_order(manifest, orders, found)], drifts


def _of_step(manifest: Manifest, step: Numbers, found: Measured) -> list[Noticed]:
    new, before = _usual(found), float(np.median(step.quantiles))
    low, high = np.quantile(step.quantiles, MIDDLE)
    if low <= new <= high or abs(new - before) <= SAME_STEP * before:
        return []
    values = {"found": shown_value(step.column, new), "learned": shown_value(step.column, before)}
    window = _window(manifest)
    spans = {"window": window, **{name: shown_value(step.column, window * each) for name, each in (("found", new), ("learned", before))}}
    return [Noticed(Message(OTHER_STEP, values), Message(SPANS, spans))]


def _of_gaps(manifest: Manifest, step: Numbers, found: Measured) -> list[Noticed]:
    """Steps longer than usual ones of their own data, where there are clearly more than there were."""
    steps = found.figures["step"].dropna().to_numpy()
    count = int((steps > GAP * _usual(found)).sum())
    before = float((step.quantiles > GAP * np.median(step.quantiles)).mean())
    if count <= len(steps) * before + 3 * np.sqrt(len(steps) * before):
        return []
    longest, row = found.times.longest
    values = {"count": count, "rows": len(steps), "share": percent(count / len(steps)), "gap": GAP, "before": percent(before)}
    what = Message(GAPS, {**values, "longest": shown_value(step.column, longest), "row": row + 1})
    return [Noticed(what, Message(FILLED if _is_regular(manifest) else AS_NEIGHBOURS))]


def _of_order(manifest: Manifest, learned: Mapping[str, int], found: Measured) -> list[Noticed]:
    rows, total, times = max(1, len(found.figures)), max(1, sum(learned.values())), found.times
    every = sum(times.entities.values()) / rows
    noticed = []
    for name, count, what, then in (
        (EARLIER, times.back, BACKWARDS, SORTED), (SAME, times.same, TOGETHER, AVERAGED if _is_regular(manifest) else ONE_AFTER_OTHER),
    ):  # fmt: skip
        before = learned.get(name, 0) / total
        if count / every > rows * before + 3 * np.sqrt(rows * before):
            values = {"count": count, "before": percent(before), "row": (times.first_back or 0) + 1}
            noticed.append(Noticed(Message(what, values), Message(then)))
    return noticed


def _of_length(manifest: Manifest, found: Measured) -> list[Noticed]:
    """Series of fewer rows than a window."""
    window, entities = _window(manifest), found.times.entities
    short = [name for name, rows in entities.items() if rows < window]
    if not short:
        return []
    column = next((name for name, role in manifest.roles.items() if role == "entity"), None)
    if column is None:
        return [Noticed(Message(SHORT, {"rows": sum(entities.values()), "window": window}), Message(MIRRORED))]
    names = ", ".join(name[:LONGEST] for name in short[:NAMED]) + (" …" if len(short) > NAMED else "")
    values = {"column": column, "count": len(short), "entities": len(entities), "window": window, "names": names}
    return [Noticed(Message(SHORT_ENTITIES, values), Message(MIRRORED))]


def _usual(found: Measured) -> float:
    """The step in the middle of those of the new data."""
    return float(np.nanmedian(found.figures["step"]))


def _window(manifest: Manifest) -> int:
    return int(manifest.preparation.get("window", 1))


def _is_regular(manifest: Manifest) -> bool:
    return bool(manifest.preparation.get("parameters", {}).get("regular", False))
