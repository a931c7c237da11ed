"""Gives every column a name of its own."""

from __future__ import annotations

from collections.abc import Sequence

from detectors.messages import N_, Message

#: Longer names break every table they are shown in, and are usually a value that lost its line break.
LONGEST_NAME = 200


def unique_names(names: Sequence[str]) -> tuple[list[str], list[Message]]:
    """The names trimmed, filled where empty, numbered where repeated; and a note for each that changed."""
    trimmed = [_trimmed(name) for name in names]
    reserved, used = set(trimmed), set[str]()
    unique: list[str] = []
    notes: list[Message] = []
    for place, name in enumerate(trimmed, start=1):
        given = name or f"column {place}"
        if given in used or (not name and given in reserved):
            given = numbered(given, reserved | used)
        note = _note(place, name, given, len(visible(names[place - 1])))
        notes += [note] if note else []
        unique.append(given)
        used.add(given)
    return unique, notes


def _trimmed(name: str) -> str:
    """Without spaces around it, and not longer than a name can be."""
    return visible(name)[:LONGEST_NAME]


def visible(text: str) -> str:
    """In one line, without characters that cannot be seen but steer a terminal."""
    return " ".join("".join(character for character in text if character.isprintable() or character.isspace()).split())


def numbered(name: str, taken: set[str]) -> str:
    """The name with the first number that makes it none of those `taken`."""
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"


def _note(place: int, name: str, given: str, length: int) -> Message | None:
    if not name:
        return Message(N_("Column {place} has no name; it is called `{given}`."), {"place": place, "given": given})
    if given != name:
        return Message(N_("There is more than one column `{column}`; number {place} is called `{given}`."),
                       {"column": name, "place": place, "given": given})  # fmt: skip
    if length > LONGEST_NAME:
        return Message(N_("The name of column {place} has {length} characters; it was cut to `{given}`."),
                       {"place": place, "length": length, "given": given})  # fmt: skip
    return None
