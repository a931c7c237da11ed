"""A run's folder: everything about the run is in it, so that any trainer that sees the storage can do the work.

====================  =======================================================================
``request.json``      what is asked
``progress.json``     how far it is, replaced as it goes
``losses.jsonl``      one line an epoch
``stop``              ``keep`` or ``discard``, written by the server
``failure.json``      why it failed, as a message
``given_up.json``     why it was ended early without having failed, as a message
``result/``           scores, detector, preparation: appears whole, at the end
====================  =======================================================================
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from detectors.errors import StorageError
from detectors.messages import Message
from detectors.runs.request import RunRequest
from detectors.storage.files import RUN_GONE, read_json, write_json
from detectors.trees import WordedTree

#: In the result: the tree of decisions in words, where the detector is one.
TREE_FILE = "tree.json"

StopMode = Literal["keep", "discard"]


@dataclass(frozen=True)
class RunFolder:
    """Reads and writes the files of one run."""

    path: Path

    @property
    def result(self) -> Path:
        return self.path / "result"

    def ask(self, request: RunRequest) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "request.json", request.to_json())

    def request(self) -> RunRequest:
        return RunRequest.from_json(read_json(self.path / "request.json"))

    def report(self, phase: str, done: int, total: int, figures: dict[str, float]) -> None:
        write_json(self.path / "progress.json", {"phase": phase, "done": done, "total": total, "at": time.time(), **figures})

    def progress(self) -> dict[str, Any]:
        """The latest report; empty before the first one."""
        path = self.path / "progress.json"
        return dict(read_json(path)) if path.exists() else {}

    def add_losses(self, record: dict[str, float]) -> None:
        with (self.path / "losses.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def losses(self) -> list[dict[str, float]]:
        """One record an epoch: epoch, loss and, with held-out rows, validation_loss."""
        path = self.path / "losses.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def ask_stop(self, mode: StopMode) -> None:
        (self.path / "stop").write_text(mode, encoding="utf-8")

    def stop_mode(self) -> str | None:
        path = self.path / "stop"
        return path.read_text(encoding="utf-8") if path.exists() else None

    def stop_asked_at(self) -> float:
        """When the stop was asked for, in seconds since the epoch."""
        return (self.path / "stop").stat().st_mtime

    def fail(self, reason: Message) -> None:
        write_json(self.path / "failure.json", reason.to_json())

    def failure(self) -> Message | None:
        path = self.path / "failure.json"
        return Message.from_json(read_json(path)) if path.exists() else None

    def give_up(self, reason: Message) -> None:
        write_json(self.path / "given_up.json", reason.to_json())

    def given_up(self) -> Message | None:
        path = self.path / "given_up.json"
        return Message.from_json(read_json(path)) if path.exists() else None

    def clear(self) -> None:
        """Forgets an earlier attempt, so that the same request can be started again."""
        for name in ("progress.json", "losses.jsonl", "stop", "failure.json", "given_up.json"):
            (self.path / name).unlink(missing_ok=True)
        shutil.rmtree(self.result, ignore_errors=True)

    def has_ended(self) -> bool:
        """Whether the folder says how the run ended: with a result, a failure, given up or stopped."""
        told = any((self.path / name).exists() for name in ("result", "failure.json", "given_up.json"))
        return told or self.stop_mode() == "discard"

    def array(self, name: str) -> NDArray[Any]:
        """An array of the result as a memory map: scores, ranking, sorted_scores, fitted, labels …

        Raises:
            StorageError: it is not there (any longer).
        """
        try:
            values: NDArray[Any] = np.load(self.result / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        except FileNotFoundError as error:
            raise StorageError(RUN_GONE) from error
        return values

    def has(self, name: str) -> bool:
        return (self.result / f"{name}.npy").exists()

    def tree(self) -> WordedTree | None:
        """The tree of a finished run whose detector is one; None of any other."""
        path = self.result / TREE_FILE
        return WordedTree.from_json(read_json(path)) if path.exists() else None

    def summary(self) -> dict[str, Any]:
        """rows, fitted_rows, seconds, layers … of a finished run."""
        return dict(read_json(self.result / "result.json"))
