"""The queue: a folder of empty files. Claiming one is an atomic rename, so two trainers never do the same run."""

from __future__ import annotations

import time

from detectors.storage.files import Workspace


def enqueue(workspace: Workspace, run_id: str) -> None:
    """Puts a run at the end of the queue."""
    (workspace.queue / f"{time.time_ns():020d}-{run_id}").touch()


def claim(workspace: Workspace) -> str | None:
    """Takes the oldest waiting run; None when nothing waits."""
    for waiting in sorted(workspace.queue.iterdir()):
        run_id = waiting.name.partition("-")[2]
        try:
            waiting.rename(workspace.claimed / run_id)
        except FileNotFoundError:
            continue  # another trainer was faster
        return run_id
    return None


def release(workspace: Workspace, run_id: str) -> None:
    """Says that nobody works on the run any longer."""
    (workspace.claimed / run_id).unlink(missing_ok=True)


def withdraw(workspace: Workspace, run_id: str) -> bool:
    """Takes a waiting run out of the queue; False when it was not waiting any more."""
    withdrawn = False
    for waiting in workspace.queue.glob(f"*-{run_id}"):
        try:
            waiting.unlink()
        except FileNotFoundError:
            continue  # a trainer was faster
        withdrawn = True
    return withdrawn


def waiting(workspace: Workspace) -> list[str]:
    """The ids of the waiting runs, oldest first."""
    return [entry.name.partition("-")[2] for entry in sorted(workspace.queue.iterdir())]


def being_done(workspace: Workspace) -> list[str]:
    """The ids of the runs that a trainer has claimed."""
    return [entry.name for entry in workspace.claimed.iterdir()]
