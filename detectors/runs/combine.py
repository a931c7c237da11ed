"""One run out of several: the request of an ensemble whose members are the detectors of finished runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from detectors.errors import DataError
from detectors.messages import N_
from detectors.runs.judged import DETECTOR
from detectors.runs.request import RunRequest

#: The detector that joins others.
ENSEMBLE = "ensemble"


def combined(requests: Sequence[RunRequest]) -> RunRequest:
    """Asks for an ensemble of the detectors of `requests`, with their parameters, on the items they all see.

    Raises:
        DataError: they do not see the same items.
    """
    first = requests[0]
    if len(requests) < 2:
        raise DataError(N_("It takes two runs to combine."))
    if any(each.detector == DETECTOR for each in requests):
        raise DataError(
            N_("A run that learned from verdicts begins with another run and is no detector that others could be combined with.")
        )
    for other in requests[1:]:
        if (other.representation, dict(other.preparation)) != (first.representation, dict(first.preparation)):
            raise DataError(
                N_("These runs see the data in different forms ({one} and {other}, or other choices of preparation), and only detectors that "
                   "see the same can be combined. Train them with the same preparation first."),
                one=first.representation, other=other.representation,
            )  # fmt: skip
        if _learned_from(other) != _learned_from(first):
            raise DataError(
                N_("These runs learned from different rows or columns, and only detectors that learn from the same can be combined.")
            )
    members = [{"detector": each.detector, "parameters": dict(each.parameters)} for each in requests]
    return replace(first, detector=ENSEMBLE, parameters={"members": members}, scored_by=None, retrains=None)


def _learned_from(request: RunRequest) -> tuple[object, ...]:
    return dict(request.roles), request.fit_where, request.fit_first, request.fit_sample, request.kind
