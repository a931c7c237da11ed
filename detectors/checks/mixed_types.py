"""Columns of which most values are numbers and some are not: all of them count as categories then."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from detectors.checks.finding import Facts, Finding, Remedy
from detectors.checks.identifiers import SET_ASIDE
from detectors.messages import N_, Message

#: From this share of readable numbers on, a text column was meant to hold numbers.
MOSTLY = 0.5

_MIXED = N_(
    "`{column}` holds numbers in {numbers} of {rows} rows looked at and texts such as `{example}` in the others, so all of them "
    "count as categories. Mend the file and upload it again, or do without the column."
)  # fmt: skip


def check(facts: Facts) -> Iterator[Finding]:
    for profile in facts.features:
        if profile.type != "text":
            continue
        texts = facts.sample[profile.name].dropna()
        readable = pd.to_numeric(texts, errors="coerce").notna()
        if len(texts) and MOSTLY <= readable.mean() < 1:
            example = str(texts[~readable].iloc[0])[:40]
            values = {"column": profile.name, "numbers": int(readable.sum()), "rows": len(texts), "example": example}
            remedy = Remedy(SET_ASIDE, roles={profile.name: "ignored"})
            yield Finding(f"mixed {profile.name}", "serious", Message(_MIXED, values), (remedy,))
