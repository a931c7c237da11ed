"""How much twenty verdicts help: a simulated analyst judges the rows that are proposed, and a model learns from what was said.

Run from the repository: ``python -m benchmarks.simulated_analyst DATA_DIR``. DATA_DIR holds labelled tables in the folder
``tables``. For every table and seed a detector is trained without labels; then rows are proposed, a few at a time, and the
analyst says of each what its label says. The order of the remaining rows before and after, as average precision on these rows
alone, is what is compared. Files with fewer than ten anomalies left are passed over.

With ``--peer-python PYTHON``, an interpreter that has PyOD and XGBoost, PyOD's XGBOD is given the same labels, in both ways in
which it can be: the rows that nobody judged count as normal, or are left out of the boosted trees.

With ``--json FILE`` every outcome is added to the file as a line as soon as it is known, and what is there already is not
measured again. The halves are every second file by name: what was tried while this was built was mostly chosen on the first, with seed 0.
The bars: 1.3 times the average precision before, 0.05 above XGBOD, and no more than one file in ten worse than before.
Exit code 1 below one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.shared.labelled_sets import LabelledSet, labelled_sets
from detectors import metrics, registry
from detectors.base import Progress
from detectors.command_line import Training, begun
from detectors.runs.execute import FittedRun, execute
from detectors.runs.judged import DETECTOR, Judged
from detectors.runs.proposals import Proposer, seen_by

VERDICTS, BATCH, SEEDS, FEWEST_LEFT = 20, 1, 5, 10

RATIO, AHEAD, WORSE = 1.3, 0.05, 0.1

PEER = """
import sys, warnings
import numpy as np
warnings.filterwarnings("ignore")
from pyod.models.xgbod import XGBOD
from xgboost import XGBClassifier
with np.load(sys.argv[1], allow_pickle=False) as given:
    X, rows, said = given["X"].astype(float), given["rows"], given["said"].astype(int)
labels = np.zeros(len(X), dtype=int)
labels[rows] = said
if not said.any():  # it needs both sorts: without an anomaly it has nothing to say
    np.savez(sys.argv[2], as_normal=np.zeros(len(X)), left_out=np.zeros(len(X)))
    sys.exit()
peer = XGBOD(random_state=int(sys.argv[3])).fit(X, labels)
as_normal = peer.decision_scores_
features, left_out = peer.X_train_new_, np.zeros(len(X))
if not said.all():
    trees = XGBClassifier(max_depth=3, learning_rate=0.1, n_estimators=100, random_state=int(sys.argv[3]), n_jobs=1)
    left_out = trees.fit(features[rows], said).predict_proba(features)[:, 1]
np.savez(sys.argv[2], as_normal=as_normal, left_out=left_out)
"""


@dataclass(frozen=True)
class Outcome:
    """One table, one detector to begin with, one seed: average precisions on the rows that were not judged."""

    set: str
    start: str
    seed: int
    rows: int
    anomalies_found: int
    anomalies_left: int
    before: float | None = None
    after: float | None = None
    peer_as_normal: float | None = None
    peer_left_out: float | None = None
    seconds: float = 0.0

    @property
    def key(self) -> tuple[str, str, int]:
        return self.set, self.start, self.seed


def main() -> int:
    asked = _asked()
    outcomes = _read(asked.json)
    for labelled, start, seed in _wanted(asked):
        if (labelled.name, start, seed) in outcomes:
            continue
        outcome = measured(labelled, start, seed, asked)
        outcomes[outcome.key] = outcome
        print(f"{time.strftime('%H:%M:%S')} {outcome}", file=sys.stderr, flush=True)
        if asked.json:
            with asked.json.open("ab", buffering=0) as file:
                file.write((json.dumps(asdict(outcome)) + "\n").encode())
    wanted = {(labelled.name, start, seed) for labelled, start, seed in _wanted(asked)}
    found = [outcome for key, outcome in outcomes.items() if key in wanted]
    names = [labelled.name for labelled in labelled_sets(asked.data, "tables")]
    met = [report(start, found, names, asked.sets) for start in asked.starts]
    return int(not all(met))


def measured(labelled: LabelledSet, start: str, seed: int, asked: argparse.Namespace) -> Outcome:
    """Trains, judges and learns in this process."""
    truth = (_frame(labelled.path)["label"].astype(float) == 1).to_numpy()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        training = Training(labelled.path, start, Path(folder) / "out", kind="table", label="label", seed=seed, quiet=True)
        with begun(training) as opened:
            run = execute(opened.request, opened.data, Progress())
            X = run.items.at(np.arange(len(run.items)))
            judged = judge(run, X, truth, asked.batch)
            left = np.setdiff1d(np.arange(len(truth)), judged.rows)
            counts = len(truth), int(judged.is_anomaly.sum()), int(truth[left].sum())
            if counts[2] < FEWEST_LEFT:
                return Outcome(labelled.name, start, seed, *counts)
            after = learned(run, X, judged, Path(folder) / "detector")
            seconds = round(time.perf_counter() - began, 2)
            peers = _peers(asked.peer_python, X, judged, seed, Path(folder)) if asked.peer_python else {}
    precision = {
        name: metrics.average_precision(truth[left], scores[left])
        for name, scores in {"before": run.scores, "after": after, **peers}.items()
    }
    return Outcome(labelled.name, start, seed, *counts, **precision, seconds=seconds)


def judge(run: FittedRun, X: NDArray[np.float32], truth: NDArray[np.bool_], batch: int) -> Judged:
    """The verdicts of an analyst who judges what is proposed, `batch` rows at a time."""
    rows = np.arange(len(truth))
    proposer = Proposer(rows, *seen_by(run.detector, X, run.scores, rows), run.request.seed)
    judged = np.empty(0, dtype=np.intp)
    while len(judged) < VERDICTS:
        proposed = proposer.propose(Judged(judged, truth[judged]), min(batch, VERDICTS - len(judged)))
        judged = np.sort(np.concatenate([judged, proposed]))
    return Judged(judged, truth[judged])


def learned(run: FittedRun, X: NDArray[np.float32], judged: Judged, folder: Path) -> NDArray[np.float64]:
    """The scores of all rows by what learned from the verdicts, beginning with `run`."""
    run.detector.save(folder)
    learner = registry.create(run.request.representation, DETECTOR, seed=run.request.seed).start_from(folder)
    learned_from = np.union1d(np.flatnonzero(run.fitted), judged.rows)
    learner.take_verdicts(judged.of_rows(len(run.scores))[learned_from], run.scores[learned_from])
    learner.fit(X[learned_from])
    assert learner.training_scores_ is not None
    scores = np.empty(len(X))
    scores[learned_from] = learner.training_scores_
    others = np.setdiff1d(np.arange(len(X)), learned_from)
    if len(others):
        scores[others] = learner.score(X[others])
    return scores


def _peers(python: str, X: NDArray[np.float32], judged: Judged, seed: int, folder: Path) -> dict[str, NDArray[np.float64]]:
    """XGBOD's scores with the same labels, in both ways."""
    np.savez(folder / "given.npz", X=X, rows=judged.rows, said=judged.is_anomaly)
    subprocess.run(
        [python, "-c", PEER, str(folder / "given.npz"), str(folder / "peer.npz"), str(seed)], check=True, stdout=subprocess.DEVNULL
    )
    with np.load(folder / "peer.npz", allow_pickle=False) as found:
        return {f"peer_{name}": found[name].astype(float) for name in ("as_normal", "left_out")}


