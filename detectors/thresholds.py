"""Where "unusual" begins: rules that turn a run's scores into one cut-off.

A row is flagged when its score is strictly greater than the cut-off. Every function here takes scores that are
sorted from lowest to highest (a memory map will do) and never changes them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from detectors.base import Scores
from detectors.errors import DataError, ParameterError
from detectors.messages import N_, Message
from detectors.params import Field, IntegerField, NumberField

#: Makes the median absolute deviation of normally distributed values equal to their standard deviation.
MAD_TO_DEVIATION = 1.4826

#: Beyond this many decimals the position of a percentile is rounding error: 29 % of 101 rows is row 29, not 28.999….
POSITION_DECIMALS = 6


@dataclass(frozen=True)
class Rule:
    """One way to choose a cut-off. `label` names it beside a tick, with its value."""

    title: str
    help: str
    label: str
    parameter: Field
    cut_off: Callable[[Scores, float], float]


@dataclass(frozen=True)
class Threshold:
    """A rule, its value, and the cut-off it gave on a run's training scores."""

    rule: str
    value: float
    cut_off: float

    def label(self) -> Message:
        """The rule and its value in two words, such as "top 40"."""
        return Message(RULES[self.rule].label, {"value": self.value})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Threshold:
        rule = _rule(record["rule"])
        return cls(record["rule"], rule.parameter.check(record["rule"], record["value"]), float(record["cut_off"]))


def threshold(rule: str, value: float, sorted_scores: Scores) -> Threshold:
    """The threshold that `rule` gives with `value`; raises what `cut_off` raises."""
    return Threshold(rule, value, cut_off(rule, value, sorted_scores))


def cut_off(rule: str, value: float, sorted_scores: Scores) -> float:
    """The score above which rows are flagged, by the rule called `rule` (a key of `RULES`).

    Raises:
        ParameterError: there is no such rule, or `value` is outside its limits.
        DataError: the rule cannot be applied to these scores.
    """
    chosen = _rule(rule)
    checked = chosen.parameter.check(rule, value)
    if not len(sorted_scores):
        raise DataError(N_("There are no scores to choose a cut-off from. Train a detector on at least 2 rows first."))
    return float(chosen.cut_off(sorted_scores, checked))


def flagged_count(sorted_scores: Scores, cut_off: float) -> int:
    """How many scores are strictly greater than `cut_off`."""
    return len(sorted_scores) - int(np.searchsorted(sorted_scores, cut_off, side="right"))


def applicable(sorted_scores: Scores, values: Mapping[str, float]) -> list[Threshold]:
    """The thresholds of those rules among `values` (rule → value) that these scores allow; `cut_off` says why not."""
    found = []
    for rule, value in values.items():
        try:
            found.append(threshold(rule, value, sorted_scores))
        except DataError:  # not a failure: ticks are offered only for rules that can be taken
            continue
    return found


def percentile(sorted_scores: Scores, percent: float) -> float:
    """The score below which `percent` % of the rows lie, interpolated linearly between neighbours (as numpy does).

    Of equal scores none is above it: where all are equal, nothing is flagged.
    """
    position = round(percent * (len(sorted_scores) - 1) / 100, POSITION_DECIMALS)
    below = int(position)
    low, high = float(sorted_scores[below]), float(sorted_scores[min(below + 1, len(sorted_scores) - 1)])
    return min(low + (high - low) * (position - below), high)


