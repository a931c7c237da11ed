"""Columns with one value: they cannot tell rows apart, until a row comes that has another."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.checks.finding import Facts, Finding, Remedy
from detectors.checks.identifiers import SET_ASIDE
from detectors.messages import N_, Message

_EMPTY = N_("`{column}` is empty: every value is missing.")
_CONSTANT = N_("`{column}` has one value only, {example}, so it cannot tell rows apart.")


def check(facts: Facts) -> Iterator[Finding]:
    for profile in facts.features:
        if profile.distinct == 0 or (profile.distinct == 1 and not (profile.missing and profile.type == "text")):
            values = {"column": profile.name, "example": profile.example or ""}
            template = _CONSTANT if profile.distinct else _EMPTY
            yield Finding(
                f"constant {profile.name}", "notable", Message(template, values), (Remedy(SET_ASIDE, roles={profile.name: "ignored"}),)
            )
