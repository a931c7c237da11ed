"""A training as the words of a command, and values as Python writes them: what a shell and Python read back as the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from detectors import registry
from detectors.command_line import Said, Training, values_of
from detectors.params import Field, Parametrised
from detectors.preparation import find_preparation
from detectors.reading.options import ReadingOptions

PROGRAM = "python -m detectors"

#: Characters of a line; a longer command, or call, has a line for each of its options.
LINE = 96


def words_of(training: Training, kind: str) -> list[str]:
    """The words of `train`, on data of a `kind`, whether that is named or not."""
    data = str(training.data)
    words = ["train", f"./{data}" if data.startswith("-") else data, "--detector", training.detector]
    for option, value in _options(training, kind):
        words += [f"{option}={value}"] if value.startswith("-") else [option, value]
    return [*words, "--out", str(training.out)]


def _options(training: Training, kind: str) -> Iterator[tuple[str, str]]:
    usual = Training(training.data, training.detector)
    for name in ("kind", "label", "anomaly", "time", "entity", "text"):
        if (value := getattr(training, name)) is not None:
            yield f"--{name}", value
    if training.ignore:
        yield "--ignore", ",".join(training.ignore)
    yield from (("--role", f"{column}={role}") for column, role in training.roles.items())
    if training.fit_where is not None:
        yield "--fit-where", "=".join(training.fit_where)
    numbers = {"--fit-first": training.fit_first, "--fit-rows": training.fit_rows, "--drop-most-unusual": training.drop_share}
    yield from ((option, repr(value)) for option, value in numbers.items() if value is not None)
    if training.start_from is not None:
        yield "--start-from", str(training.start_from)
    for option, what, said in _values(training, kind):
        yield from ((option, f"{name}={text_of(what.fields[name], name, value)}") for name, value in values_of(what, said).items())
    if training.threshold != usual.threshold:
        yield "--threshold", training.threshold
    if training.seed != usual.seed:
        yield "--seed", str(training.seed)


def _values(training: Training, kind: str) -> Iterator[tuple[str, type[Parametrised], Said]]:
    detector = registry.find(kind, training.detector)
    yield "--set", detector, training.parameters
    yield "--prepare", find_preparation(kind, detector.representation()), training.preparation
    yield "--read", ReadingOptions, training.reading


def text_of(declared: Field, name: str, value: Any) -> str:
    """A value as a command line reads it: a bare word where that is read as the same value, else JSON."""
    value = list(value) if isinstance(value, tuple) else value
    bare = [value] if isinstance(value, str) else []
    texts = [*bare, json.dumps(value, ensure_ascii=False, separators=(",", ":"))]
    return next((text for text in texts[:-1] if declared.parse(name, text) == declared.check(name, value)), texts[-1])


def shell(words: Sequence[str]) -> str:
    """The command of `words` for a POSIX shell; a long one has a line for each option."""
    line = f"{PROGRAM} {shlex.join(words)}"
    if len(line) <= LINE:
        return line
    lines, options = [], [place for place, word in enumerate(words) if place and word.startswith("--")]
    for start, stop in zip([0, *options], [*options, len(words)], strict=True):
        lines.append(shlex.join(words[start:stop]))
    return f"{PROGRAM} " + " \\\n  ".join(lines)


def call(name: str, values: Sequence[Any], named: Mapping[str, Any]) -> str:
    """A call in Python; a long one has a line for each argument."""
    arguments = [*map(literal, values), *(f"{key}={literal(value)}" for key, value in named.items())]
    line = f"{name}({', '.join(arguments)})"
    if len(line) <= LINE:
        return line
    return f"{name}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def literal(value: Any) -> str:
    """A value as Python reads it; text between double quotes, as JSON writes it, which Python reads alike."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    return repr(value)
