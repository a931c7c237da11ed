"""``shrink`` of the command line: what smaller forms of a detector file would change, and the one that was chosen."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from detectors.base import Progress
from detectors.data_set import DataSet
from detectors.detector_file.form import FORMS, PRECISIONS, Form
from detectors.errors import DataError, ParameterError
from detectors.messages import N_, Message, shown

OUT_WITHOUT_FORM = N_("`--out` was given without a form: name one with `--form`, `--prune` or `--without-engine`.")
FORM_WITHOUT_OUT = N_("Where is the smaller file to go? Name it with `--out`.")
SAME_FILE = N_("`--out` names the detector file itself. Name another file: it stays the one to go back to.")

HEADS = ("weights", "file", "of it weights", "rows/s", "ranks agree", "largest move", "other side of the cut-off")


def add_arguments(shrink: argparse.ArgumentParser) -> None:
    """The arguments of ``shrink``."""
    shrink.add_argument("detector_file", type=Path, metavar="DETECTOR_FILE", help="the detector.zip that `train` left or a page saved")
    shrink.add_argument(
        "--data", metavar="DATA", help="rows to measure on, best those it learned from; default: what the file itself holds"
    )
    shrink.add_argument("--form", choices=PRECISIONS, help="how weights are kept; without any form all are measured and nothing is written")
    shrink.add_argument(
        "--prune", type=float, default=0.0, metavar="SHARE", help="set so large a share (0.5) of the weights to 0, the smallest"
    )
    shrink.add_argument("--without-engine", action="store_true", help="leave out the source that score.py runs, most of a small file")
    shrink.add_argument("--out", type=Path, metavar="FILE", help="where the smaller file goes")
    shrink.add_argument("--read", action="append", default=[], metavar="KEY=VALUE", help="how the data are to be read, see below")
    shrink.add_argument("--json", action="store_true", help="what was measured on standard output, as JSON")
    shrink.add_argument("--quiet", action="store_true", help="no progress on standard error")


def shrink(asked: argparse.Namespace) -> None:
    """Measures, says what was measured and, where a form was chosen, writes it.

    Raises:
        AnomalystError: something the user can mend.
    """
    from detectors.command_line import PrintedProgress, written_to
    from detectors.detector_file.forms_measured import engine_bytes, measure_forms
    from detectors.detector_file.manifest import read_manifest
    from detectors.detector_file.signature import installed_key
    from detectors.detector_file.smaller import NO_NETWORK, Made, check_form, has_networks, write_smaller

    form = _form(asked)
    manifest = read_manifest(asked.detector_file)
    if form is not None:
        check_form(manifest, form, asked.detector_file.name)
    with _rows(asked) as data:
        progress = Progress() if asked.quiet else PrintedProgress()
        found = measure_forms(asked.detector_file, FORMS if form is None else [form], data, progress)
    if form is not None:
        chosen = found[-1]
        with written_to(asked.out.parent):
            write_smaller(asked.detector_file, form, asked.out, Made(installed_key(), chosen.cut_off, chosen.to_json()))
    if asked.json:
        record = {"forms": [each.to_json() for each in found], "out": None if form is None else str(asked.out)}
        print(json.dumps(record, ensure_ascii=False))
        return
    print(*_table(found), sep="\n")
    if asked.quiet:
        return
    if form is None:
        if not has_networks(manifest):
            print(Message(NO_NETWORK, {"file": asked.detector_file.name}), file=sys.stderr)
        told = {"size": _bytes(engine_bytes(asked.detector_file))}
        print(Message(N_("Of each {size} are the source that `score.py` runs; `--without-engine` leaves it out."), told), file=sys.stderr)
    else:
        done = Message(N_("Written to {out}: {share} % of {file}."), {
            "out": str(asked.out), "share": 100 * asked.out.stat().st_size / asked.detector_file.stat().st_size, "file": asked.detector_file.name,
        })  # fmt: skip
        print(done.text(show=shown), file=sys.stderr)


def _form(asked: argparse.Namespace) -> Form | None:
    """The form that was asked for; None: all are to be looked at."""
    form = Form(asked.form or "float32", asked.prune, engine=not asked.without_engine)
    if not asked.detector_file.is_file():
        raise DataError(N_("There is no file `{path}`."), path=str(asked.detector_file))
    if form == Form():
        if asked.out is not None:
            raise ParameterError(OUT_WITHOUT_FORM)
        return None
    if asked.out is None:
        raise ParameterError(FORM_WITHOUT_OUT)
    if asked.out.exists() and asked.out.samefile(asked.detector_file):
        raise ParameterError(SAME_FILE)
    return form


@contextmanager
def _rows(asked: argparse.Namespace) -> Iterator[DataSet | None]:
    """The rows to measure on; None: what the file holds."""
    from detectors.detector_file.batches import Wanted, open_source
    from detectors.detector_file.forms_measured import first_rows
    from detectors.detector_file.manifest import read_manifest
    from detectors.reading import ReadingOptions

    if asked.data is None:
        yield None
        return
    manifest = read_manifest(asked.detector_file)
    options = ReadingOptions.as_learned(manifest.reading, asked.read)
    with tempfile.TemporaryDirectory() as folder:
        yield first_rows(open_source(Path(asked.data), Path(folder) / "data", Wanted(manifest), options))


def _table(found: Sequence[Any]) -> list[str]:
    """The forms as lines of a table."""
    rows = [HEADS]
    for each in found:
        moved = "" if each is found[0] else f"{each.largest} of {each.rows}"
        changed = f"{each.flagged} flagged" if each is found[0] else f"{each.changed} (+{each.entering} -{each.leaving})"
        title = str(each.form.title) + ("" if each.form.engine else ", no engine")
        agreement = "" if each is found[0] else f"{each.agreement:.5f}"
        rows.append((title, _bytes(each.file_bytes), _bytes(each.weight_bytes), f"{each.rows_per_s:,.0f}", agreement, moved, changed))
    widths = np.max([[len(cell) for cell in row] for row in rows], axis=0)
    return [
        "  ".join(cell.ljust(width) if n == 0 else cell.rjust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]


def _bytes(count: int) -> str:
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
