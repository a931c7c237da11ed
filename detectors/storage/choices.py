"""What was chosen about a data set when its checks were answered: kept beside it, written by the server alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from detectors.storage.files import read_json, write_json

FILE = "choices.json"


@dataclass(frozen=True)
class Applied:
    """A remedy that was applied, and how it was before."""

    key: str
    """The finding that it answered."""
    title: str
    """What was done, a template."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Column → the role it was given."""
    roles_before: Mapping[str, str] = field(default_factory=dict)
    preparation: Mapping[str, Any] = field(default_factory=dict)
    """Parameter of the preparation → the value it was given."""
    preparation_before: Mapping[str, Any] = field(default_factory=dict)
    """Without what had no value before."""


@dataclass(frozen=True)
class Choices:
    """Values that trainings of a data set start from, and the remedies that led to them, the latest last."""

    preparation: Mapping[str, Any] = field(default_factory=dict)
    applied: tuple[Applied, ...] = ()

    def and_also(self, done: Applied) -> Choices:
        """With one more remedy."""
        return Choices({**self.preparation, **done.preparation}, (*self.applied, done))

    def without(self, key: str) -> Choices:
        """Before the remedy that answered the finding `key`; what was chosen since then stays."""
        undone = next((each for each in self.applied if each.key == key), Applied("", ""))
        preparation = {
            name: undone.preparation_before.get(name) if self._is_still(undone, name) else value for name, value in self.preparation.items()
        }
        kept = tuple(each for each in self.applied if each.key != key)
        return Choices({name: value for name, value in preparation.items() if value is not None}, kept)

    def _is_still(self, undone: Applied, name: str) -> bool:
        return name in undone.preparation and self.preparation.get(name) == undone.preparation[name]


def load_choices(folder: Path) -> Choices:
    """What was chosen about the data set in `folder`; nothing where nothing was.

    Raises:
        StorageError: the file is damaged.
    """
    if not (folder / FILE).exists():
        return Choices()
    record = read_json(folder / FILE)
    return Choices(record["preparation"], tuple(Applied(**done) for done in record["applied"]))


def save_choices(choices: Choices, folder: Path) -> None:
    write_json(folder / FILE, asdict(choices))
