"""Review budget: as many rows as somebody has the time to look at."""

from __future__ import annotations

from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import number
from detectors.thresholds.contract import Rule, highest_rows
from detectors.thresholds.evidence import Evidence


class Budget(Rule):
    title = N_("Review budget")
    help = N_(
        "Flags as many of the highest scores as you can look at: rows a day, times the days that the column with the time spans. "
        "Without such a column it is rows per file."
    )
    label = N_("budget {value}")
    setting = "{value}"
    order = 30
    grows = 1

    value: float = number(
        40.0, title=N_("Rows a day"), help=N_("How many rows can be looked at in a day; without times, in all."), low=0.01, high=1e9
    )

    def cut_off(self, evidence: Evidence) -> float:
        wanted = max(1, int(self.value * (1.0 if evidence.days is None else evidence.days)))
        if wanted >= len(evidence.scores):
            raise DataError(
                N_("There is time to look at all {rows} rows, so nothing has to be left out. Choose fewer rows a day."),
                rows=len(evidence.scores),
            )
        return highest_rows(evidence.scores, wanted)
