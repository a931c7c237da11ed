"""Turns a data set of some kind into a representation that detectors take. Fitted on training rows only.

Found like detectors: every `Preparation` in a file of this folder that declares a kind and a representation.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.preparation.contract import FILE, Items, Preparation
from detectors.storage.files import read_json

__all__ = ["Items", "Preparation", "find_preparation", "load_preparation", "preparations", "representations"]


@cache
def preparations() -> dict[tuple[str, str], type[Preparation]]:
    """Every preparation found, by (kind, representation); the native one of a kind before its others. Imports no heavy library."""
    found: list[type[Preparation]] = []
    for module_info in iter_modules([str(Path(__file__).parent)]):
        module = import_module(f"{__name__}.{module_info.name}")
        own = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]
        found += [value for value in own if issubclass(value, Preparation) and hasattr(value, "kind")]
    return {(each.kind, each.representation): each for each in sorted(found, key=lambda each: not each.native)}


def representations(kind: str) -> list[str]:
    """The representations that preparation can make of `kind`, the native one first."""
    return [representation for its_kind, representation in preparations() if its_kind == kind]


def find_preparation(kind: str, representation: str) -> type[Preparation]:
    """What turns `kind` into `representation`."""
    return preparations()[kind, representation]


def load_preparation(folder: Path) -> Preparation:
    """The preparation that was saved in `folder`, whichever it is."""
    record = read_json(folder / FILE)
    found = preparations().get((record["kind"], record["representation"]))
    if found is None:
        raise StorageError(
            N_("This was saved with a preparation of {kind} into {representation} that this version does not have. Install the version that wrote it."),
            kind=record["kind"], representation=record["representation"],
        )  # fmt: skip
    return found.load(folder)
