"""``watch`` of the command line: a folder whose new files are scored once, with warnings that reach somebody."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detectors.errors import AnomalystError, ParameterError
from detectors.messages import N_, Message
from detectors.settings import PREFIX, Settings

if TYPE_CHECKING:  # they load the detector's libraries
    from detectors.detector_file.loaded import LoadedDetector
    from detectors.watching.delivery import Channel, Courier
    from detectors.watching.folder import WatchFolder
    from detectors.watching.further import Further
    from detectors.watching.watcher import Found, Watcher

#: Flags of a file that are explained, and the word for the file that was scored before.
EXPLAINED, PREVIOUS = 20, "previous"

#: Seconds between two looks: of a watch that goes on, and of one that ends after them.
EVERY_S, ONCE_S = 10.0, 1.0

#: Seconds that the end of a watch waits for what is being sent: one that ends by itself, and one that is stopped.
SENDING_S, STOPPED_S = 25.0, 2.0

NEEDED = N_("`watch` needs a detector file and a folder: watch DETECTOR_FILE FOLDER --out DIR.")
NO_FOLDER = N_("There is no folder `{path}`.")
SAME = N_("`--out` must be another folder than the one that is watched.")
NOTHING = N_("No watch ever wrote to `{folder}`.")
BOTH = N_("`--email` and `--smtp` go together: to whom, and through which server.")
NO_TIME = N_("`--every` must be a number of seconds above 0. It is `{seconds}`.")

FEWER_THAN_NONE = N_("`--explain` must be 0 or more. It is {count}.")
NO_LINK = N_("`--link` must be an http or https address. It is `{text}`.")

SCORED = N_("{file}: {flagged} of {rows} rows flagged. Scores are in {scores}.")
NOT_SCORED = N_("{file} was not scored. {reason}")
WARNING = N_("Warning {id}: {text}")
NO_LOOK = N_("The folder cannot be looked into ({reason}). The watch goes on.")
STILL = N_("{count} files were still changing; the next watch scores them.")
WAITING = N_("{count} warnings are still to be delivered; the next watch tries again.")
NO_WARNINGS = N_("No warnings.")
OPEN, SEEN = N_("not acknowledged"), N_("acknowledged by {author} at {when}")
DELIVERED, TRIED, UNTRIED = (
    N_("{channel}: delivered {when}"),
    N_("{channel}: not delivered, tries so far: {tries}. {reason}"),
    N_("{channel}: waits"),
)


def add_arguments(watch: argparse.ArgumentParser) -> None:
    """What can be said of a watch."""
    watch.add_argument(
        "detector_file", type=Path, nargs="?", metavar="DETECTOR_FILE", help="the detector.zip that `train` left or a page saved"
    )
    watch.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help="where new files arrive; its own folders are left out")
    watch.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where scores, summaries and warnings are kept; not the same folder"
    )
    watch.add_argument("--pattern", default="*", metavar="'*.csv'", help="which names; default: all that do not begin with a dot")
    watch.add_argument("--once", action="store_true", help="score what is there and end, for a schedule such as cron")
    watch.add_argument("--every", type=float, metavar="SECONDS", help="between two looks; a file is scored when both saw it the same (default: 10, with --once 1)")  # fmt: skip
    watch.add_argument("--rule", action="append", metavar="RULE", help="when to warn: flagged>50, rate>0.05, drift>0.3, gate; as many as you like (default: flagged>0 and gate)")  # fmt: skip
    watch.add_argument("--webhook", metavar="URL", help=f"where warnings are sent as JSON; also from {PREFIX}WEBHOOK")
    watch.add_argument("--email", metavar="ADDRESS", help="to whom warnings are sent by e-mail")
    watch.add_argument(
        "--smtp", metavar="HOST:PORT", help=f"through which server; user, password and sender from {PREFIX}SMTP_USER, _PASSWORD, _FROM"
    )
    watch.add_argument("--link", metavar="URL", help="an address that goes along with every warning; {file} and {scores} stand for the file's name and where its scores are")  # fmt: skip
    watch.add_argument("--explain", type=int, default=EXPLAINED, metavar="N", help=f"so many flags of a file, the most unusual ones, are explained beside its scores; 0: none (default: {EXPLAINED})")  # fmt: skip
    watch.add_argument("--before", metavar="FILE", help=f"for series: the rows that came before, which get no score; `{PREVIOUS}`: each file is seen after the one scored before it")  # fmt: skip
    watch.add_argument("--retry", action="store_true", help="files that could not be scored count as new")
    watch.add_argument("--history", action="store_true", help="list the warnings in DIR, newest first, and end")
    watch.add_argument("--acknowledge", metavar="ID", help="say that you have seen a warning, and end; it is sent no more")
    watch.add_argument("--read", action="append", default=[], metavar="KEY=VALUE", help="how the files are to be read, see below")
    watch.add_argument("--json", action="store_true", help="a line of JSON on standard output for every file; with --history a list")
    watch.add_argument("--quiet", action="store_true", help="nothing on standard error but errors")


def watch(asked: argparse.Namespace) -> None:
    """Watches until it is stopped, or looks once; or lists or acknowledges warnings.

    Raises:
        AnomalystError: something the user can mend.
    """
    if asked.history or asked.acknowledge is not None:
        _look_back(asked)
        return
    _check(asked)
    channels = _channels(asked)
    watcher, kept = _watcher(asked, channels)
    with kept.held(), _stopped_by_the_system():
        _run(asked, watcher)
    waiting = _outbox(kept).waiting()
    for template, count in ((STILL, watcher.changing), (WAITING, waiting)):
        if count and not asked.quiet:
            _tell(Message(template, {"count": count}))


def _check(asked: argparse.Namespace) -> None:
    if asked.detector_file is None or asked.folder is None:
        raise ParameterError(NEEDED)
    if not asked.folder.is_dir():
        raise ParameterError(NO_FOLDER, path=str(asked.folder))
    if asked.out.resolve() == asked.folder.resolve():
        raise ParameterError(SAME)
    if asked.every is not None and not 0 < asked.every < float("inf"):
        raise ParameterError(NO_TIME, seconds=asked.every)
    if asked.explain < 0:
        raise ParameterError(FEWER_THAN_NONE, count=asked.explain)
    if asked.link is not None and not asked.link.startswith(("http://", "https://")):
        raise ParameterError(NO_LINK, text=asked.link)


def _channels(asked: argparse.Namespace) -> list[Channel]:
    from detectors.watching.mail import Mail
    from detectors.watching.webhook import Webhook

    if (asked.email is None) != (asked.smtp is None):
        raise ParameterError(BOTH)
    url = asked.webhook or os.environ.get(PREFIX + "WEBHOOK")
    found: list[Channel] = [Webhook(url)] if url else []
    return [*found, Mail(asked.email, asked.smtp)] if asked.email else found


def _watcher(asked: argparse.Namespace, channels: list[Channel]) -> tuple[Watcher, WatchFolder]:
    from detectors.command_line import written_to
    from detectors.command_line_files import Asked
    from detectors.detector_file.loaded import load
    from detectors.detector_file.signature import installed_key
    from detectors.watching.delivery import Courier
    from detectors.watching.folder import WatchFolder
    from detectors.watching.looking import Looks
    from detectors.watching.outbox import Outbox
    from detectors.watching.rules import USUAL, Rule
    from detectors.watching.watcher import Watcher

    rules = [Rule.parse(text) for text in dict.fromkeys(asked.rule or USUAL)]
    if not asked.detector_file.exists():
        raise ParameterError(N_("There is no file `{path}`."), path=str(asked.detector_file))
    loaded = load(asked.detector_file, key=installed_key())
    if loaded.warning is not None and not asked.quiet:
        _tell(loaded.warning)
    options = Asked(asked.detector_file, "", "", reading=tuple(asked.read)).options(loaded)
    further = _further(asked, loaded)
    with written_to(asked.out):
        kept = WatchFolder.open(asked.out)
    couriers = [Courier(Outbox(kept), channel) for channel in channels]
    return Watcher(loaded, Looks(asked.folder, asked.pattern), kept, rules, couriers, options, further=further), kept


def _further(asked: argparse.Namespace, loaded: LoadedDetector) -> Further:
    from detectors.command_line_files import ONLY_SERIES
    from detectors.watching.further import Further

    if asked.before is not None and loaded.manifest.kind != "series":
        raise ParameterError(ONLY_SERIES, file=asked.detector_file.name, kind=loaded.manifest.kind)
    before = None if asked.before in (None, PREVIOUS) else Path(asked.before)
    if before is not None and not before.exists():
        raise ParameterError(N_("There is no file `{path}`."), path=asked.before)
    return Further(asked.explain, before, asked.before == PREVIOUS, asked.link)


def _run(asked: argparse.Namespace, watcher: Watcher) -> None:
    """Looks, and looks again; the first look only sees what is there."""
    from detectors.watching.journal import Journal

    if asked.retry:
        Journal(watcher.kept).forget_refused()
    for courier in watcher.couriers:
        courier.start()
    pause, told, ended = asked.every or (ONCE_S if asked.once else EVERY_S), set[str](), False
    try:
        _look(asked, watcher, told)
        while not ended:
            time.sleep(pause)
            _look(asked, watcher, told)
            ended = asked.once
    finally:
        _finish(watcher.couriers, SENDING_S if ended else STOPPED_S)


def _look(asked: argparse.Namespace, watcher: Watcher, told: set[str]) -> None:
    """One look. What the system refuses is said once, and ends only a watch that looks once."""
    try:
        for found in watcher.look():
            _show(asked, found, told)
    except (OSError, AnomalystError) as error:
        if asked.once:
            raise
        reason = getattr(error, "strerror", None) or str(error)
        if reason not in told:
            _tell(Message(NO_LOOK, {"reason": reason}))
        told.add(reason)


def _show(asked: argparse.Namespace, found: Found, told: set[str]) -> None:
    outcome = found.outcome
    if outcome.again:
        if f"{outcome.file} {outcome.refused}" in told:
            return
        told.add(f"{outcome.file} {outcome.refused}")
    if asked.json:
        warnings = [{"id": one, "text": text} for one, text in zip(found.ids, found.warnings, strict=True)]
        print(json.dumps({**outcome.to_json(), "warnings": warnings}, ensure_ascii=False), flush=True)
    if asked.quiet:
        return
    if outcome.refused is not None:
        _tell(Message(NOT_SCORED, {"file": outcome.file, "reason": outcome.refused}))
    else:
        _tell(Message(SCORED, {"file": outcome.file, "flagged": outcome.flagged, "rows": outcome.rows, "scores": outcome.scores}))
    for finding in outcome.findings:
        print(f"  {finding}", file=sys.stderr, flush=True)
    for one, text in zip(found.ids, found.warnings, strict=True):
        _tell(Message(WARNING, {"id": one, "text": text}))


def _finish(couriers: Any, seconds: float) -> None:
    def left(until: float = time.monotonic() + seconds) -> float:
        return max(0.0, until - time.monotonic())

    each: list[Courier] = list(couriers)
    for courier in each:
        courier.end()
    for courier in each:
        courier.wait(left())


def _look_back(asked: argparse.Namespace) -> None:
    from detectors.watching.folder import WatchFolder

    kept = WatchFolder(asked.out)
    if not kept.exists:
        raise ParameterError(NOTHING, folder=str(asked.out))
    if asked.acknowledge is not None:
        _outbox(kept).acknowledge(asked.acknowledge, Settings.from_environment().author)
    if not asked.history:
        return
    warnings = _outbox(kept).history()
    if asked.json:
        print(json.dumps(warnings, ensure_ascii=False))
    else:
        print("\n".join(map(_line, warnings)) or Message(NO_WARNINGS))


def _line(warning: dict[str, Any]) -> str:
    seen = (
        Message(SEEN, {"author": warning["acknowledged_by"], "when": warning["acknowledged"]}) if warning["acknowledged"] else Message(OPEN)
    )
    sent = [
        Message(DELIVERED if each["delivered"] else TRIED if each["tries"] else UNTRIED, {**each, "when": each["delivered"]})
        for each in warning["deliveries"]
    ]
    return "\n    ".join([f"{warning['id']}  {warning['made']}  {warning['text']}", str(seen), *map(str, sent)])


def _outbox(kept: WatchFolder) -> Any:
    from detectors.watching.outbox import Outbox

    return Outbox(kept)


def _tell(message: Message) -> None:
    print(message, file=sys.stderr, flush=True)


@contextmanager
def _stopped_by_the_system() -> Iterator[None]:
    """What asks a service to end reads as Ctrl-C: a scoring under way is left so that the next watch goes on with it."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
