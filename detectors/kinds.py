"""The kinds of data: what can be uploaded, which roles its columns may have, and which kind a file looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from detectors import roles
from detectors.errors import DataError
from detectors.messages import N_
from detectors.profile import ColumnProfile
from detectors.roles import Role

#: A text this long, in characters, is something that people wrote; shorter ones are names and codes.
LONG_TEXT = 40


@dataclass(frozen=True)
class Kind:
    """A kind of data. `title`, `item` and `items` are templates, translated where they are shown."""

    name: str
    title: str
    summary: str
    item: str
    items: str
    """What one row is called, and several."""
    parts: str
    """What an explanation takes an item apart into."""
    roles: tuple[str, ...]
    propose: Callable[[Sequence[ColumnProfile], int], list[Role]]
    """A role for every column of a data set, from profiles and the number of rows."""
    needs: tuple[str, ...] = ()
    """The roles one of which at least one column must have, """
    missing: str = ""
    """and what to say where none has."""
    single: tuple[str, ...] = ("label",)
    """Roles that at most one column may have."""
    ordered: bool = False
    """Whether its rows follow one another, so that the first of them can be learned from and the later ones judged."""
    aliases: Mapping[str, str] | None = None
    """Words of the command line for columns: `--label folder` means the innermost folder."""


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "table", N_("Table"), N_("Rows that stand for themselves, in any order."), N_("row"), N_("rows"), N_("columns"),
            ("feature", "text", "label", "id", "ignored"), roles.propose_table, needs=("feature", "text"),
            missing=N_("No column is a feature, so there is nothing to learn from. Give at least one column the role feature."),
        ),
        Kind(
            "series", N_("Time series"), N_("Measurements that follow one another in time."), N_("time step"), N_("time steps"), N_("columns"),
            ("feature", "time", "entity", "label", "id", "ignored"), roles.propose_series, single=("label", "time", "entity"), ordered=True,
            needs=("feature",), missing=N_("No column is a feature, so there is nothing to follow. Give at least one column of numbers the role feature."),
        ),
        Kind(
            "images", N_("Images"), N_("Pictures, in folders or not."), N_("picture"), N_("pictures"), N_("regions"),
            ("label", "id", "ignored"), roles.propose_images, aliases={"folder": "class"},
        ),
        Kind(
            "text", N_("Text"), N_("Texts that people wrote, one a row."), N_("text"), N_("texts"), N_("words"),
            ("text", "label", "id", "ignored"), roles.propose_text, single=("label", "text"),
            needs=("text",), missing=N_("No column is the text, so there is nothing to read. Give one column the role text."),
        ),
    )
}  # fmt: skip


def check_roles(kind: str, given: Mapping[str, str], profiles: Sequence[ColumnProfile]) -> None:
    """Raises `DataError` unless these roles, column → role, can be worked with."""
    found = KINDS[kind]
    roles.check([Role(column, role) for column, role in given.items()], profiles, found.roles, found.single)
    check_needed(kind, given)


def check_needed(kind: str, given: Mapping[str, str]) -> None:
    """Raises `DataError` where the role is missing without which there is nothing to learn from."""
    needed = KINDS[kind].needs
    if needed and not set(needed) & set(given.values()):
        raise DataError(KINDS[kind].missing)


def fitting(profiles: Sequence[ColumnProfile], rows: int, kind_of_file: str) -> list[str]:
    """The kinds that a file can be worked on as, the likeliest first.

    A file of pictures is pictures. Rows with texts that people wrote, and hardly anything else, are text; rows in the
    order of a growing date, with numbers, are a series; everything else is a table.
    """
    if kind_of_file == "images":
        return ["images"]
    possible = ["table"]
    if any(role.role == "feature" for role in roles.propose_series(profiles, rows)):
        possible.append("series")
    if any(profile.type == "text" for profile in profiles):
        possible.append("text")
    likeliest = kind_of_file if kind_of_file != "table" else _likeliest(profiles, rows)
    return sorted(possible, key=lambda kind: kind != likeliest)


def _likeliest(profiles: Sequence[ColumnProfile], rows: int) -> str:
    prose = [
        profile for profile in profiles if profile.type == "text" and roles.is_prose(profile, rows) and (profile.longest or 0) > LONG_TEXT
    ]
    numbers = [profile for profile in profiles if profile.type == "number"]
    if prose and len(numbers) <= 2:
        return "text"
    return "series" if numbers and any(profile.type == "date" and profile.increasing for profile in profiles) else "table"
