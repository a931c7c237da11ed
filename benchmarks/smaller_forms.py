"""What smaller forms of detector files change, on labelled data: bytes, speed, ranks, the other side of the cut-off, average precision.

Run from the repository: ``python -m benchmarks.smaller_forms DATA_DIR`` (the folder that `benchmarks.quality` takes). Each detector learns
with its defaults from all rows without labels; its file is then measured in every form as `shrink` measures it, on at most 20 000 rows of
the same data, and every form scores all of them once more for the average precision.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.shared.labelled_sets import LabelledSet, Trial, labelled_sets, trial
from detectors.command_line import Training, train
from detectors.detector_file.batches import Wanted, open_source
from detectors.detector_file.form import Form
from detectors.detector_file.forms_measured import Measured, engine_bytes, first_rows, measure_forms
from detectors.detector_file.loaded import load
from detectors.detector_file.manifest import read_manifest
from detectors.detector_file.smaller import Made, write_smaller
from detectors.detector_file.streaming import score_file

FORMS = (Form("float16"), Form("int8"), *(Form(bits, share) for share in (0.2, 0.5, 0.8) for bits in ("float16", "int8")))

#: Kind, set, detector.
MEASURED = (
    ("tables", "cardio", "autoencoder"),
    ("tables", "bank_churn_mixed", "autoencoder"),
    ("tables", "mnist", "autoencoder"),
    ("tables", "mnist", "variational_autoencoder"),
    ("tables", "mnist", "deep_svdd"),
    ("tables", "mnist", "adversarial"),
    ("tables", "InternetAds", "autoencoder"),
    ("series", "skab_valve1_0", "forecaster"),
    ("series", "skab_valve1_0", "autoencoder"),
    ("series", "nab_nyc_taxi", "transformer_forecaster"),
    ("images", "digits_6", "autoencoder"),
    ("images", "magnetic_tile_cracks", "variational_autoencoder"),
    ("text", "sms_spam_en", "language_model"),
)

HEADS = (
    "set",
    "detector",
    "form",
    "file, kB",
    "weights, kB",
    "rows/s",
    "ranks agree",
    "largest move",
    "changed sides",
    "average precision",
)


@dataclass(frozen=True)
class Line:
    """One form of one detector."""

    measured: Measured
    precision: float | None
    engine_bytes: int
    """Of the file, those of the engine's source."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with the labelled sets")
    parser.add_argument("--only", default="", help="detectors and sets, with commas between")
    asked = parser.parse_args()
    chosen = set(filter(None, asked.only.split(",")))
    print("| " + " | ".join(HEADS) + " |\n|" + "---|" * len(HEADS), flush=True)
    changes: dict[str, list[Line]] = {}
    for kind, name, detector in MEASURED:
        if chosen and not chosen & {name, detector}:
            continue
        labelled = next(each for each in labelled_sets(asked.data, kind) if each.name == name)
        for line in lines(labelled, detector):
            changes.setdefault(str(line.measured.form.title), []).append(line)
            print(row(name, detector, line), flush=True)
    print("", *summary(changes), sep="\n")
    return 0


def lines(labelled: LabelledSet, detector: str) -> Iterator[Line]:
    """A detector that has learned from a set, as it is and in every form."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        plan = trial(labelled, "whole" if labelled.kind == "series" else "unsupervised", folder)
        train(Training(plan.data, detector, folder / "out", kind=labelled.key, quiet=True, **plan.options))
        file = folder / "out" / "detector.zip"
        rows = first_rows(open_source(plan.data, folder / "read", Wanted(read_manifest(file))))
        for measured in measure_forms(file, FORMS, rows):
            path = file
            if measured.form.of_weights:
                path = folder / "smaller.zip"
                write_smaller(file, measured.form, path, Made(cut_off=measured.cut_off))
            yield Line(measured, precision(plan, path, folder), engine_bytes(path))


def precision(plan: Trial, file: Path, folder: Path) -> float | None:
    """The average precision of a detector file on the data of a plan."""
    score_file(load(file), plan.data, folder / "scores.parquet", keep=("name",) if "folder" in plan.options.values() else ())
    return plan.judge(pd.read_parquet(folder / "scores.parquet"))["average_precision"]


def row(name: str, detector: str, line: Line) -> str:
    found = line.measured
    is_first = not found.form.of_weights
    cells = [
        name, detector, str(found.form.title), f"{found.file_bytes / 1e3:,.1f}", f"{found.weight_bytes / 1e3:,.1f}", f"{found.rows_per_s:,.0f}",
        "" if is_first else f"{found.agreement:.5f}", "" if is_first else f"{found.largest} of {found.rows}",
        f"{found.flagged} flagged" if is_first else str(found.changed), f"{line.precision:.3f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def summary(changes: Mapping[str, Sequence[Line]]) -> list[str]:
    """Medians over all detectors, for each form; the worst of agreement and precision."""
    firsts = next(iter(changes.values()))
    heads = ("form", "weights, of before", "file without engine, of before", "rows/s, of before", "ranks agree, median and worst",
             "changed sides, of the flagged", "average precision, median and worst change")  # fmt: skip
    found = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for title, those in changes.items():
        pairs = list(zip(those, firsts, strict=True))
        weights = np.median([line.measured.weight_bytes / first.measured.weight_bytes for line, first in pairs])
        files = np.median([_own(line) / _own(first) for line, first in pairs])
        speed = np.median([line.measured.rows_per_s / first.measured.rows_per_s for line, first in pairs])
        agreement = [line.measured.agreement for line in those]
        changed = np.median([line.measured.changed / max(1, first.measured.flagged) for line, first in pairs])
        precise = [(line.precision or 0) - (first.precision or 0) for line, first in pairs]
        found.append(
            f"| {title} | {weights:.2f} | {files:.2f} | {speed:.2f} | {np.median(agreement):.5f}, {min(agreement):.5f} | {changed:.3f} "
            f"| {np.median(precise):+.4f}, {min(precise):+.4f} |"
        )
    return found


def _own(line: Line) -> int:
    return line.measured.file_bytes - line.engine_bytes


if __name__ == "__main__":
    sys.exit(main())
