"""Estimates of trainings, asked of the answerer in the background and kept: a page that waits for one looks again."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict

from detectors.errors import AnomalystError
from detectors.messages import Message
from detectors.runs.estimate import Estimate
from detectors.runs.request import RunRequest
from detectors.workers import AnswererProcess

#: Estimates kept, and seconds after which one that nobody has looked for is not worked out any more.
KEPT, FORGOTTEN_S = 200, 5.0

#: An explanation that somebody waits for comes after the estimate at work: none may take longer.
TIMEOUT_S = 60.0


class Estimates:
    """Works out one estimate at a time, the one asked for last first."""

    def __init__(self, answerer: AnswererProcess) -> None:
        self._answerer = answerer
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Estimate | Message] = OrderedDict()
        self._wanted: dict[str, float] = {}
        self._working = False

    def of(self, request: RunRequest) -> Estimate | Message | None:
        """The estimate, or why there is none; None while it is being worked out: ask again."""
        asked = json.dumps(request.to_json(), sort_keys=True)
        with self._lock:
            if asked in self._known:
                return self._known[asked]
            self._wanted[asked] = time.monotonic()
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name="estimates", daemon=True).start()
        return None

    def _work(self) -> None:
        while (asked := self._next()) is not None:
            try:
                found: Estimate | Message = Estimate.from_json(
                    self._answerer.ask("estimate", timeout_s=TIMEOUT_S, request=json.loads(asked))
                )
            except AnomalystError as error:
                found = error.message
            with self._lock:
                self._wanted.pop(asked, None)
                self._known[asked] = found
                if len(self._known) > KEPT:
                    self._known.popitem(last=False)

    def _next(self) -> str | None:
        with self._lock:
            fresh = {asked: at for asked, at in self._wanted.items() if time.monotonic() - at < FORGOTTEN_S}
            self._wanted = fresh
            self._working = bool(fresh)
            return max(fresh, key=lambda asked: fresh[asked]) if fresh else None
