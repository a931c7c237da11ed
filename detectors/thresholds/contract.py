"""The contract that every rule keeps, and the arithmetic on sorted scores that several of them share."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from detectors.base import Scores
from detectors.errors import DataError
from detectors.messages import N_
from detectors.params import Field, Parametrised
from detectors.thresholds.evidence import Evidence

#: Beyond this many decimals the position of a percentile is rounding error: 29 % of 101 rows is row 29, not 28.999….
POSITION_DECIMALS = 6

#: Of rows parted into groups, a group with a larger share of them is not that of the unusual ones.
MOST_UNUSUAL = 0.5


class Rule(Parametrised):
    """One way to choose a cut-off.

    A subclass declares the class attributes, its main parameter `value`, where it needs them further ones, and writes
    `cut_off`. One file, one rule: the file's name is the rule's name.
    """

    title: ClassVar[str]
    help: ClassVar[str]
    label: ClassVar[str]
    """Names it beside a tick, with its `{value}`."""
    setting: ClassVar[str] = ""
    """What its parameters say beside its title; empty where there is nothing to say unless they were changed."""
    order: ClassVar[int]
    """Its place among the rules."""
    grows: ClassVar[int] = 0
    """1 where a greater `value` never flags fewer rows, -1 where it never flags more, 0 where neither holds."""
    parameter: ClassVar[Field]
    """The declaration of its main parameter."""
    value: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "value" in cls.fields:
            cls.parameter = cls.fields["value"]

    @classmethod
    def name(cls) -> str:
        """The rule's name: its file's name."""
        return cls.__module__.rpartition(".")[2]

    @property
    def more(self) -> dict[str, float]:
        """Its parameters besides `value`, by name."""
        return {name: value for name, value in self.parameters.items() if name != "value"}

    def cut_off(self, evidence: Evidence) -> float:
        """The score above which rows are flagged.

        Raises:
            DataError: the rule cannot be applied to these scores.
        """
        raise NotImplementedError


def check_differ(sorted_scores: Scores) -> None:
    """Raises `DataError` where all scores are equal: nothing in them tells rows apart."""
    if sorted_scores[0] == sorted_scores[-1]:
        raise DataError(N_("All {rows} scores are equal, so nothing tells the rows apart."), rows=len(sorted_scores))


def check_few(sorted_scores: Scores, cut_off: float) -> None:
    """Raises `DataError` where most scores are above the cut-off: a group that holds most rows is not that of the unusual ones."""
    share = flagged_count(sorted_scores, cut_off) / len(sorted_scores)
    if share > MOST_UNUSUAL:
        raise DataError(
            N_("The group of higher scores would hold {share} % of the rows: these are no unusual ones. Other rules fit better."),
            share=round(100 * share),
        )


def flagged_count(sorted_scores: Scores, cut_off: float) -> int:
    """How many scores are strictly greater than `cut_off`."""
    return len(sorted_scores) - int(np.searchsorted(sorted_scores, cut_off, side="right"))


def percentile(sorted_scores: Scores, percent: float) -> float:
    """The score below which `percent` % of the rows lie, interpolated linearly between neighbours (as numpy does).

    Of equal scores none is above it: where all are equal, nothing is flagged.
    """
    position = round(percent * (len(sorted_scores) - 1) / 100, POSITION_DECIMALS)
    below = int(position)
    low, high = float(sorted_scores[below]), float(sorted_scores[min(below + 1, len(sorted_scores) - 1)])
    return min(low + (high - low) * (position - below), high)


def highest_rows(sorted_scores: Scores, wanted: int) -> float:
    """A cut-off that flags the `wanted` highest scores, midway to the next lower one so that rounding cannot move a row.

    Where equal scores straddle the border, it flags the fewer rows: never more than `wanted`.

    Raises:
        DataError: there are not so many rows, or the highest ones are equal and more than that.
    """
    total = len(sorted_scores)
    if wanted > total:
        raise DataError(N_("{wanted} rows cannot be flagged: there are only {total}. Choose at most {total}."), wanted=wanted, total=total)
    if wanted == total:
        return float(sorted_scores[0]) - step_below(sorted_scores)
    border = float(sorted_scores[total - wanted - 1])
    first_above = int(np.searchsorted(sorted_scores, border, side="right"))
    if first_above == total:
        equal = total - int(np.searchsorted(sorted_scores, border, side="left"))
        raise DataError(
            N_("The {equal} highest scores are equal, so {wanted} of them cannot be chosen. Choose at least {equal} rows or another rule."),
            equal=equal, wanted=wanted,
        )  # fmt: skip
    return between(border, float(sorted_scores[first_above]))


def between(low: float, high: float) -> float:
    """A number from `low` to below `high`, midway where there is one."""
    middle = low + (high - low) / 2
    return middle if low <= middle < high else low  # neighbouring floats have nothing between them


def step_below(sorted_scores: Scores) -> float:
    """A distance below the lowest score that rounding for display does not swallow."""
    lowest, highest = float(sorted_scores[0]), float(sorted_scores[-1])
    return max((highest - lowest) / 100, abs(lowest) / 100) or 1.0
