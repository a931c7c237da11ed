"""Rules: conditions on columns that someone who knows the data writes down."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.base import Detector, Progress, Scores
from detectors.conditions import Condition, conditions, is_met
from detectors.errors import DetectorError
from detectors.messages import N_
from detectors.params import Preset, choice

#: Between rows that meet the same conditions, how far past their values decides: by less than this share of the smallest
#: weight. Where weights are no multiples of it, by far less, or it could outweigh what conditions differ by.
TIE_SHARE, SMALL_TIE_SHARE = 0.5, 1e-3


class Rules(Detector):
    """Counts the conditions that a row meets, each by its weight; of equal rows the one farther past the values is more unusual.

    A table's preparation tells, in a number for each condition, whether it is met in the data's own values. On plain
    arrays a column is called by its name or, where there are none, its place from 1, and its numbers are compared.
    """

    title = N_("Rules")
    family = N_("Rules")
    summary = N_("Counts how many of your conditions a row meets: column, comparison, value.")
    reference = "Hayes-Roth: Rule-based systems, Communications of the ACM 28(9), 1985, doi:10.1145/4284.4286"
    when = N_("You know what must not happen: a limit, a forbidden value, a combination. Also as a yardstick for what learns by itself.")
    when_not = N_("You cannot say beforehand what is unusual.")
    score_name = N_("conditions met")
    at_once = True
    raw_columns = True

    conditions: tuple[tuple[str, str, str | float, float], ...] = conditions(
        title=N_("Conditions"), help=N_("What makes a row unusual: a column, how it is compared, a value, and how much that counts.")
    )
    combine: str = choice(
        "any", title=N_("A row counts by"), choices={"any": N_("Every condition it meets"), "all": N_("All conditions together, or not at all")},
        help=N_("Whether each condition adds to the score, or only rows that meet all of them have one."),
    )  # fmt: skip

    presets: ClassVar[dict[str, Preset]] = {}
    quick: ClassVar = {"conditions": [[str(column), side, value] for column in (1, 2, 3) for side, value in ((">", 6), ("<", -6))]}

    def asked(self) -> list[Condition]:
        return [Condition(*each) for each in self.conditions]

    def _fit(self, X: NDArray[np.float32], progress: Progress) -> None:
        progress.check()
        if not self.conditions:
            raise DetectorError(N_("{title} needs at least one condition: a column, a comparison and a value."), title=self.title)
        self._met(X[:1])  # says which column there is none of
        progress.report("fitting", 1, 1)

    def _score(self, X: NDArray[np.float32]) -> Scores:
        weights = np.array([each.weight for each in self.asked()])
        numbers = self._met(X)
        met, past = numbers >= 1, np.where(numbers >= 1, numbers - 1, 0)
        if self.combine == "all":
            met &= met.all(axis=1, keepdims=True)
        multiples = weights / weights.min()
        tie = TIE_SHARE if np.array_equal(multiples, multiples.round()) else SMALL_TIE_SHARE
        share = weights / weights.sum() * weights.min() * tie
        return (met * (weights + past * share)).sum(axis=1)

    def _met(self, X: NDArray[np.float32]) -> NDArray[np.float64]:
        """For each row and condition 0, or 1 and how far past, below 1; (rows, conditions)."""
        return np.stack([self._told(each, X) for each in self.asked()], axis=1)

    def _told(self, condition: Condition, X: NDArray[np.float32]) -> NDArray[np.float64]:
        names = self.feature_names_ or [str(place + 1) for place in range(X.shape[1])]
        if self.feature_names_ and condition.name in names:
            return X[:, len(names) - 1 - names[::-1].index(condition.name)].astype(np.float64)
        if condition.column not in names:
            raise DetectorError(
                N_("{title}: there is no column `{column}`. The columns are {known}."),
                title=self.title, column=condition.column, known=", ".join(names[:50]),
            )  # fmt: skip
        return self._compared(condition, X[:, names.index(condition.column)].astype(np.float64))

    def _compared(self, condition: Condition, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        try:
            value = float(condition.value)
        except ValueError as error:
            raise DetectorError(
                N_("{title}: `{column}` holds numbers, and `{value}` is none."),
                title=self.title,
                column=condition.column,
                value=condition.value,
            ) from error
        if condition.comparison in ("contains", "is missing"):
            raise DetectorError(
                N_("{title}: `{column}` holds numbers, which cannot be compared by `{comparison}`."),
                title=self.title, column=condition.column, comparison=condition.comparison,
            )  # fmt: skip
        met, distance = is_met(numbers, condition.comparison, value), np.abs(numbers - value)
        return met * (1 + distance / (1 + distance))

    def _save(self, folder: Path) -> None:
        """Its parameters say everything."""

    def _load(self, folder: Path) -> None:
        """Its parameters say everything."""
