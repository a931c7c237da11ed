"""What a finished run's detector would have flagged of planted anomalies: worked out once, kept in the run's folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from detectors import registry
from detectors.base import Detector, Progress
from detectors.messages import Message
from detectors.planting import PlantedKind, Power, power
from detectors.preparation import load_preparation
from detectors.runs.folder import RunFolder
from detectors.storage.files import published, read_json, write_json

FOLDER, SCORES_FILE, FACTS_FILE = "planted", "scores.npz", "planted.json"


def load_power(run: RunFolder) -> Power | None:
    """What was kept of planted anomalies; None where nothing was planted yet."""
    folder = run.path / FOLDER
    if not folder.exists():
        return None
    facts = read_json(folder / FACTS_FILE)
    with np.load(folder / SCORES_FILE, allow_pickle=False) as scores:
        kinds = tuple(PlantedKind(name, scores[f"planted_{name}"], scores[f"unplanted_{name}"]) for name in facts["kinds"])
    not_planted = {name: Message.from_json(record) for name, record in facts["not_planted"].items()}
    return Power(kinds, facts["held_out"], facts["items"], not_planted)


def plant(run: RunFolder, data: Path, detector: Detector | None = None, progress: Progress | None = None) -> None:
    """Plants every kind of anomaly in the data of a finished run, once, and keeps what its detector says of them.

    Raises:
        StorageError: run or data are not there (any longer).
    """
    if (run.path / FOLDER).exists():
        return
    request = run.request()
    found = power(
        detector or registry.load(run.result / "detector"),
        load_preparation(run.result / "preparation"),
        request.source(data),
        np.asarray(run.array("scores")),
        np.asarray(run.array("fitted")),
        labels=np.asarray(run.array("labels")) if run.has("labels") else None,
        seed=request.seed,
        progress=progress,
    )
    with published(run.path / FOLDER) as folder:
        arrays = {f"planted_{kind.name}": kind.planted for kind in found.kinds}
        arrays |= {f"unplanted_{kind.name}": kind.unplanted for kind in found.kinds}
        np.savez(folder / SCORES_FILE, allow_pickle=False, **arrays)
        facts = {
            "kinds": [kind.name for kind in found.kinds], "held_out": found.held_out, "items": found.items,
            "not_planted": {name: message.to_json() for name, message in found.not_planted.items()},
        }  # fmt: skip
        write_json(folder / FACTS_FILE, facts)
