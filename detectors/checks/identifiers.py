"""Columns that name or count rows, and dates: every value is new, so that it alone would make rows look unusual."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.checks.finding import Facts, Finding, Remedy
from detectors.kinds import KINDS
from detectors.messages import N_, Message
from detectors.profile import ColumnProfile

#: From so many rows on, whole numbers that all differ are no accident.
ENOUGH_ROWS = 100

#: A text column whose values nearly all differ names rows rather than describing them.
NEARLY_ALL = 0.5

SET_ASIDE = N_("Set aside")
CYCLIC = N_("Use season, weekday, time of day")

_IDENTIFIER = N_(
    "`{column}` looks like an identifier: {distinct} different values in {rows} rows. It names or counts rows, and says nothing of them."
)
_MANY_TEXTS = N_("`{column}` hardly repeats: {distinct} different texts in {rows} rows. It would make nearly every row unusual.")
_DATE = N_(
    "`{column}` is a date and a feature: every moment is new, so the first and the last rows look unusual. "
    "Year, weekday and time of day come again."
)  # fmt: skip


def check(facts: Facts) -> Iterator[Finding]:
    proposed = {role.column: role for role in KINDS[facts.kind].propose(facts.profiles, facts.rows)}
    for profile in facts.features:
        role = proposed[profile.name]
        aside = Remedy(SET_ASIDE, roles={profile.name: role.role if role.role in ("id", "ignored") else "ignored"})
        values = {"column": profile.name, "distinct": profile.distinct, "rows": facts.rows}
        if profile.type == "date":
            cyclic = Remedy(CYCLIC, preparation={"dates": "cyclic"})
            yield Finding(f"date {profile.name}", "notable", Message(_DATE, values), (cyclic, aside))
        elif profile.distinct > 1 and (role.role == "id" or _are_all_different(profile, facts.rows)):
            yield Finding(f"identifier {profile.name}", "serious", Message(_IDENTIFIER, values), (aside,))
        elif profile.type == "text" and profile.distinct > NEARLY_ALL * facts.rows > NEARLY_ALL * ENOUGH_ROWS:
            yield Finding(f"identifier {profile.name}", "serious", Message(_MANY_TEXTS, values), (aside,))


def _are_all_different(profile: ColumnProfile, rows: int) -> bool:
    return profile.integer and profile.distinct == rows >= ENOUGH_ROWS
