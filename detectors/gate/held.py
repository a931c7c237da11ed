"""Holds a data set against what a detector file says that it learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from detectors.contents import measured
from detectors.contents.measured import vocabulary_of
from detectors.data_set import DataSet
from detectors.detector_file.manifest import NOT_ONE, Manifest
from detectors.drift import Drift, Numbers, shown_value
from detectors.errors import StorageError
from detectors.frames import count_rows, iter_batches
from detectors.gate.columns import OTHER_DETECTOR, of_columns, of_segments, of_suppressions, of_values, watched
from detectors.gate.findings import Gate, Noticed
from detectors.gate.inside import of_contents, shown_sizes
from detectors.gate.scores import score_drift
from detectors.gate.times import of_times
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.profile import ColumnProfile, load_profile
from detectors.reading.report import REPORT_FILE, load_report

SAME_FILE = N_("This is the very file that the detector learned from.")
NOTHING_NEW = N_("Scoring goes on, and says little: choose new data above.")
OTHER_KIND = N_("The detector scores {learned}, and these are {found}.")
NOT_TOLD = {
    "images": N_("The detector file was written before pictures were compared: it does not know how bright, sharp or large those were that it learned from."),
    "text": N_("The detector file was written before texts were compared: it does not know how long those were that it learned from, and in which letters."),
    "series": N_("The detector file was written before times were compared: it does not know at which step it learned."),
}  # fmt: skip
SAVE_AGAIN = N_("Scoring goes on. Save the run as a detector again, and the next gate compares them.")


def gate_of(manifest: Manifest, folder: Path, kind: str) -> Gate:
    """Holds the data set in `folder`, of a `kind`, against what the detector file learned from. Reads it block by block."""
    rows = count_rows(folder)
    if (manifest.kind == "images") != (kind == "images"):
        values = {name: KINDS[each].items if each in KINDS else each for name, each in (("learned", manifest.kind), ("found", kind))}
        return Gate([Noticed(Message(OTHER_KIND, values), Message(OTHER_DETECTOR), stops=True)], rows=rows)
    profiles = {profile.name: profile for profile in load_profile(folder)}
    there = set(profiles)
    noticed = [
        *_of_file(manifest, folder),
        *of_columns(manifest, profiles),
        *of_suppressions(manifest, there),
        *of_segments(manifest, there),
    ]
    if any(each.stops for each in noticed):
        return Gate(_in_order(noticed), rows=rows)
    found, drifts = _columns(manifest, folder, profiles, rows)
    inside = _inside(manifest, folder, rows)
    return Gate(
        _in_order([*noticed, *inside.noticed, *found]), sorted([*drifts, *inside.drifts], key=lambda drift: -drift.distance), rows,
        inside.looked_at,
    )  # fmt: skip


def _of_file(manifest: Manifest, folder: Path) -> list[Noticed]:
    """Whether it is the very file that was learned from."""
    is_same = (folder / REPORT_FILE).exists() and load_report(folder).content_hash == manifest.data.get("sha256")
    return [Noticed(Message(SAME_FILE), Message(NOTHING_NEW))] if is_same else []


def _columns(
    manifest: Manifest, folder: Path, profiles: Mapping[str, ColumnProfile], rows: int
) -> tuple[list[Noticed], list[Drift]]:  # fmt: skip
    watches = watched(manifest.columns)
    for frame in iter_batches(folder, list(watches)) if watches else ():
        for name, watch in watches.items():
            watch.add(frame[name])
    noticed: list[Noticed] = []
    drifts: list[Drift] = []
    for column in manifest.columns:
        looked_at = watches.get(column["name"])
        noticed += of_values(column, looked_at, profiles[column["name"]], rows)
        found = looked_at.drift(manifest.fitted_rows) if looked_at is not None and column["role"] in ("feature", "entity") else None
        drifts += [found] if found is not None else []
    return noticed, drifts


def _inside(manifest: Manifest, folder: Path, rows: int) -> Gate:
    """What is inside the pictures, texts and times."""
    roles = {name: manifest.roles[name] for name in manifest.used}
    if manifest.kind not in NOT_TOLD and "text" not in roles.values():
        return Gate()
    if manifest.contents is None:
        return Gate([Noticed(Message(NOT_TOLD[manifest.kind]), Message(SAVE_AGAIN))] if manifest.kind in NOT_TOLD else [])
    noticed: list[Noticed] = []
    drifts: list[Drift] = []
    looked_at = None
    told = {(each["what"], each["column"]): each for each in manifest.contents}
    for found in measured(manifest.kind, DataSet(folder, roles), manifest.preparation):
        learned = told.get((found.what, found.column))
        if learned is None:
            continue
        more, moved = (of_times if found.what == "series" else of_contents)(manifest, learned, found)
        noticed, drifts = [*noticed, *more], [*drifts, *moved]
        looked_at = len(found.figures) if found.what != "series" and len(found.figures) < rows else looked_at
    return Gate(noticed, drifts, looked_at=looked_at)


def check_described(manifest: Manifest, file: str) -> None:
    """Whether what a detector file from elsewhere says of its columns, contents and scores can be read.

    Raises:
        StorageError: it cannot.
    """
    try:
        for column in manifest.columns:
            name, role, kind, missing = (column[key] for key in ("name", "role", "type", "missing"))
            if not all(isinstance(text, str) for text in (name, role, kind)) or name not in manifest.roles or not 0 <= missing <= 1:
                raise ValueError(name)
            if name not in manifest.used:
                raise ValueError(name)
        _check_watched(manifest.columns, manifest.fitted_rows)
        for told in manifest.contents or []:
            what, of, items = (told[key] for key in ("what", "column", "items"))
            if not isinstance(what, str) or not isinstance(of, str) or not items >= 0:
                raise ValueError(what)
            if not all(isinstance(column["name"], str) for column in told["figures"]):
                raise ValueError(what)
            _check_watched(told["figures"], items)
        shown_sizes(manifest)
        vocabulary_of(manifest.preparation)
        score_drift(manifest, np.zeros(1), manifest.threshold.cut_off)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, ArithmeticError) as error:
        raise StorageError(NOT_ONE, file=file) from error


def _check_watched(columns: Sequence[Mapping[str, Any]], rows: int) -> None:
    for name, watch in watched(columns).items():
        watch.add(pd.Series([], dtype=float))
        watch.drift(rows)
        if isinstance(watch, Numbers):
            if not (np.isfinite(watch.quantiles).all() and (np.diff(watch.quantiles) >= 0).all()):
                raise ValueError(name)
            shown_value(watch.column, float(watch.column["low"]) + float(watch.column["high"]))


def _in_order(noticed: Sequence[Noticed]) -> list[Noticed]:
    return sorted(noticed, key=lambda each: not each.stops)
