"""How well every detector finds what is labelled, beside other methods on the same data.

Run from the repository: ``python -m benchmarks.quality DATA_DIR`` or ``make bench-quality DATA=DATA_DIR``. DATA_DIR
has the folders ``series``, ``images``, ``text`` and ``tables`` with labelled sets, and may have ``BASELINES.md`` with
the figures of other methods. Every detector learns as the command line has it learn, with its defaults:

- tables, text, images: from all rows (unsupervised), or from a random half of the normal ones and judged on the rest
  (semi-supervised);
- series: from the whole series, or from the rows whose `split` is train and judged on those whose `split` is test;
- detectors that learn from labels: from the rows that they do not hold out; every row is scored by one that did not
  learn from it, and all are judged (supervised).

With ``--json FILE`` every outcome is added to the file as a line as soon as it is known, and what is there already is
not measured again: a run can be broken off and taken up, and several can share one file. Refusals are tried again.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.shared.baselines import read_baselines
from benchmarks.shared.labelled_sets import FOLDERS, PROTOCOLS, LabelledSet, chosen_sets, labelled_sets, trial
from benchmarks.shared.quality_report import Outcome, every_set, means, refusals
from detectors import registry
from detectors.base import Detector
from detectors.command_line import Training, train
from detectors.errors import AnomalystError

#: What is measured where nothing is said.
USUAL_KINDS = "tables,series,images,text"

#: How many of the smallest sets of each kind a quick look takes.
FAST_SETS = 3


def main() -> int:
    asked = _asked()
    outcomes = _read(asked.json)
    for labelled, protocol, detector in _wanted(asked):
        key = (labelled.kind, protocol, labelled.name, detector.name())
        if key in outcomes and not outcomes[key].refusal:
            continue
        outcomes[key] = measured(labelled, protocol, detector)
        _say(outcomes[key])
        if asked.json:
            _add(outcomes[key], asked.json)
    wanted = {(labelled.kind, protocol, labelled.name, detector.name()) for labelled, protocol, detector in _wanted(asked)}
    _print([outcome for key, outcome in outcomes.items() if key in wanted], asked)
    return 0


def measured(labelled: LabelledSet, protocol: str, detector: type[Detector]) -> Outcome:
    """Trains and judges one detector in this process; the seconds are those of fit and score, without reading."""
    found = {"kind": labelled.kind, "protocol": protocol, "set": labelled.name, "detector": detector.name()}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        try:
            plan = trial(labelled, protocol, folder)
            asked = Training(plan.data, detector.name(), folder / "out", kind=labelled.key, quiet=True, **plan.options)
            summary = train(asked)
            figures = plan.judge(pd.read_parquet(folder / "out" / "scores.parquet"))
        except AnomalystError as error:
            return Outcome(**found, refusal=str(error))
        finally:
            _forget_networks()
    return Outcome(**found, figures=figures, seconds=round(summary["seconds"]["fit"] + summary["seconds"]["score"], 3))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with the labelled sets")
    parser.add_argument("--only", default=USUAL_KINDS, help=f"kinds of data, of {','.join(FOLDERS)} (default: {USUAL_KINDS})")
    parser.add_argument("--detectors", help="names of detectors, with commas between (default: every one there is)")
    parser.add_argument("--protocols", help="protocols, with commas between (default: all)")
    parser.add_argument("--fast", action="store_true", help=f"only the {FAST_SETS} smallest sets of each kind")
    parser.add_argument("--sets", action="store_true", help="show every set too")
    parser.add_argument("--json", type=Path, help="a file to which each outcome is added as a line, and from which earlier ones are taken")
    asked = parser.parse_args()
    asked.only = asked.only.split(",")
    if unknown := set(asked.only) - set(FOLDERS):
        parser.error(f"there is no kind {', '.join(sorted(unknown))}; there are {', '.join(FOLDERS)}")
    if not any(labelled_sets(asked.data, kind) for kind in asked.only):
        parser.error(f"{asked.data} holds no sets of {', '.join(asked.only)}: name a folder that has them in folders of these names")
    asked.detectors = asked.detectors.split(",") if asked.detectors else None
    asked.protocols = asked.protocols.split(",") if asked.protocols else None
    if unknown := set(asked.protocols or ()) - {protocol for kind in asked.only for protocol in PROTOCOLS[kind]}:
        parser.error(f"there is no protocol {', '.join(sorted(unknown))} for {', '.join(asked.only)}")
    known = sorted({detector.name() for kind in asked.only for detector in _detectors(kind)})
    if unknown := set(asked.detectors or ()) - set(known):
        parser.error(
            f"there is no detector {', '.join(sorted(unknown))} for {', '.join(asked.only)}; there are {', '.join(known) or 'none'}"
        )
    return asked


def _wanted(asked: argparse.Namespace) -> Iterator[tuple[LabelledSet, str, type[Detector]]]:
    """Everything to measure, detector after detector: a shell that is broken off leaves whole detectors behind."""
    for kind in asked.only:
        sets = list(chosen_sets(asked.data, [kind], FAST_SETS if asked.fast else None))
        for detector in _detectors(kind):
            if asked.detectors and detector.name() not in asked.detectors:
                continue
            for protocol in PROTOCOLS[kind]:
                if (protocol == "supervised") == detector.supervised and (not asked.protocols or protocol in asked.protocols):
                    yield from ((labelled, protocol, detector) for labelled in sets)


def _detectors(kind: str) -> list[type[Detector]]:
    """Those that can work on a kind."""
    return registry.for_kind(FOLDERS[kind])


def _read(file: Path | None) -> dict[tuple[str, str, str, str], Outcome]:
    """Earlier outcomes; of several of the same thing the last."""
    if file is None or not file.is_file():
        return {}
    lines = file.read_text(encoding="utf-8").splitlines()
    return {outcome.key: outcome for outcome in (Outcome(**json.loads(line)) for line in lines if line)}


def _add(outcome: Outcome, file: Path) -> None:
    """One write of one line: shells that share the file do not cut each other off."""
    with file.open("ab", buffering=0) as open_file:
        open_file.write((json.dumps(outcome.to_json(), ensure_ascii=False) + "\n").encode())


def _forget_networks() -> None:
    """TensorFlow keeps what it has built until it is told: hundreds of trainings would fill the memory."""
    if "keras" in sys.modules:
        sys.modules["keras"].backend.clear_session()
    gc.collect()


def _say(outcome: Outcome) -> None:
    figures = ", ".join(f"{name} {value:.3f}" for name, value in outcome.figures.items() if value is not None)
    words = outcome.refusal or f"{figures} ({outcome.seconds:.1f} s)"
    print(f"{time.strftime('%H:%M:%S')} {outcome.detector}, {outcome.set}, {outcome.protocol}: {words}", file=sys.stderr, flush=True)


def _print(outcomes: list[Outcome], asked: argparse.Namespace) -> None:
    baselines = read_baselines(asked.data / "BASELINES.md")
    for kind in asked.only:
        all_sets = len(labelled_sets(asked.data, kind))
        if not any(outcome.kind == kind for outcome in outcomes):
            print(
                f"\n{kind}: nothing was measured; detectors that work on it: {', '.join(each.name() for each in _detectors(kind)) or 'none'}"
            )
        for protocol in PROTOCOLS[kind]:
            found = [outcome for outcome in outcomes if (outcome.kind, outcome.protocol) == (kind, protocol)]
            if not found:
                continue
            print("\n" + means(kind, protocol, found, baselines, all_sets))
            if asked.sets:
                print("\n" + every_set(kind, protocol, found, baselines))
            if said := refusals(found):
                print(said)


if __name__ == "__main__":
    sys.exit(main())
