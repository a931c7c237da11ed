"""What a check is given, and what it says: a finding in the data's own words, how grave it is, and what helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import pandas as pd

from detectors.messages import Message
from detectors.profile import ColumnProfile

Severity = Literal["serious", "notable", "idea"]

#: The gravest first.
SEVERITIES: tuple[Severity, ...] = ("serious", "notable", "idea")


@dataclass(frozen=True)
class Remedy:
    """One thing to do about a finding: other roles for columns, or choices for the preparation."""

    title: str
    """What the button says, a template."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Column → its new role."""
    preparation: Mapping[str, Any] = field(default_factory=dict)
    """Parameter of the preparation → its value."""
    help: str = ""
    """When to do it and when not, a template."""


@dataclass(frozen=True)
class Finding:
    """One thing about the data that an analyst should know before learning from them."""

    key: str
    """Names it among the findings of a data set: a word, and the column it is about, where it is about one."""
    severity: Severity
    message: Message
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True)
class Facts:
    """A data set as checks see it."""

    kind: str
    rows: int
    profiles: Sequence[ColumnProfile]
    """Of all columns, over all rows."""
    roles: Mapping[str, str]
    sample: pd.DataFrame
    """Features, texts and label of some rows, or of all."""
    preparation: Mapping[str, Any] = field(default_factory=dict)
    """What was chosen for the preparation so far."""

    @cached_property
    def features(self) -> list[ColumnProfile]:
        return [profile for profile in self.profiles if self.roles.get(profile.name) == "feature"]

    @property
    def label(self) -> str | None:
        return next((column for column, role in self.roles.items() if role == "label"), None)

    @property
    def is_sampled(self) -> bool:
        return len(self.sample) < self.rows
