"""Power cards, asked of the answerer in the background: a page that waits for one looks again."""

from __future__ import annotations

import threading

from detectors.errors import AnomalystError
from detectors.messages import Message
from detectors.workers import AnswererProcess

#: Planting in a long series, scored by a slow network, takes a minute; an explanation asked for meanwhile waits as long.
TIMEOUT_S = 240.0


class Powers:
    """Has anomalies planted for one run after the other; what was found is kept in the run's folder."""

    def __init__(self, answerer: AnswererProcess) -> None:
        self._answerer = answerer
        self._lock = threading.Lock()
        self._asked: set[str] = set()
        self._refused: dict[str, Message] = {}

    def of(self, run_id: str, data_id: str) -> Message | None:
        """Has anomalies planted for a run; why that cannot be done, once it is known. None: look into the run's folder again."""
        with self._lock:
            if run_id not in self._refused and run_id not in self._asked:
                self._asked.add(run_id)
                threading.Thread(target=self._ask, args=(run_id, data_id), name="power", daemon=True).start()
            return self._refused.get(run_id)

    def _ask(self, run_id: str, data_id: str) -> None:
        try:
            self._answerer.ask("plant", timeout_s=TIMEOUT_S, run=run_id, data=data_id)
        except AnomalystError as error:
            with self._lock:
                self._refused[run_id] = error.message
        finally:
            with self._lock:
                self._asked.discard(run_id)

    def forget(self, run_id: str) -> None:
        """Lets what was refused be asked for again."""
        with self._lock:
            self._refused.pop(run_id, None)
