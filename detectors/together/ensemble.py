"""What ensembles and stacks share: members that the analyst chooses, each with its own parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.arrays import drawn
from detectors.base import Detector, Scores
from detectors.errors import ParameterError
from detectors.messages import N_
from detectors.params import choice, integer, members, number
from detectors.together.detector import Asked, Together
from detectors.together.views import Flattened, View

#: Members that one detector can be made of, at most, and how often each may learn from other rows.
MOST_MEMBERS, MOST_DRAWS = 20, 50


def chosen_members(representation: str, *default: str | dict[str, Any], with_labels: bool = False) -> Any:
    """Declares the members of an ensemble or a stack on `representation`."""
    return members(
        default, title=N_("Members"), most=MOST_MEMBERS, representation=representation, with_labels=with_labels,
        help=N_("The detectors that work together. Each learns for itself, with its default parameters unless it is given others."),
    )  # fmt: skip


class ChosenMembers(Together):
    """Several detectors of the analyst's choice, as one. Members that take vectors see rows of another kind flattened."""

    family = N_("Several together")
    growth = 2.0
    views: ClassVar[Mapping[str, type[View]]] = {View.name: View, Flattened.name: Flattened}
    members: tuple[str | dict[str, Any], ...]

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        if self._create is not None:
            for each in self._chosen():  # a name or parameter that there is not is told now, and not once everything was read
                self._checked_member(self._made(each))

    def _checked_member(self, member: Detector) -> None:
        """Raises `ParameterError` for a member that cannot work here."""

    def _chosen(self) -> list[Asked]:
        return [self._asked_for({"detector": each} if isinstance(each, str) else each) for each in self.members]

    def _asked_for(self, chosen: Mapping[str, Any]) -> Asked:
        representation = chosen.get("representation", self.representation())
        if representation not in (self.representation(), "vectors"):
            raise ParameterError(
                N_("`members`: `{detector}` takes {representation}, and there are only {own} here. Choose one on {own}, or on vectors."),
                detector=chosen["detector"], representation=representation, own=self.representation(),
            )  # fmt: skip
        view = View.name if representation == self.representation() else Flattened.name
        return Asked(representation, chosen["detector"], dict(chosen.get("parameters", {})), view)

    def _asked(self, X: NDArray[np.float32]) -> Sequence[Asked]:
        return self._chosen()

    def spoken_steps(self, steps: int) -> tuple[int, int]:
        """The steps that all members speak of; all of them where there is none such."""
        spoken = [self._made(each).spoken_steps(steps) for each in self._chosen() if each.representation == self.representation()]
        first, stop = max((one for one, _ in spoken), default=0), min((other for _, other in spoken), default=steps)
        return (first, stop) if first < stop else (0, steps)


class EnsembleOf(ChosenMembers):
    """The scores of its members, made comparable and joined.

    A member's score becomes how surprising it is: minus the logarithm of the share of training rows with a higher one.
    """

    title = N_("Ensemble")
    summary = N_("Lets detectors of your choice score every row, each by its own measure, and joins what they say.")
    reference = "Aggarwal & Sathe: Theoretical foundations and algorithms for outlier ensembles, 2015, doi:10.1145/2830544.2830549"
    when = N_(
        "Several detectors are good in different ways, or one of them depends too much on chance: then let it learn from many draws of rows."
    )
    when_not = N_("One of them is clearly better than the others: these would water it down.")
    score_name = N_("joint surprise")

    joined: str = choice(
        "surprise", title=N_("Joined by"),
        choices={"surprise": N_("Mean of calibrated scores"), "ranks": N_("Mean of ranks"), "maximum": N_("Maximum")},
        help=N_("Calibrated scores tell how rare a score is, also far out; ranks bear a member that exaggerates; the maximum flags what any member finds."),
    )  # fmt: skip
    draws: int = integer(
        0, title=N_("Draws of rows"), low=0, high=MOST_DRAWS,
        help=N_("How often each member learns from another random share of the rows (bagging): steadier scores, more time. 0: once, from all rows."),
    )  # fmt: skip
    rows_share: float = number(
        0.5, title=N_("Share of the rows in a draw"), low=0.01, high=1.0, advanced=True,
        help=N_("Smaller draws differ more from each other, and keep groups of anomalies from hiding each other."),
    )  # fmt: skip

    def _checked_member(self, member: Detector) -> None:
        if member.supervised:
            raise ParameterError(
                N_("`members`: {title} learns from labels, and an ensemble has none to give. Choose a stack, or another member."),
                title=member.title,
            )

    def _asked(self, X: NDArray[np.float32]) -> Sequence[Asked]:
        if not self.draws:
            return self._chosen()
        return [self._drawn(each, draw, X.shape[1:]) for draw in range(self.draws) for each in self._chosen()]

    def _drawn(self, asked: Asked, draw: int, shape: tuple[int, ...]) -> Asked:
        """A member that learns from a draw of rows (and of columns, where `columns_share` says so)."""
        share = getattr(self, "columns_share", 1.0)
        columns = drawn(shape[0], max(1, round(share * shape[0])), self.seed + draw).tolist() if share < 1 else ()
        return Asked(asked.representation, asked.name, asked.parameters, asked.view, rows_share=self.rows_share, draw=draw, columns=columns)

    def _joined(self, surprises: NDArray[np.float64]) -> Scores:
        if self.joined == "maximum":
            return surprises.max(axis=1)
        # The share of training scores below a score is its rank, also for a row that was not learned from.
        return super()._joined(-np.expm1(-surprises) if self.joined == "ranks" else surprises)
