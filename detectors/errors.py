"""Errors that a person can act on. Each says what happened, where, what was expected and what to do."""

from __future__ import annotations

from typing import Any

from detectors.messages import Message


class AnomalystError(Exception):
    """Base of every error whose sentence is meant for the analyst: a template and its named values."""

    def __init__(self, template: str, **values: Any) -> None:
        self.message = Message(template, values)
        super().__init__(template, values)

    def __str__(self) -> str:
        return self.message.text()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.message.template, dict(self.message.values))


def _rebuilt(kind: type[AnomalystError], template: str, values: dict[str, Any]) -> AnomalystError:
    return kind(template, **values)


class ParameterError(AnomalystError):
    """A parameter is unknown, of the wrong type or outside its declared limits."""


class DataError(AnomalystError):
    """The data cannot be read, or cannot be used in the way that was asked."""


class DetectorError(AnomalystError):
    """A detector cannot do what was asked: not fitted, wrong shape, values that are not numbers."""


class StorageError(AnomalystError):
    """Something kept in the workspace is missing, damaged or not what its record says."""


class WorkerError(AnomalystError):
    """A process beside the server ended, or did not answer."""


class Discarded(Exception):
    """The analyst stopped the work and wants nothing of it kept. Control flow, never shown as an error."""


class GivenUp(AnomalystError):
    """The work was ended before its end for a reason that is no failure, such as a trial that promises too little."""
