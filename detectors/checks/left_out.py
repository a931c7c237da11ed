"""What a table does not learn from though it could: texts, dates, and columns of more categories than have a number of their own."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.checks.finding import Facts, Finding, Remedy
from detectors.checks.identifiers import CYCLIC
from detectors.messages import N_, Message
from detectors.roles import is_prose

#: Categories of a column from which on pooling the rare ones loses much.
MANY_CATEGORIES = 50

#: Characters of a text from which on somebody wrote it.
LONG_TEXT = 40

_TEXT = N_("`{column}` holds texts that people wrote. They are set aside; with the role text, what they are about is learned from.")
_DATE = N_("`{column}` is a date and set aside. When in the year, the week and the day something happened can be learned from.")
_MANY = N_("`{column}` has {distinct} different values, and only the most frequent have a number of their own: all rare ones look alike.")


def check(facts: Facts) -> Iterator[Finding]:
    if facts.kind != "table":
        return
    for profile in facts.profiles:
        role = facts.roles.get(profile.name)
        if role == "ignored" and is_prose(profile, facts.rows) and (profile.longest or 0) > LONG_TEXT:
            read = Remedy(N_("Read the texts"), roles={profile.name: "text"})
            yield Finding(f"text {profile.name}", "idea", Message(_TEXT, {"column": profile.name}), (read,))
        elif role == "ignored" and profile.type == "date":
            cyclic = Remedy(CYCLIC, roles={profile.name: "feature"}, preparation={"dates": "cyclic"})
            yield Finding(f"date {profile.name}", "idea", Message(_DATE, {"column": profile.name}), (cyclic,))
        elif role == "feature" and profile.type == "text" and profile.distinct > MANY_CATEGORIES:
            remedies = (
                Remedy(N_("Use how frequent they are"), preparation={"many_categories": "frequency"}),
                Remedy(N_("Hash them"), preparation={"many_categories": "hashing"}),
            )
            values = {"column": profile.name, "distinct": profile.distinct}
            yield Finding(f"categories {profile.name}", "notable", Message(_MANY, values), remedies)