def report(start: str, outcomes: Sequence[Outcome], names: Sequence[str], sets: bool) -> bool:
    """Prints the figures of one detector to begin with; gives whether every bar is met."""
    found = _by_set([outcome for outcome in outcomes if outcome.start == start and outcome.before is not None])
    if not found:
        return True
    print(f"\nbeginning with {start}, {VERDICTS} verdicts: mean average precision on the rows that were not judged")
    print(f"{'':14}{'files':>6}{'before':>8}{'after':>8}{'ratio':>7}{'worse':>7}{'XGBOD':>8}{'ahead':>8}")
    halves = {"first half": set(names[::2]), "second half": set(names[1::2]), "all": set(names)}
    met = True
    for title, half in halves.items():
        chosen = {name: figures for name, figures in found.items() if name in half}
        if chosen:
            met = _line(title, chosen)
    if sets:
        for name, figures in found.items():
            print(f"  {name:28}{figures['before']:8.3f}{figures['after']:8.3f}{figures['anomalies_found']:7.1f} found" + (" worse" if figures["after"] < figures["before"] else ""))  # fmt: skip
    return met


def _line(title: str, found: Mapping[str, Mapping[str, float]]) -> bool:
    before, after = (mean(figures[name] for figures in found.values()) for name in ("before", "after"))
    worse = sum(figures["after"] < figures["before"] for figures in found.values())
    known = [figures for figures in found.values() if "peer_as_normal" in figures]
    peer = max((mean(figures[name] for figures in known) for name in ("peer_as_normal", "peer_left_out")), default=None) if known else None
    ahead = None if peer is None else mean(figures["after"] for figures in known) - peer
    print(f"{title:14}{len(found):6}{before:8.3f}{after:8.3f}{after / before:7.2f}{worse:7}" + ("" if peer is None or ahead is None else f"{peer:8.3f}{ahead:+8.3f}"))  # fmt: skip
    return after / before >= RATIO and worse <= WORSE * len(found) and (ahead is None or ahead >= AHEAD)


def _by_set(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """For every set the means over its seeds."""
    by_set = defaultdict(list)
    for outcome in outcomes:
        by_set[outcome.set].append(asdict(outcome))
    figures = ("before", "after", "peer_as_normal", "peer_left_out", "anomalies_found")
    return {
        name: {figure: mean(one[figure] for one in found) for figure in figures if found[0][figure] is not None}
        for name, found in sorted(by_set.items())
    }


def _wanted(asked: argparse.Namespace) -> Iterator[tuple[LabelledSet, str, int]]:
    for start in asked.starts:
        for seed in range(asked.seeds):
            yield from ((labelled, start, seed) for labelled in labelled_sets(asked.data, "tables"))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="the folder with the labelled sets")
    parser.add_argument("--starts", default="auto", help="detectors to begin with, with commas between (default: auto)")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"seeds, from 0 (default: {SEEDS})")
    parser.add_argument("--batch", type=int, default=BATCH, help=f"rows judged between two proposals (default: {BATCH})")
    parser.add_argument("--peer-python", help="a Python that has PyOD and XGBoost")
    parser.add_argument("--sets", action="store_true", help="show every set too")
    parser.add_argument("--json", type=Path, help="a file to which each outcome is added as a line, and from which earlier ones are taken")
    asked = parser.parse_args()
    asked.starts = asked.starts.split(",")
    if not labelled_sets(asked.data, "tables"):
        parser.error(f"{asked.data} holds no sets in the folder `tables`")
    return asked


def _read(file: Path | None) -> dict[tuple[str, str, int], Outcome]:
    if file is None or not file.is_file():
        return {}
    found = [Outcome(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines() if line]
    return {outcome.key: outcome for outcome in found}


def _frame(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path, columns=["label"]) if path.suffix == ".parquet" else pd.read_csv(path, usecols=["label"], dtype=str)


if __name__ == "__main__":
    sys.exit(main())
