"""Finds the detectors: every file in a folder named after a representation is one."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from detectors.base import AXES, Detector
from detectors.errors import ParameterError, StorageError
from detectors.messages import N_
from detectors.preparation import find_preparation, representations


@cache
def detectors() -> dict[tuple[str, str], type[Detector]]:
    """Every detector found, by (representation, name). Imports no heavy library."""
    found = {}
    for representation in AXES:
        for module_info in iter_modules([str(Path(__file__).parent / representation)]):
            module = import_module(f"detectors.{representation}.{module_info.name}")
            found[representation, module_info.name] = _only_detector(module)
    return found


def _only_detector(module: Any) -> type[Detector]:
    own = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Detector) and v.__module__ == module.__name__]
    if len(own) != 1:
        raise TypeError(f"{module.__name__} must hold exactly one detector, found {len(own)}")
    return own[0]


def for_kind(kind: str) -> list[type[Detector]]:
    """The detectors that can work on `kind`; where two representations share a name, the native one.

    The one that decides by itself comes first: it is for those who would rather not choose. The one that learns from
    verdicts is not among them: it begins with a run.
    """
    chosen: dict[str, type[Detector]] = {}
    for representation in representations(kind):
        for (found, name), detector in detectors().items():
            if (
                found == representation
                and not detector.from_verdicts
                and (not detector.raw_columns or find_preparation(kind, representation).raw_columns)
            ):
                chosen.setdefault(name, detector)
    return sorted(chosen.values(), key=lambda detector: detector.name() != "auto")


def find(kind: str, name: str) -> type[Detector]:
    """The detector called `name` for `kind`, or a `ParameterError` that lists those there are."""
    for detector in for_kind(kind):
        if detector.name() == name:
            return detector
    raise ParameterError(
        N_("There is no detector `{name}` for {kind} data. There are {known}."),
        name=name, kind=kind, known=", ".join(sorted(d.name() for d in for_kind(kind))),
    )  # fmt: skip


def get(representation: str, name: str) -> type[Detector]:
    """The detector called `name` in the folder of `representation`, or a `ParameterError` that lists those there are."""
    found = detectors().get((representation, name))
    if found is None:
        known = sorted(other for its_representation, other in detectors() if its_representation == representation)
        raise ParameterError(
            N_("There is no detector `{name}` on {representation}. There are {known}."),
            name=name, representation=representation, known=", ".join(known),
        )  # fmt: skip
    return found


def create(representation: str, name: str, *, seed: int = 0, **parameters: Any) -> Detector:
    """The detector called `name` in the folder of `representation`, with `parameters`; it can create others the same way.

    Raises:
        ParameterError: there is no such detector or parameter, or a value is outside its limits.
    """
    return get(representation, name)(seed=seed, create=create, **parameters)


def load(folder: Path) -> Detector:
    """The detector that was saved in `folder`, whichever it is."""
    record = json.loads((folder / "detector.json").read_text(encoding="utf-8"))
    detector = detectors().get((record["representation"], record["detector"]))
    if detector is None:
        raise StorageError(
            N_("This was saved by a detector `{name}` that this version does not have. Install the version that wrote it."),
            name=record["detector"],
        )
    return detector.load(folder, create)
