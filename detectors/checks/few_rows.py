"""Too few rows: what is usual cannot be learned from them."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.checks.finding import Facts, Finding, Remedy
from detectors.messages import N_, Message

#: Fewer rows than this teach nothing that holds; with fewer than so many a column, most of what they teach is chance.
FEWEST, FEWEST_PER_COLUMN = 50, 5

_FEW = N_("There are {rows} rows only. Scores will depend on chance; look at the order of the rows more than at the cut-off.")
_WIDE = N_("There are {rows} rows for {features} feature columns: with so few rows a column, rows look unusual by chance.")


def check(facts: Facts) -> Iterator[Finding]:
    copies = Remedy(N_("Add varied copies"), preparation={"copies": 4, "variation": "mix"})
    values = {"rows": facts.rows, "features": len(facts.features)}
    if facts.rows < FEWEST:
        yield Finding("few_rows", "serious", Message(_FEW, values), (copies,))
    elif facts.rows < FEWEST_PER_COLUMN * len(facts.features):
        yield Finding("few_rows", "notable", Message(_WIDE, values), (copies,))
