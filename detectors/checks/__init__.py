"""Checks of a data set before anything is learned from it. A file of this folder with a function `check` is a check.

They look at the profile, which is of all rows, and at a sample of rows, which is all of them where there are not many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from detectors.checks.finding import SEVERITIES, Facts, Finding, Remedy, Severity

__all__ = ["CHECKED_KINDS", "Facts", "Finding", "Remedy", "Severity", "columns_needed", "findings", "rows_looked_at"]

#: Rows that are looked at where a check looks at rows, at most and at least, and values: enough to see what matters, few
#: enough to take no time.
MOST_ROWS, LEAST_ROWS, MOST_VALUES = 20_000, 2_000, 2_000_000

#: Kinds whose columns are checked.
CHECKED_KINDS = ("table", "series")

#: Roles whose columns are looked at row by row.
LOOKED_AT = ("feature", "text", "label")


@cache
def _checks() -> tuple[Callable[[Facts], Iterable[Finding]], ...]:
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules([str(Path(__file__).parent)])]
    return tuple(module.check for module in modules if hasattr(module, "check"))


def columns_needed(roles: Mapping[str, str]) -> list[str]:
    """The columns that the sample must hold."""
    return [column for column, role in roles.items() if role in LOOKED_AT]


def rows_looked_at(rows: int, columns: int) -> int:
    """How many of so many rows a sample has."""
    return min(rows, max(LEAST_ROWS, min(MOST_ROWS, MOST_VALUES // max(1, columns))))


def findings(facts: Facts) -> list[Finding]:
    """What every check found, the gravest first; without what a choice for the preparation has answered already."""
    if facts.kind not in CHECKED_KINDS:
        return []
    found = [_for_kind(finding, facts.kind) for check in _checks() for finding in check(facts)]
    open_ones = [finding for finding in found if not any(_is_in_force(remedy, facts) for remedy in finding.remedies)]
    return sorted(open_ones, key=lambda finding: SEVERITIES.index(finding.severity))


def _for_kind(finding: Finding, kind: str) -> Finding:
    """Only tables are prepared by what checks propose."""
    remedies = finding.remedies if kind == "table" else tuple(remedy for remedy in finding.remedies if not remedy.preparation)
    return Finding(finding.key, finding.severity, finding.message, remedies)


def _is_in_force(remedy: Remedy, facts: Facts) -> bool:
    wanted = remedy.preparation.items()
    chosen = all(facts.preparation.get(name) == value for name, value in wanted)
    return bool(wanted) and chosen and all(facts.roles.get(column) == role for column, role in remedy.roles.items())
