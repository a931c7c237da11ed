"""The queue: a folder of empty files. Claiming one is an atomic rename, so two trainers never do the same run.

Owners take turns: the one whose last turn is longest ago is next, with the oldest of what they have waiting. When that
was is the time of a file in ``turns/``, one for each owner.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from detectors.storage.files import Workspace

#: Stands for the owner in entries of the time before owners took turns, whose names end with the run.
NOBODY = "nobody"


@dataclass(frozen=True, order=True)
class Waiting:
    """One entry: since when (nanoseconds), which run, whose (a hash, as it is part of a file's name)."""

    since: int
    run_id: str
    owner: str = NOBODY

    @classmethod
    def from_file(cls, path: Path) -> Waiting:
        since, run_id, *owner = path.name.split("-")
        return cls(int(since), run_id, *owner)


def enqueue(workspace: Workspace, run_id: str, owner: str) -> None:
    """Puts a run at the end of what its owner has waiting."""
    key = hashlib.sha256(owner.encode()).hexdigest()[:12]
    (workspace.queue / f"{time.time_ns():020d}-{run_id}-{key}").touch()


def in_turn(entries: Iterable[Waiting], last_turns: Mapping[str, int]) -> list[Waiting]:
    """The entries in the order in which they will be done; `last_turns` are moments, an owner without one is first."""
    lines: dict[str, list[Waiting]] = {}
    for entry in sorted(entries, reverse=True):
        lines.setdefault(entry.owner, []).append(entry)
    turns = dict(last_turns)
    order = []
    while lines:
        owner = min(lines, key=lambda owner: (turns.get(owner, 0), lines[owner][-1]))
        order.append(lines[owner].pop())
        turns[owner] = max([*turns.values(), 0]) + 1
        if not lines[owner]:
            del lines[owner]
    return order


def claim(workspace: Workspace) -> str | None:
    """Takes the run whose turn it is; None when nothing waits."""
    files = _files(workspace)
    for entry in _in_turn(workspace, files):
        try:
            files[entry].rename(workspace.claimed / entry.run_id)
        except FileNotFoundError:
            continue  # another trainer was faster
        (workspace.turns / entry.owner).touch()
        return entry.run_id
    return None


def release(workspace: Workspace, run_id: str) -> None:
    """Says that nobody works on the run any longer."""
    (workspace.claimed / run_id).unlink(missing_ok=True)


def withdraw(workspace: Workspace, run_id: str) -> bool:
    """Takes a waiting run out of the queue; False when it was not waiting any more."""
    withdrawn = False
    for entry, path in _files(workspace).items():
        if entry.run_id != run_id:
            continue
        try:
            path.unlink()
        except FileNotFoundError:
            continue  # a trainer was faster
        withdrawn = True
    return withdrawn


def waiting(workspace: Workspace) -> list[str]:
    """The ids of the waiting runs, in the order in which they will be done."""
    return [entry.run_id for entry in _in_turn(workspace, _files(workspace))]


def being_done(workspace: Workspace) -> list[str]:
    """The ids of the runs that a trainer has claimed."""
    return [entry.name for entry in workspace.claimed.iterdir()]


def _files(workspace: Workspace) -> dict[Waiting, Path]:
    return {Waiting.from_file(path): path for path in workspace.queue.iterdir()}


def _in_turn(workspace: Workspace, entries: Iterable[Waiting]) -> list[Waiting]:
    return in_turn(entries, {path.name: path.stat().st_mtime_ns for path in workspace.turns.iterdir()})
