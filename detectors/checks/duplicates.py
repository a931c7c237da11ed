"""Rows that are there several times: what is there often looks usual."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.checks.finding import Facts, Finding, Remedy
from detectors.messages import N_, Message

#: From this share of the rows on.
MANY = 0.01

_ALL = N_("{count} of {rows} rows ({percent} %) have the same features as an earlier one. What is there often looks usual.")
_SAMPLED = N_("Of {rows} rows looked at, {count} ({percent} %) have the same features as another; over all rows there are more.")


def check(facts: Facts) -> Iterator[Finding]:
    names = [profile.name for profile in facts.features]
    if not names:
        return
    count = int(facts.sample.duplicated(names).sum())
    if count and count >= MANY * len(facts.sample):
        values = {"count": count, "rows": len(facts.sample), "percent": round(100 * count / len(facts.sample), 1)}
        remedies = (
            Remedy(N_("Learn from each once"), preparation={"duplicates": "once"}),
            Remedy(N_("Weigh them less"), preparation={"duplicates": "weigh"}),
        )
        yield Finding("duplicates", "notable", Message(_SAMPLED if facts.is_sampled else _ALL, values), remedies)
