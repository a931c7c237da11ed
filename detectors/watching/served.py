"""One folder that the server watches: looks, turns new files into runs, warns when they ended. One small step at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from detectors.errors import AnomalystError, Discarded
from detectors.messages import N_, Message
from detectors.storage.files import new_id
from detectors.storage.tables import WatchRecord
from detectors.watching.addressed import Addresses
from detectors.watching.copied import copy_of
from detectors.watching.delivery import Courier
from detectors.watching.folder import WatchFolder
from detectors.watching.journal import Entry, Journal, Warned, key_from
from detectors.watching.looking import Looks, Seen, shown_name
from detectors.watching.outbox import Outbox
from detectors.watching.outcome import Outcome
from detectors.watching.rules import Rule
from detectors.watching.schedule import Schedule

#: A file whose reading ended this process so often is what ends it.
MOST_TRIES = 5

#: Seconds until the second look at a file that is new or grows …
SETTLING_S = 5.0

#: … and for how long a look by the clock waits for files that go on growing.
LONGEST_SETTLING_S = 3600.0

#: Seconds that couriers have to end.
ENDING_S = 2.0

GAVE_UP = N_("Reading it ended the server {tries} times. Open it on the Data page to see why.")
BROKE = N_("It could not be read ({reason}). The log in the workspace says more.")
NO_LOOK = N_("The folder cannot be looked into ({reason}). The watch goes on, and tries again at its next look.")
PUT_OFF = N_("{file} cannot be read now ({reason}). It is tried again at the next look.")

LOG = logging.getLogger("anomalyst.watching")


class Scorer(Protocol):
    """What of an installation a watch needs, as its owner sees it."""

    @property
    def incoming(self) -> Path:
        """Where a copy may lie meanwhile."""

    def check(self, watch: WatchRecord, size: int = 0) -> None:
        """Raises `AnomalystError` where nothing can be taken now: the detector is retired, the folder not allowed, the disk full."""

    def addresses(self, watch: WatchRecord) -> Addresses:
        """Whom the watch tells."""

    def stage(self, entry: Entry) -> str:
        """``run`` where the run of an entry is there, else ``data`` where its data set is, else nothing, then cleared of leftovers."""

    def read(self, watch: WatchRecord, entry: Entry, source: Path) -> None:
        """Makes the data set of an entry; raises `AnomalystError` where the file cannot be read."""

    def score(self, watch: WatchRecord, entry: Entry) -> Outcome | None:
        """Puts the run of an entry into the queue; the outcome where the gate stops it."""

    def ended(self, entry: Entry) -> Outcome | None:
        """What came of an entry's run; None while it waits or goes on."""

    def looked(self, watch: WatchRecord) -> None:
        """Keeps that a look by the clock begins."""


@dataclass
class Status:
    """How a watch stands, for the page."""

    blocked: Message | None = None
    """Why it takes no files at the moment."""
    problem: Message | None = None
    """What went wrong with the last look."""
    silent: Message | None = None
    """Why nobody can be told."""
    looked: float | None = None
    """When it last looked, and when it will, in seconds since 1970."""
    next_look: float | None = None
    reading: str | None = None
    """The file that is being read."""
    waiting: int = 0
    """Files that wait for their turn."""
    changing: int = 0
    """Files that were new or still growing at the last look."""


