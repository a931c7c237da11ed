"""A finished run that another one starts from: its preparation is taken as it is, and learning goes on from its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from detectors import registry
from detectors.errors import DataError, StorageError
from detectors.messages import N_, Message
from detectors.runs.folder import RunFolder
from detectors.runs.request import RunRequest
from detectors.storage.files import RUN_GONE

#: Roles of columns that say something about a row without being learned from.
NOT_LEARNED = ("label", "id", "ignored")


@dataclass(frozen=True)
class Earlier:
    """What an earlier run has learned, and from what."""

    folder: Path
    """Holds ``detector/`` and ``preparation/``."""
    data_id: str
    """Empty where nobody knows."""
    kind: str
    representation: str
    detector: str
    parameters: Mapping[str, Any]
    roles: Mapping[str, str]

    @classmethod
    def of_run(cls, run: RunFolder) -> Self:
        """
        Raises:
            StorageError: the run is not there (any longer), or has not ended well.
        """
        if not run.result.exists():
            raise StorageError(RUN_GONE)
        asked = run.request()
        parameters = run.summary()["parameters"]
        return cls(run.result, asked.data_id, asked.kind, asked.representation, asked.detector, parameters, asked.used_roles)

    def why_not(self, request: RunRequest) -> Message | None:
        """Why `request` cannot start from it; None: it can."""
        detector = registry.create(request.representation, request.detector, seed=request.seed, **request.parameters)
        why_not = detector.cannot_start_from(self.representation, self.detector, self.parameters)
        if why_not is not None:
            return why_not
        if self.kind != request.kind:
            return Message(N_("The earlier run is on {there} data, these are {here} data."), {"there": self.kind, "here": request.kind})
        differing = sorted(learned_columns(self.roles).items() ^ learned_columns(request.used_roles).items())
        if differing:
            return Message(
                N_("The earlier run has learned from other columns; one that differs is `{column}`. Give the columns the same roles as there."),
                {"column": differing[0][0]},
            )  # fmt: skip
        if detector.supervised and self.data_id == request.data_id:
            return Message(
                N_(
                    "{title} has learned from these labels in the earlier run, so nobody could say how good it is on them. "
                    "Start from a run on other data."
                ),
                {"title": detector.title},
            )
        return None

    def check(self, request: RunRequest) -> None:
        """Raises `DataError` where `request` cannot start from it."""
        why_not = self.why_not(request)
        if why_not is not None:
            raise DataError(why_not.template, **why_not.values)


def learned_columns(roles: Mapping[str, str]) -> dict[str, str]:
    """The columns that are learned from, or order what is, with their roles."""
    return {column: role for column, role in roles.items() if role not in NOT_LEARNED}
