"""The trainer: a process beside the server that does one run at a time from the queue.

Started as ``python -m detectors.trainer WORKSPACE MEMORY_LIMIT_BYTES``; ends when its standard input closes. It knows
only the workspace's files, so any trainer that sees the storage can do the work.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from pathlib import Path

from detectors.base import Progress
from detectors.child import end_with_parent, load_tensorflow, log_with_number, memory_bytes, settle
from detectors.errors import AnomalystError, Discarded, GivenUp
from detectors.messages import N_, Message
from detectors.runs import queue
from detectors.runs.folder import RunFolder
from detectors.storage.files import Workspace, published

logger = logging.getLogger("anomalyst.trainer")

#: Seconds between two looks into an empty queue.
IDLE_S = 0.1

#: Seconds between two progress reports on disk.
REPORT_S = 0.2


class RunProgress(Progress):
    """Writes how far a run is into its folder, and reads there whether to stop."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._phase = ""
        self._phase_started = time.time()
        self._written = 0.0

    def report(self, phase: str, done: int, total: int, **figures: float) -> None:
        now = time.time()
        new_phase = phase != self._phase
        if new_phase:
            self._phase, self._phase_started = phase, now
        epoch_ended = phase == "fitting" and "loss" in figures and "step" not in figures
        if epoch_ended:
            names = ("loss", "validation_loss")
            self.folder.add_losses({"epoch": done, **{name: figures[name] for name in names if name in figures}})
        if new_phase or now - self._written >= REPORT_S:
            self.folder.report(phase, done, total, {**figures, "phase_started": self._phase_started})
            self._written = now

    def stop_asked(self) -> bool:
        self.check()
        return self.folder.stop_mode() == "keep"

    def check(self) -> None:
        if self.folder.stop_mode() == "discard":
            raise Discarded


def work(workspace: Workspace, run_id: str) -> None:
    """Does one claimed run; whatever happens, its folder says how it ended."""
    from detectors.runs.tasks import do  # the engine's heavier half, loaded once there is work

    folder = RunFolder(workspace.runs / run_id)
    try:
        with published(folder.result) as result:
            do(workspace, folder, result, RunProgress(folder))
    except Discarded:
        logger.info("run %s was stopped", run_id)
    except GivenUp as given_up:
        folder.give_up(given_up.message)
    except AnomalystError as error:
        logger.info("run %s failed: %s", run_id, error)
        folder.fail(error.message)
    except MemoryError:
        folder.fail(Message(N_("The training ran out of memory. Use fewer rows, fewer columns or a smaller network.")))
    except Exception:
        number = log_with_number(logger, f"run {run_id}")
        folder.fail(
            Message(
                N_("Something unforeseen went wrong while training. The log has the details under number {number}."), {"number": number}
            )
        )
    finally:
        queue.release(workspace, run_id)


def main() -> None:
    workspace, memory_limit = Workspace(Path(sys.argv[1])), int(sys.argv[2])
    settle(workspace.logs / "trainer.log")
    end_with_parent(sys.stdin.buffer)
    # Arrays larger than memory lie where temporary files do: the system's own place for them may itself be memory.
    tempfile.tempdir = str(workspace.incoming)
    if not queue.waiting(workspace):
        load_tensorflow()  # the first training need not wait for it
    while True:
        run_id = queue.claim(workspace)
        if run_id is not None:
            work(workspace, run_id)
        elif memory_bytes() > memory_limit:
            logger.info("ending to give memory back; a new trainer starts")
            return
        else:
            time.sleep(IDLE_S)


if __name__ == "__main__":
    main()
