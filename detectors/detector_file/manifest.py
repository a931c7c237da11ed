"""What a detector file says of itself. Reading it needs json and zipfile alone: no array is opened, no library loaded."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from detectors.errors import StorageError
from detectors.messages import N_

#: The newest format that is read; a file whose weights are kept smaller has it, so that what does not know such weights refuses it.
FORMAT_VERSION = 3

#: The format of all others: earlier versions read them.
PLAIN_FORMAT = 2

MANIFEST, CARD, SIGNATURE = "manifest.json", "card.md", "signature.json"

#: A manifest describes columns and members; one of more bytes was not written by this program.
LARGEST_MANIFEST = 64 << 20

NOT_ONE = N_("`{file}` is not a detector file, or is damaged. Take one that a training has written.")
_NEWER = N_("`{file}` has format {found}; this version reads formats up to {known}. Install the version that wrote it, or a newer one.")


@dataclass(frozen=True)
class Member:
    """A member of the zip as the manifest lists it."""

    sha256: str
    bytes: int | None = None
    """None in files of format 1, which did not say."""


@dataclass(frozen=True)
class KeptThreshold:
    """Where unusual begins, and who decided so why. A row is flagged when its score is strictly greater than `cut_off`."""

    rule: str
    value: float
    cut_off: float
    reason: str = ""
    """Why, in the words of whoever chose it."""
    chosen_by: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    """What a rule keeps beyond its value."""
    segments: Mapping[str, Any] | None = None
    """Where segments have cut-offs of their own: the ``column``, and ``cut_offs`` by its values; others have the common one."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        known = {each.name for each in fields(cls)} - {"more"}
        more = {name: value for name, value in record.items() if name not in known and name != "more"}
        found = {name: record[name] for name in known if name in record}
        kept = cls(**{**found, "more": {**more, **record.get("more", {})}})
        return cls(**{**vars(kept), "cut_off": float(kept.cut_off), "value": float(kept.value), "rule": str(kept.rule)})


@dataclass(frozen=True)
class Manifest:
    """Everything a detector file says of itself; members have their own files."""

    detector: str
    kind: str
    representation: str
    parameters: Mapping[str, Any]
    seed: int
    roles: Mapping[str, str]
    """Every column of the training data → feature, time, entity, text, label, id, ignored."""
    features: list[str]
    threshold: KeptThreshold
    members: Mapping[str, Member]
    rows: int
    fitted_rows: int
    format_version: int = PLAIN_FORMAT
    title: str = ""
    written: str = ""
    """When, in ISO form, UTC."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Library → version; also ``python`` and ``anomalyst``."""
    machine: str = ""
    """The processor's architecture: another one may round differently."""
    columns: list[dict[str, Any]] = field(default_factory=list)
    """The columns that are used: name, role, type, range, categories … (`schema.Column`)."""
    contents: list[dict[str, Any]] | None = None
    """What was inside pictures, texts and times (`schema.contents_of`); None in files that were written before that was looked at."""
    preparation: Mapping[str, Any] = field(default_factory=dict)
    reading: Mapping[str, Any] = field(default_factory=dict)
    """The options that the training file was read with."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The training data: ``name`` and ``sha256`` of the file, ``format``."""
    scores: Mapping[str, Any] = field(default_factory=dict)
    """``quantiles`` of the training scores, the share ``flagged`` of the rows learned from, and the ``levels`` that explanations need."""
    judged: Mapping[str, Any] = field(default_factory=dict)
    """Figures on labelled rows, and how many of them; empty where nothing was labelled."""
    carries: list[dict[str, Any]] = field(default_factory=list)
    """Training rows inside the file (`base.Carried`)."""
    suppressions: list[dict[str, Any]] = field(default_factory=list)
    """Rules that silence flags, as the run kept them."""
    form: Mapping[str, Any] = field(default_factory=dict)
    """Where it was made smaller: how (`smaller.Form`), ``of`` which file (its identity), and what that was ``measured`` to change."""

    @property
    def used(self) -> list[str]:
        """The columns that new data must have: all that are learned from or order what is."""
        return [
            column for column, role in self.roles.items() if role in ("feature", "text", "time", "entity") and self._is_used(column, role)
        ]

    def _is_used(self, column: str, role: str) -> bool:
        return role != "feature" or column in self.features  # the column that chose the training rows is a feature by its role alone

    def to_json(self) -> dict[str, Any]:
        record = {name: value for name, value in vars(self).items() if name not in ("roles", "features", "columns", "threshold", "members")}
        if not self.form:
            del record["form"]
        return {
            "format_version": record.pop("format_version"), **record,
            "schema": {"roles": dict(self.roles), "features": self.features, "columns": self.columns},
            "threshold": self.threshold.to_json(), "members": {name: asdict(member) for name, member in self.members.items()},
        }  # fmt: skip

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """
        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is no manifest.
        """
        schema = record["schema"]
        known = {each.name for each in fields(cls)}
        plain = {name: value for name, value in record.items() if name in known}
        members = {name: Member(digest) if isinstance(digest, str) else Member(**digest) for name, digest in record["members"].items()}
        return cls(**{
            **plain, "roles": dict(schema["roles"]), "features": list(schema["features"]), "columns": list(schema.get("columns", [])),
            "threshold": KeptThreshold.from_json(record["threshold"]), "members": members, "form": dict(record.get("form") or {}),
        })  # fmt: skip


def read_manifest(path: Path) -> Manifest:
    """The manifest of the detector file `path`, its members neither opened nor checked.

    Raises:
        StorageError: it is not a detector file, or has a newer format.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
                raise ValueError(MANIFEST)
            text = archive.read(MANIFEST)
    except (OSError, ValueError, KeyError, RuntimeError, NotImplementedError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise StorageError(NOT_ONE, file=path.name) from error
    return manifest_of(text, path.name)


def identity_of(path: Path) -> str:
    """The SHA-256 of the manifest of a detector file that was written here: it names that of every member."""
    with zipfile.ZipFile(path) as archive:
        return hashlib.sha256(archive.read(MANIFEST)).hexdigest()


def manifest_of(text: bytes, file: str) -> Manifest:
    """The manifest in the JSON `text`, of the detector file called `file`.

    Raises:
        StorageError: it is none, or has a newer format.
    """
    try:
        record = json.loads(text)
        version = int(record["format_version"])
        if version > FORMAT_VERSION:
            raise StorageError(_NEWER, file=file, found=version, known=FORMAT_VERSION)
        return Manifest.from_json(record)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise StorageError(NOT_ONE, file=file) from error
