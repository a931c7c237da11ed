"""One watch: looks, scores what is new, warns, and lets couriers tell."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from detectors.base import Progress
from detectors.detector_file.loaded import LoadedDetector
from detectors.detector_file.parts import Parts
from detectors.detector_file.streaming import score_file
from detectors.errors import AnomalystError
from detectors.messages import N_, Message
from detectors.reading import ReadingOptions
from detectors.storage.files import write_json
from detectors.watching.delivery import Courier
from detectors.watching.fitting import Fit, fit_of, shift_of
from detectors.watching.folder import WatchFolder
from detectors.watching.further import Further, Scored, reasons_beside
from detectors.watching.journal import Journal, Warned, key_of
from detectors.watching.looking import Looks, Seen, shown_name
from detectors.watching.outcome import Outcome
from detectors.watching.rules import Rule

#: A file whose scoring was begun so often, and never ended, is what ends the process.
MOST_TRIES = 5

GAVE_UP = N_("Its scoring was begun {tries} times, and each time the process ended before it was done. Score it by itself to see why.")
BROKE = N_("It could not be scored ({reason}). Score it by itself to see why.")
OUT_OF_REACH = N_("It cannot be read or its results cannot be written ({reason}). It is tried again at the next look.")

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A file that was dealt with, and the warnings it gave."""

    outcome: Outcome
    warnings: list[str] = field(default_factory=list)
    """Their sentences."""
    ids: list[str] = field(default_factory=list)


@dataclass
class Watcher:
    """Scores each new file of a folder once."""

    loaded: LoadedDetector
    looks: Looks
    kept: WatchFolder
    rules: Sequence[Rule]
    couriers: Sequence[Courier] = ()
    options: ReadingOptions | None = None
    progress: Progress = field(default_factory=Progress)
    further: Further = field(default_factory=Further)
    changing: int = 0
    """Files that were new or still growing at the last look."""
    _done: dict[Path, Seen] = field(default_factory=dict)

    def look(self) -> Iterator[Found]:
        """Scores every file that is new and whole, one after the other, oldest first.

        Raises:
            OSError: the folder cannot be looked into.
            StorageError: what is known of the files cannot be read or written.
        """
        settled, self.changing = self.looks.settled()
        self._done = {path: seen for path, seen in settled if self._done.get(path) == seen}
        for path, seen in settled:
            if path in self._done:
                continue
            try:
                found = self._dealt_with(path, seen)
            except FileNotFoundError:
                continue  # taken away meanwhile
            except OSError as error:
                reason = Message(OUT_OF_REACH, {"reason": error.strerror or str(error)})
                yield Found(Outcome(shown_name(path), refused=str(reason), again=True))
                continue
            if found is not None:
                yield found

    def _dealt_with(self, path: Path, seen: Seen) -> Found | None:
        """What came of a file; None where it was done before, or changed while it was scored."""
        name, journal = shown_name(path), Journal(self.kept)
        if journal.is_known(name, seen):
            self._done[path] = seen
            return None
        key = key_of(path, name)
        begun = journal.begin(key, name, seen)
        if begun is None:
            self._done[path] = seen
            return None
        out = self.kept.result(name, key)
        try:
            outcome = self._outcome(path, name, out, begun)
            if Seen.of(path) != seen:  # another file by now, for the next look
                for written in (out, reasons_beside(out)):
                    written.unlink(missing_ok=True)
                raise FileNotFoundError(path)
            write_json(out.with_suffix(".json"), {**outcome.to_json(), "detector": self.loaded.identity})
        except (OSError, KeyboardInterrupt):
            journal.put_back(key)
            raise
        self._done[path] = seen
        return self._ended(journal, key, outcome)

    def _outcome(self, path: Path, name: str, out: Path, begun: int) -> Outcome:
        if begun >= MOST_TRIES:
            return self._refused(name, out, Message(GAVE_UP, {"tries": begun}))
        fits: list[Fit] = []
        try:
            before = self.further.rows_before(self.kept, path)
            done = score_file(
                self.loaded, path, out, before=before, options=self.options, progress=self.progress,
                look=lambda read: fits.append(fit_of(self.loaded.manifest, path, read, self.options)),
            )  # fmt: skip
            reasons, unexplained = self.further.explained(Scored(self.loaded, path, out, before, self.options), self.progress)
        except AnomalystError as error:
            return self._refused(name, out, error)
        except OSError:
            raise
        except Exception as error:  # whatever is in one file, the others are scored
            LOG.exception("scoring %s", name)
            return self._refused(name, out, Message(BROKE, {"reason": type(error).__name__}))
        fit, notes = fits[0], tuple(str(note) for note in done.notes)
        shift = shift_of(self.loaded.manifest, out)
        findings = (*((shift,) if shift else ()), *fit.findings, *notes, *((unexplained,) if unexplained else ()))
        return Outcome(
            name, done.rows, done.flagged, findings, fit.failed or bool(notes), fit.drift, fit.moved, scores=str(out),
            link=self.further.linked(name, out), reasons=reasons,
        )  # fmt: skip

    def _refused(self, name: str, out: Path, reason: object) -> Outcome:
        shutil.rmtree(Parts(out).folder, ignore_errors=True)
        return Outcome(name, refused=str(reason), link=self.further.linked(name, None))

    def _ended(self, journal: Journal, key: str, outcome: Outcome) -> Found:
        warned = [Warned(rule.text, message) for rule in self.rules if (message := rule.warning(outcome)) is not None]
        ids = journal.end(key, outcome, warned, [courier.channel.name for courier in self.couriers])
        for courier in self.couriers:
            courier.wake()
        return Found(outcome, [str(each.message) for each in warned], ids)