def highest_rows(sorted_scores: Scores, rows: float) -> float:
    """A cut-off that flags the `rows` highest scores, midway to the next lower one so that rounding cannot move a row.

    Where equal scores straddle the border, it flags the fewer rows: never more than `rows`.
    """
    total, wanted = len(sorted_scores), int(rows)
    if wanted > total:
        raise DataError(N_("{wanted} rows cannot be flagged: there are only {total}. Choose at most {total}."), wanted=wanted, total=total)
    if wanted == total:
        return float(sorted_scores[0] - _step_below(sorted_scores))
    border = float(sorted_scores[total - wanted - 1])
    first_above = int(np.searchsorted(sorted_scores, border, side="right"))
    if first_above == total:
        equal = total - int(np.searchsorted(sorted_scores, border, side="left"))
        raise DataError(
            N_("The {equal} highest scores are equal, so {wanted} of them cannot be chosen. Choose at least {equal} rows or another rule."),
            equal=equal, wanted=wanted,
        )  # fmt: skip
    return _between(border, float(sorted_scores[first_above]))


def _median_deviations(sorted_scores: Scores, factor: float) -> float:
    median = percentile(sorted_scores, 50)
    spread = float(np.median(np.abs(sorted_scores - median)))
    if spread == 0:
        raise DataError(N_("More than half of the scores are equal, so their median deviation is zero. Choose a percentile instead."))
    return median + factor * MAD_TO_DEVIATION * spread


def _quartile_ranges(sorted_scores: Scores, factor: float) -> float:
    lower, upper = percentile(sorted_scores, 25), percentile(sorted_scores, 75)
    if lower == upper:
        raise DataError(N_("The middle half of the scores are equal, so their interquartile range is zero. Choose a percentile instead."))
    return upper + factor * (upper - lower)


def _as_given(sorted_scores: Scores, value: float) -> float:
    return value


def _between(low: float, high: float) -> float:
    middle = low + (high - low) / 2
    return middle if low <= middle < high else low  # neighbouring floats have nothing between them


def _step_below(sorted_scores: Scores) -> float:
    """A distance below the lowest score that rounding for display does not swallow."""
    lowest, highest = float(sorted_scores[0]), float(sorted_scores[-1])
    return max((highest - lowest) / 100, abs(lowest) / 100) or 1.0


def _rule(name: str) -> Rule:
    if name not in RULES:
        raise ParameterError(N_("There is no rule `{name}`. The rules are {known}."), name=str(name), known=", ".join(RULES))
    return RULES[name]


RULES: dict[str, Rule] = {
    "percentile": Rule(
        title=N_("Percentile"),
        help=N_("Flags the rows whose score is above this percentile: 95 flags about 5 % of the rows."),
        label=N_("{value} %"),
        parameter=NumberField(95.0, N_("Percentile"), N_("Share of the rows that stay below the cut-off, in %."), low=0, high=100),
        cut_off=percentile,
    ),
    "rows": Rule(
        title=N_("Number of rows"),
        help=N_("Flags this many rows, those with the highest scores; fewer where equal scores straddle the border."),
        label=N_("top {value}"),
        parameter=IntegerField(50, N_("Rows"), N_("How many rows to flag at most."), low=1, high=1_000_000_000),
        cut_off=highest_rows,
    ),
    "mad": Rule(
        title=N_("Median deviations"),
        help=N_("Flags scores this many robust standard deviations (1.4826 × median absolute deviation) above the median."),
        label=N_("MAD × {value}"),
        parameter=NumberField(3.0, N_("Deviations"), N_("Robust standard deviations above the median."), low=0, high=1000),
        cut_off=_median_deviations,
    ),
    "iqr": Rule(
        title=N_("Interquartile ranges"),
        help=N_("Flags scores this many interquartile ranges above the third quartile, as a box plot does."),
        label=N_("IQR × {value}"),
        parameter=NumberField(1.5, N_("Ranges"), N_("Interquartile ranges above the third quartile."), low=0, high=1000),
        cut_off=_quartile_ranges,
    ),
    "manual": Rule(
        title=N_("By hand"),
        help=N_("Flags the rows whose score is above the value that was typed or dragged to."),
        label=N_("by hand"),
        parameter=NumberField(
            0.0, N_("Cut-off"), N_("Rows with a greater score are flagged."), low=-sys.float_info.max, high=sys.float_info.max
        ),
        cut_off=_as_given,
    ),
}
