"""The command line: ``python -m detectors list | train | search | score | explain | shrink | watch``. Stable, for scripts depend on it.

Exit codes: 0 done; 2 something the user can mend, said in one line on standard error; 130 interrupted from the keyboard, after
which the same `score` or `watch` goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from detectors import command_line_shrink, command_line_watch, registry
from detectors.errors import AnomalystError
from detectors.kinds import KINDS
from detectors.messages import N_, Message, shown
from detectors.reading.options import ReadingOptions
from detectors.runs.deciding import USUAL
from detectors.thresholds import RULES

if TYPE_CHECKING:
    from detectors.command_line import Training

#: The exit code where the user can mend something.
MENDABLE = 2

#: The exit code of what was interrupted from the keyboard, as shells have it.
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; gives the exit code: 0, or 2 with one line on standard error for what the user can mend."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.command == "list":
            print(_rules(asked.json) if asked.rules else _listing(asked.kind, asked.json))
        elif asked.command in ("score", "explain"):
            _use(asked)
        elif asked.command == "shrink":
            _hide_native_messages()
            command_line_shrink.shrink(asked)
        elif asked.command == "watch":
            _hide_native_messages()
            command_line_watch.watch(asked)
        else:
            _train(asked, search=asked.command == "search")
    except KeyboardInterrupt:
        print(Message(N_("Stopped. Nothing half done is left; the same `score` or `watch` goes on where it was.")), file=sys.stderr)
        return INTERRUPTED
    except AnomalystError as error:
        return _refused(asked, str(error))
    except OSError as error:
        refused = N_("The system refused ({reason}). Make room on the disk, or check who may read and write there.")
        return _refused(asked, str(Message(refused, {"reason": str(error)})))
    return 0


def _refused(asked: argparse.Namespace, reason: str) -> int:
    """Says in one line what the user can mend, with `--json` also where a program looks for the summary."""
    print(reason, file=sys.stderr)
    if asked.json and str(getattr(asked, "out", "")) != "-":
        print(json.dumps({"error": reason}, ensure_ascii=False))
    return MENDABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m detectors", description="Train anomaly detectors, and score and explain new data with them."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="the detectors and their parameters")
    listing.add_argument("--kind", choices=list(KINDS), help="only those for this kind of data")
    listing.add_argument("--rules", action="store_true", help="the rules for --threshold in place of the detectors")
    listing.add_argument("--json", action="store_true", help="as JSON")
    for name, what in (
        ("train", "fit a detector on a file and score every row of it"),
        ("search", "train it again and again to find better settings"),
    ):
        command = commands.add_parser(name, help=what, epilog=_reading_help(), formatter_class=argparse.RawDescriptionHelpFormatter)
        _add_training(command)
        if name == "search":
            command.add_argument("--trials", type=int, default=20, metavar="N", help="trainings at most; the first takes the defaults")
            command.add_argument("--minutes", type=float, metavar="N", help="after so many minutes no other trial begins")
    for name, what in (("score", "score new data with a detector file"), ("explain", "say why rows of new data have their scores")):
        command = commands.add_parser(name, help=what, epilog=_reading_help(), formatter_class=argparse.RawDescriptionHelpFormatter)
        _add_use(command, explains=name == "explain")
    what = "measure smaller forms of a detector file, and write one"
    small = commands.add_parser("shrink", help=what, epilog=_reading_help(), formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line_shrink.add_arguments(small)
    what = "score every new file of a folder once, and warn"
    watch = commands.add_parser("watch", help=what, epilog=_reading_help(), formatter_class=argparse.RawDescriptionHelpFormatter)
    command_line_watch.add_arguments(watch)
    return parser


def _add_use(use: argparse.ArgumentParser, *, explains: bool) -> None:
    use.add_argument("detector_file", type=Path, metavar="DETECTOR_FILE", help="the detector.zip that `train` left or a page saved")
    use.add_argument("data", metavar="DATA", help="what `train` takes, or a folder of Parquet files; - is standard input")
    use.add_argument("--out", required=True, metavar="FILE", help="a .parquet or .csv file; - is standard output, as CSV")
    if explains:
        use.add_argument("--rows", metavar="3,17", help="positions of rows, from 0; default: the flagged ones")
    else:
        use.add_argument("--keep", metavar="COL,COL", default="", help="columns of the data that go along into the result")
    use.add_argument("--before", type=Path, metavar="FILE", help="for series: the rows that came before, which get no score")
    use.add_argument("--read", action="append", default=[], metavar="KEY=VALUE", help="how the file is to be read, see below")
    use.add_argument("--json", action="store_true", help="a summary on standard output, as JSON")
    use.add_argument("--quiet", action="store_true", help="no progress on standard error")


def _add_training(train: argparse.ArgumentParser) -> None:
    train.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help="a table (CSV, TSV, Excel, Parquet, Feather, JSON; also gzip, or a zip of several); a zip or folder of pictures or of text files; - is standard input",
    )
    train.add_argument("--detector", required=True, metavar="NAME")
    train.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for scores, run.json and detector.zip")
    train.add_argument("--kind", choices=list(KINDS), help="what the file holds; default: what it looks like")
    train.add_argument("--label", metavar="COL", help="known anomalies, for judging only")
    train.add_argument("--time", metavar="COL", help="when each row of a series was measured")
    train.add_argument("--entity", metavar="COL", help="which machine, account or place each row of a series is about")
    train.add_argument("--text", metavar="COL", help="the column of texts")
    train.add_argument("--ignore", metavar="COL,COL", default="", help="columns to leave out")
    roles = "what a column is for where no other option says it: feature, text, time, entity, label, id or ignored"
    train.add_argument("--role", action="append", default=[], metavar="COL=ROLE", help=roles)
    _add_what_is_learned_from(train)
    train.add_argument("--anomaly", metavar="VALUE", help="the one label value that means anomaly")
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a parameter of the detector")
    train.add_argument("--prepare", action="append", default=[], metavar="KEY=VALUE", help="a parameter of the preparation")
    train.add_argument("--read", action="append", default=[], metavar="KEY=VALUE", help="how the file is to be read, see below")
    rule = f"where unusual begins, as on the Threshold page: {', '.join(RULES)}; further parameters after commas (default: {USUAL})"
    train.add_argument("--threshold", default=USUAL, metavar="RULE=VALUE", help=rule.replace("%", "%%"))
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--json", action="store_true", help="the summary on standard output, as in run.json")
    train.add_argument("--quiet", action="store_true", help="no progress on standard error")


def _add_what_is_learned_from(train: argparse.ArgumentParser) -> None:
    train.add_argument("--fit-where", metavar="COL=VALUE", help="learn only from these rows")
    train.add_argument(
        "--fit-first", type=float, metavar="SHARE", help="of a series, learn only from this leading share (0.5) of the time of each entity"
    )
    train.add_argument("--fit-rows", type=int, metavar="N", help="learn only from so many rows, drawn at random; every row is scored")
    train.add_argument(
        "--start-from", type=Path, metavar="DIR", help="an earlier run of the same detector: learning goes on from its weights"
    )
    train.add_argument(
        "--drop-most-unusual", type=float, metavar="SHARE", help="train, drop this share (0.05) of the most unusual rows, train again"
    )


def _reading_help() -> str:
    """The reading options, as they are declared."""
    lines = ["--read KEY=VALUE says how the file is to be read, where what is found by itself is wrong:"]
    for name, field in ReadingOptions.fields.items():
        values = ", ".join(field.choices) or {"integer": "a whole number"}.get(field.type, "a text")
        lines += [f"  {name} = {values} (default: {'none' if field.default == '' else field.default})", f"      {Message(field.help)}"]
    return "\n".join(lines)


def _listing(kind: str | None, as_json: bool) -> str:
    kinds = [kind] if kind else list(KINDS)
    found = {detector: [k for k in kinds if detector in registry.for_kind(k)] for k in kinds for detector in registry.for_kind(k)}
    records = [
        {
            "name": detector.name(), "title": detector.title, "family": detector.family, "representation": detector.representation(),
            "kinds": on, "parameters": [field.describe(name) for name, field in detector.fields.items()],
        }
        for detector, on in found.items()
    ]  # fmt: skip
    if as_json:
        return json.dumps(records, ensure_ascii=False, indent=1)
    return "\n".join(f"{record['name']:<24}{record['title']} ({record['family']})" for record in records)


def _rules(as_json: bool) -> str:
    records = [
        {"name": name, "title": rule.title, "help": rule.help, "parameters": [field.describe(each) for each, field in rule.fields.items()]}
        for name, rule in RULES.items()
    ]
    if as_json:
        return json.dumps(records, ensure_ascii=False, indent=1)
    return "\n".join(f"{name:<24}{Message(rule.help)}" for name, rule in RULES.items())


def _hide_native_messages() -> None:
    """Keeps standard error for our own lines: native libraries write theirs past Python, straight to the descriptor."""
    sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _train(asked: argparse.Namespace, *, search: bool) -> None:
    _hide_native_messages()
    from detectors import command_line, command_line_search  # reading and training, not needed for a listing

    summary_of = partial(command_line_search.search, trials=asked.trials, minutes=asked.minutes) if search else command_line.train
    summary = summary_of(_training(asked))
    if asked.json:
        print(json.dumps(summary, ensure_ascii=False))
    elif not asked.quiet:
        values = {"flagged": summary["flagged"], "rows": summary["rows"], "cut_off": summary["threshold"]["value"], "out": str(asked.out)}
        done = Message(N_("{flagged} of {rows} rows flagged above {cut_off}. Results are in {out}."), values)
        print(done.text(show=shown), file=sys.stderr)


def _training(asked: argparse.Namespace) -> Training:
    from detectors.command_line import Training

    column, _, value = (asked.fit_where or "").partition("=")
    roles = dict(word.rpartition("=")[::2] for word in asked.role)
    return Training(
        data=asked.data, detector=asked.detector, out=asked.out, kind=asked.kind, label=asked.label,
        time=asked.time, entity=asked.entity, text=asked.text,
        ignore=tuple(filter(None, asked.ignore.split(","))), roles=roles, fit_where=(column, value) if column else None,
        fit_first=asked.fit_first, fit_rows=asked.fit_rows, start_from=asked.start_from, drop_share=asked.drop_most_unusual,
        anomaly=asked.anomaly, parameters=tuple(asked.set), preparation=tuple(asked.prepare), reading=tuple(asked.read),
        threshold=asked.threshold, seed=asked.seed, quiet=asked.quiet,
    )  # fmt: skip


def _use(asked: argparse.Namespace) -> None:
    _hide_native_messages()
    from detectors import command_line_files  # loads the detector's libraries

    wanted = command_line_files.Asked.of(asked)
    if asked.command == "score":
        summary = command_line_files.score(wanted)
        command_line_files.say(wanted, summary, N_("{flagged} of {rows} rows flagged above {cut_off}. Scores are in {out}."))
    else:
        summary = command_line_files.explain(wanted)
        command_line_files.say(wanted, summary, N_("{rows} rows explained. Reasons are in {out}."))


if __name__ == "__main__":
    sys.exit(main())
