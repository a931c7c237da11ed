"""Gives every column a name of its own."""

from __future__ import annotations

from collections.abc import Sequence

from detectors.messages import N_, Message

#: Longer names break every table they are shown in, and are usually a value that lost its line break.
LONGEST_NAME = 200


def unique_names(names: Sequence[str]) -> tuple[list[str], list[Message]]:
    """The names trimmed, filled where empty, numbered where repeated; and a note for each that changed."""
    taken = {_trimmed(name) for name in names}
    unique: list[str] = []
    notes: list[Message] = []
    for place, name in enumerate(names, start=1):
        wanted = _trimmed(name) or f"column {place}"
        given = wanted
        if given in unique or (given != _trimmed(name) and given in taken):
            given = _numbered(wanted, taken | set(unique))
        note = _note(place, _trimmed(name), given, len(name.strip()))
        notes += [note] if note else []
        unique.append(given)
    return unique, notes


def _trimmed(name: str) -> str:
    return " ".join(name.split())[:LONGEST_NAME]


def _numbered(name: str, taken: set[str]) -> str:
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
