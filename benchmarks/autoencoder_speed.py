"""How much faster the autoencoder trains and scores than PyOD's, with the same settings, in the same run.

PyOD and torch live in an environment of their own (`--peer-python`). Each repeat is a fresh process; what is
measured is fit and score of all rows, imports excluded. The repeats alternate, so that a machine that becomes
busy slows both, and each has a seed of its own, because the seed alone moves the third digit of an AUROC.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).parents[1]
ROWS, COLUMNS, HIDDEN = 100_000, 30, 8
PLANTED_SHARE = 0.01
REPEATS = 3

OURS = """
import json, sys, time
import numpy as np
import detectors.network, keras, tensorflow
from detectors.vectors.autoencoder import Autoencoder
X = np.load(sys.argv[1])
began = time.perf_counter()
detector = Autoencoder(encoder=[64, 32], normalisation="batch", batch_size=256, epochs=10, learning_rate=0.001,
                       validation_share=0.0, early_stopping=False, seed=int(sys.argv[3]))
detector.fit(X)
scores = detector.score(X)
seconds = time.perf_counter() - began
np.save(sys.argv[2], scores)
print(json.dumps(seconds))
"""

PEER = """
import json, sys, time
import numpy as np
import torch
from pyod.models.auto_encoder import AutoEncoder
X = np.load(sys.argv[1])
began = time.perf_counter()
detector = AutoEncoder(hidden_neuron_list=[64, 32], batch_norm=True, dropout_rate=0.0, batch_size=256, epoch_num=10, lr=0.001,
                       optimizer_params={"weight_decay": 0.0}, preprocessing=False, contamination=0.01, verbose=0, random_state=int(sys.argv[3]))
detector.fit(X)
scores = detector.decision_function(X)
seconds = time.perf_counter() - began
np.save(sys.argv[2], scores)
print(json.dumps(seconds))
"""


@dataclass(frozen=True)
class Outcome:
    """Seconds of fit and score, and how well the scores rank the planted rows."""

    seconds: float
    auroc: float


def planted_rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose columns bend around a few hidden numbers, (ROWS, COLUMNS), and which of them break that rule (1 %).

    A planted row is another usual row with a third of its columns taken from elsewhere: each value is usual by itself.
    """
    chance = np.random.default_rng(seed)
    hidden = chance.normal(size=(ROWS, HIDDEN))
    X = np.tanh(hidden @ chance.normal(size=(HIDDEN, COLUMNS)) / 2) + 0.05 * chance.normal(size=(ROWS, COLUMNS))
    planted = chance.random(ROWS) < PLANTED_SHARE
    foreign = chance.random((planted.sum(), COLUMNS)) < 1 / 3
    X[planted] = np.where(foreign, X[chance.integers(0, ROWS, planted.sum())], X[planted])
    return ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32), planted


def auroc(scores: np.ndarray, planted: np.ndarray) -> float:
    """The chance that a planted row scores higher than a usual one (Mann-Whitney)."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(1, len(scores) + 1)
    n_planted = planted.sum()
    return float((ranks[planted].sum() - n_planted * (n_planted + 1) / 2) / (n_planted * (~planted).sum()))


def measured(python: str, script: str, data: Path, seed: int, planted: np.ndarray) -> Outcome:
    """Runs `script` with `seed` in a fresh process of `python` on the saved rows."""
    scores_file = data.with_name("scores.npy")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.run(
        [python, "-c", script, str(data), str(scores_file), str(seed)], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return Outcome(json.loads(process.stdout.splitlines()[-1]), auroc(np.load(scores_file), planted))


def main() -> None:
    """Prints seconds and AUROC of both, repeat by repeat, their medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", default=str(REPOSITORY / ".bench/bin/python"), help="Python that has torch and PyOD")
    peer_python = parser.parse_args().peer_python
    if not Path(peer_python).exists():
        parser.error(f"{peer_python} does not exist: give --peer-python a Python that has torch and PyOD")
    X, planted = planted_rows()
    ours, peers = [], []
    print(f"{ROWS} rows × {COLUMNS} columns, {planted.sum()} planted; fit + score, encoder [64, 32], 10 epochs, batch 256")
    print(f"{'repeat':8}{'ours s':>10}{'PyOD s':>10}{'ours AUROC':>13}{'PyOD AUROC':>13}")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "X.npy"
        np.save(data, X)
        for repeat in range(1, REPEATS + 1):
            ours.append(measured(sys.executable, OURS, data, repeat, planted))
            peers.append(measured(peer_python, PEER, data, repeat, planted))
            print(row(str(repeat), ours[-1], peers[-1]), flush=True)
    our_median, peer_median = median(ours), median(peers)
    print(row("median", our_median, peer_median))
    print(f"{peer_median.seconds / our_median.seconds:.1f} times as fast as PyOD")


def median(outcomes: list[Outcome]) -> Outcome:
    return Outcome(statistics.median(o.seconds for o in outcomes), statistics.median(o.auroc for o in outcomes))


def row(name: str, ours: Outcome, peer: Outcome) -> str:
    return f"{name:8}{ours.seconds:10.2f}{peer.seconds:10.2f}{ours.auroc:13.4f}{peer.auroc:13.4f}"


if __name__ == "__main__":
    main()