@dataclass
class Served:
    """A watch at work. `step` does what can be done now, and never waits for a run."""

    kept: WatchFolder
    scorer: Scorer
    status: Status = field(default_factory=Status)
    clock: Callable[[], float] = time.time
    _looks: Looks | None = None
    _seen_record: WatchRecord | None = None
    _settling_until: float = 0.0
    _new: list[tuple[Path, Seen]] = field(default_factory=list)
    _done: dict[Path, Seen] = field(default_factory=dict)
    _couriers: dict[str, Courier] = field(default_factory=dict)
    _told: Addresses | None = None

    @property
    def journal(self) -> Journal:
        return Journal(self.kept)

    def recover(self) -> None:
        """After a restart: what has neither data set nor run yet counts as never seen, and is found again in the folder."""
        for entry in self.journal.under_way():
            if not self.scorer.stage(entry):
                self.journal.put_back(entry.key)

    def step(self, watch: WatchRecord) -> bool:
        """One step; whether another one is to follow soon."""
        self._follow(watch)
        under_way = self.journal.under_way()
        for entry in under_way:
            self._go_on(watch, entry)
        if watch.paused is not None:
            self._new.clear()
            self.status.waiting, self.status.changing, self.status.next_look = 0, 0, None
            return bool(under_way)
        try:
            self.scorer.check(watch)
        except AnomalystError as error:
            self.status.blocked, self._new = error.message, []
            return bool(under_way)
        self.status.blocked = None
        if not under_way and not self._new and self.clock() >= self._due(watch):
            self._look(watch)
        if not under_way and self._new:
            path, seen = self._new.pop(0)
            self._take(watch, path, seen)
        self.status.waiting = len(self._new)
        return bool(under_way or self._new)

    def look_again(self, *, retry: bool = False) -> None:
        """Looks with the next step; with `retry` files that were not scored count as new."""
        if retry:
            self.journal.forget_refused()
            self._done.clear()
        self.status.next_look = 0.0

    def wake_couriers(self) -> None:
        for courier in self._couriers.values():
            courier.wake()

    def end(self) -> None:
        """Lets the couriers end; what remains is sent when the watch goes on."""
        for courier in self._couriers.values():
            courier.end()
        for courier in self._couriers.values():
            courier.wait(ENDING_S)
        self._couriers.clear()

    # ── what was chosen ──

    def _follow(self, watch: WatchRecord) -> None:
        """Takes over what was changed: another folder, other names, another schedule, others to be told."""
        before, self._seen_record = self._seen_record, watch
        if before is None or (before.folder, before.pattern, before.detector_id) != (watch.folder, watch.pattern, watch.detector_id):
            self._looks, self._new, self._done, self._settling_until = Looks(Path(watch.folder), watch.pattern), [], {}, 0.0
            self.status.problem = None
        if before is not None and (before.schedule, before.folder, before.pattern) != (watch.schedule, watch.folder, watch.pattern):
            self.status.next_look = None
        if before is not None and before.paused is not None and watch.paused is None:
            self.status.next_look = None
        self._hire(watch)

    def _hire(self, watch: WatchRecord) -> None:
        """A courier for each channel. Where they cannot be had, warnings are kept for them all the same."""
        told = self.scorer.addresses(watch)
        if told == self._told:
            return
        self.end()
        self._told, self.status.silent = told, None
        try:
            self._couriers = {channel.name: Courier(Outbox(self.kept), channel) for channel in told.channels()}
        except AnomalystError as error:
            self.status.silent = error.message
        for courier in self._couriers.values():
            courier.start()

    # ── looking ──

    def _due(self, watch: WatchRecord) -> float:
        """When to look next, in seconds since 1970."""
        if self.status.next_look is None:
            schedule = Schedule.from_json(watch.schedule)
            if schedule.by_clock:  # what was due while nobody watched is made up for
                since = _local(watch.looked or watch.created)
                self.status.next_look = schedule.next_after(since).timestamp()
            else:
                self.status.next_look = self.clock()
        return self.status.next_look

    def _look(self, watch: WatchRecord) -> None:
        """A look; while something still changes the next one follows soon, so that a file waits no longer than it must."""
        assert self._looks is not None
        schedule, now = Schedule.from_json(watch.schedule), self.clock()
        if now >= self._settling_until:
            self._settling_until = now + LONGEST_SETTLING_S
            if schedule.by_clock:
                self.scorer.looked(watch)
        self.status.looked = now
        try:
            settled, self.status.changing = self._looks.settled()
        except OSError as error:
            self.status.problem, self.status.changing = Message(NO_LOOK, {"reason": error.strerror or str(error)}), 0
            settled = []
        else:
            self.status.problem = None
        self._done = {path: seen for path, seen in settled if self._done.get(path) == seen}
        self._new = [(path, seen) for path, seen in settled if path not in self._done]
        regular = schedule.next_after(datetime.fromtimestamp(now)).timestamp()
        soon = now + SETTLING_S
        if self.status.changing and soon < min(regular, self._settling_until):
            self.status.next_look = soon
        else:
            self.status.next_look, self._settling_until = regular, 0.0

    # ── one file ──

    def _take(self, watch: WatchRecord, path: Path, seen: Seen) -> None:
        """Begins a file that is new: notes it, makes its data set, asks for its run."""
        name = shown_name(path)
        if self.journal.is_known(name, seen):
            self._done[path] = seen
            return
        copy = self.scorer.incoming / f"{new_id()}.watched"
        self.status.reading = name
        try:
            self.scorer.check(watch, seen.size)
            content = copy_of(path, copy)
            if Seen.of(path) == seen:  # else another file by now, for the next look
                self._begin(watch, name, seen, copy, content)
                self._done[path] = seen
        except FileNotFoundError:
            return  # taken away meanwhile
        except (OSError, AnomalystError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.status.problem, self._new = Message(PUT_OFF, {"file": name, "reason": reason}), []
        finally:
            copy.unlink(missing_ok=True)
            self.status.reading = None

    def _begin(self, watch: WatchRecord, name: str, seen: Seen, copy: Path, content: str) -> None:
        key = key_from(name, content)
        begun = self.journal.begin(key, name, seen)
        if begun is None:
            return
        entry = self.journal.named(key, name)
        if begun >= MOST_TRIES:
            self._end(watch, entry, Outcome(name, refused=str(Message(GAVE_UP, {"tries": begun}))))
            return
        try:
            self.scorer.read(watch, entry, copy)
        except AnomalystError as error:
            self._end(watch, entry, Outcome(name, refused=str(error)))
        except (OSError, Discarded):
            self.journal.put_back(key)
            raise
        except Exception as error:  # whatever is in one file, the others are scored
            LOG.exception("reading %s", name)
            self._end(watch, entry, Outcome(name, refused=str(Message(BROKE, {"reason": type(error).__name__}))))
        else:
            self._score(watch, entry)

    def _score(self, watch: WatchRecord, entry: Entry) -> None:
        outcome = self.scorer.score(watch, entry)
        if outcome is not None:
            self._end(watch, entry, outcome)
        else:
            self.journal.survived(entry.key)

    def _go_on(self, watch: WatchRecord, entry: Entry) -> None:
        """Goes on with a file: its run has ended, or is still to be asked for because the server ended before."""
        stage = self.scorer.stage(entry)
        if stage == "run":
            outcome = self.scorer.ended(entry)
            if outcome is not None:
                self._end(watch, entry, outcome)
        elif not stage:  # deleted for good while it was scored: it counts as never seen
            self.journal.put_back(entry.key)
            self._done.clear()
        elif watch.paused is None:
            try:
                self.scorer.check(watch)
                self._score(watch, entry)
            except AnomalystError as error:
                self.status.blocked = error.message

    def _end(self, watch: WatchRecord, entry: Entry, outcome: Outcome) -> None:
        rules = [Rule.parse(text) for text in watch.rules]
        warned = [Warned(rule.text, message) for rule in rules if (message := rule.warning(outcome)) is not None]
        self.journal.end(entry.key, outcome, warned, self.scorer.addresses(watch).names)
        self.wake_couriers()


def _local(moment: datetime) -> datetime:
    """A stored moment (UTC) in the time of this machine, without a zone."""
    return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
