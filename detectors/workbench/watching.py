"""Watched folders of an installation: begun, changed, paused, deleted; their files, their warnings, and who is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detectors.errors import ParameterError
from detectors.library import LONGEST_NAME, short
from detectors.messages import N_, Message
from detectors.settings import Settings
from detectors.storage.files import new_id
from detectors.storage.records import LOCAL_OWNER
from detectors.storage.tables import WatchRecord, now
from detectors.storage.watches import change_watch, delete_watch, find_watch, watch_of, watches_of
from detectors.watching.addressed import Addresses, keep_webhook, kept_webhook
from detectors.watching.allowed import allowed_folder
from detectors.watching.delivery import Channel, Undelivered
from detectors.watching.folder import WatchFolder
from detectors.watching.journal import Entry, Journal, Tally
from detectors.watching.outbox import Notice, Outbox
from detectors.watching.outcome import Outcome
from detectors.watching.rounds import Round, Rounds
from detectors.watching.rules import Rule
from detectors.watching.schedule import Schedule
from detectors.watching.served import Served, Status
from detectors.workbench.scoring_watched import Scoring, ScoringWatched

#: Seconds that watches have to end with the step in hand.
ENDING_S = 5.0

#: Characters of a name pattern, of e-mail addresses that are told, and rules.
LONGEST_PATTERN, MOST_EMAILS, MOST_RULES = 100, 20, 20

NAMELESS = N_("A watch needs a name: type at least one letter.")
BAD_PATTERN = N_("`{text}` is no pattern of names. It should look like *.csv.")
NO_RULES = N_("A watch needs a rule: choose at least one reason to warn.")
TOO_MANY = N_("A watch tells at most {most} e-mail addresses.")
TEST = N_("This is a test of the watch {name}: warnings will arrive like this.")


@dataclass(frozen=True)
class AskedWatch:
    """What somebody wants to be watched.

    Raises:
        ParameterError: something of it cannot be meant.
    """

    name: str
    detector_id: str
    folder: str
    pattern: str = "*"
    schedule: Schedule = field(default_factory=Schedule)
    rules: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    webhook: str | None = None
    """None: as it is kept; empty: none."""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ParameterError(NAMELESS)
        if not self.pattern.strip() or len(self.pattern) > LONGEST_PATTERN or "/" in self.pattern:
            raise ParameterError(BAD_PATTERN, text=self.pattern)
        if not self.rules:
            raise ParameterError(NO_RULES)
        if len(self.emails) > MOST_EMAILS:
            raise ParameterError(TOO_MANY, most=MOST_EMAILS)

    def columns(self, settings: Settings) -> dict[str, Any]:
        """The columns of the record; raises `ParameterError` where a rule, an address or the folder cannot be."""
        Addresses(self.webhook or "", self.emails, settings.smtp).channels()
        rules = list(dict.fromkeys(Rule.parse(text).text for text in self.rules))[:MOST_RULES]
        return {
            "name": short(" ".join(self.name.split()), LONGEST_NAME), "detector_id": self.detector_id,
            "folder": str(allowed_folder(self.folder, settings)), "pattern": self.pattern.strip(), "schedule": self.schedule.to_json(),
            "rules": rules, "emails": list(dict.fromkeys(self.emails)),
        }  # fmt: skip


class Watches(Scoring):
    """Watches folders: each new file becomes a data set and a run of a saved detector, and what matters is told to somebody."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        everybodys = self.records.everybodys()

        def opened(watch_id: str) -> Round:
            owner = watch_of(everybodys, watch_id).owner
            served = Served(self._kept_by(watch_id), ScoringWatched(self.of(owner)))
            return Round(served, lambda: find_watch(everybodys, watch_id))

        self._rounds, self._everybodys = Rounds(opened), everybodys

    def start(self) -> None:
        super().start()
        self._rounds.start(watch.id for watch in watches_of(self._everybodys))

    def close(self) -> None:
        self._rounds.end()
        self._cancel_imports()
        self._rounds.wait(ENDING_S)
        super().close()

    # ── the watches ──

    def watches(self) -> list[WatchRecord]:
        """The watches there are, the newest first."""
        return watches_of(self.records)

    def watch(self, watch_id: str) -> WatchRecord:
        """Raises `StorageError` where it is gone."""
        return watch_of(self.records, watch_id)

    def start_watch(self, asked: AskedWatch, author: str = LOCAL_OWNER) -> WatchRecord:
        """Begins to watch a folder.

        Raises:
            ParameterError: the folder may not be watched, or something else of it cannot be meant.
            StorageError: the detector is gone.
        """
        self.saved_detector(asked.detector_id)
        record = WatchRecord(new_id(), owner=self.owner, author=author, **asked.columns(self.settings))
        keep_webhook(self._kept_by(record.id).root, asked.webhook or "")
        self.records.add(record)
        self._rounds.wake(record.id)
        return record

    def change_watch(self, watch_id: str, asked: AskedWatch) -> None:
        """Goes on with a watch in another way. Files that were done stay done; what is not yet delivered goes to the new addresses.

        Raises:
            ParameterError: the folder may not be watched, or something else of it cannot be meant.
            StorageError: the detector or the watch is gone.
        """
        self.saved_detector(asked.detector_id)
        change_watch(self.records, watch_id, **asked.columns(self.settings))
        if asked.webhook is not None:
            keep_webhook(self._kept_by(watch_id).root, asked.webhook)
        self._rounds.wake(watch_id)

    def pause_watch(self, watch_id: str, *, back: bool = False) -> None:
        """Takes no more files or, with `back`, goes on; files that came meanwhile are scored then."""
        change_watch(self.records, watch_id, paused=None if back else now())
        self._rounds.wake(watch_id)

    def delete_watch(self, watch_id: str) -> None:
        """Ends a watch for good, with its history and its warnings. Data sets and runs stay."""
        delete_watch(self.records, watch_id)
        self._rounds.forget(watch_id, ENDING_S)
        with self._supervisor.looking:
            self._supervisor.remove_leftovers()

    def look_now(self, watch_id: str, *, retry: bool = False) -> None:
        """Looks into the folder at once; with `retry` files that were not scored count as new."""
        watch_of(self.records, watch_id)
        self._rounds.of(watch_id).served.look_again(retry=retry)
        self._rounds.wake(watch_id)

    def watch_status(self, watch_id: str) -> Status:
        """How a watch stands."""
        watch_of(self.records, watch_id)
        return self._rounds.of(watch_id).served.status

    def step_watch(self, watch_id: str) -> bool:
        """One step of a watch, where no thread does it; whether another one is to follow soon."""
        return self._rounds.of(watch_id).served.step(watch_of(self.records, watch_id))

    # ── what came of it ──

    def watched_files(self, watch_id: str, most: int = -1) -> list[Entry]:
        """The files of a watch: those under way first, then the one that ended last; `most` of them, below 0 all."""
        return Journal(self._kept_of(watch_id)).entries(most)

    def watch_tally(self, watch_id: str) -> Tally:
        """How many files were scored, not scored, and are under way."""
        return Journal(self._kept_of(watch_id)).tally()

    def watch_warnings(self, watch_id: str, most: int = -1) -> list[dict[str, Any]]:
        """The warnings of a watch, the newest first, as `Outbox.history` gives them."""
        return Outbox(self._kept_of(watch_id)).history(most)

    def unseen_warnings(self, watch_id: str) -> list[str]:
        """The ids of the warnings that nobody has acknowledged."""
        return Outbox(self._kept_of(watch_id)).unseen()

    def acknowledge(self, watch_id: str, warnings: Sequence[str], author: str) -> None:
        """Notes that somebody has seen warnings; they are sent no more."""
        for warning in warnings:
            Outbox(self._kept_of(watch_id)).acknowledge(warning, author)

    # ── who is told ──

    def watch_webhook(self, watch_id: str) -> str:
        """The address of a watch's webhook; empty where there is none."""
        return kept_webhook(self._kept_of(watch_id).root)

    def send_test(self, watch_id: str) -> Mapping[str, Message | None]:
        """Sends a test by each channel of a watch; gives for each, by its name, why it was not taken, None where it was.

        Raises:
            ParameterError: a channel cannot be had.
        """
        watch = watch_of(self.records, watch_id)
        link = f"{self.settings.link_base}/watch?watch={watch.id}"
        outcome = Outcome("–", link=link).to_json()
        notice = Notice(new_id(), now().timestamp(), "test", Message(TEST, {"name": watch.name}), outcome)
        return {channel.name: _tried(channel, notice) for channel in self._addresses(watch).channels()}

    def _addresses(self, watch: WatchRecord) -> Addresses:
        return Addresses(kept_webhook(self._kept_by(watch.id).root), tuple(watch.emails), self.settings.smtp)

    def _kept_of(self, watch_id: str) -> WatchFolder:
        return self._kept_by(watch_of(self.records, watch_id).id)

    def _kept_by(self, watch_id: str) -> WatchFolder:
        return WatchFolder.open(Path(self.workspace.watches / watch_id))


def _tried(channel: Channel, notice: Notice) -> Message | None:
    try:
        channel.send(notice)
    except Undelivered as error:
        return error.message
    return None
