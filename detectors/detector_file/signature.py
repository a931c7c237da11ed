"""The signature of an installation: that a manifest, and with it every member, was written here and is unchanged."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from detectors.errors import StorageError
from detectors.messages import N_
from detectors.settings import Settings
from detectors.storage.files import KEY_FILE

KEY_BYTES = 32

#: Who signed a detector file: this installation, another one, nobody.
Signed = Literal["here", "elsewhere", "nobody"]

FORGED = N_("`{file}` was not opened: its member `{member}` does not fit its manifest, so it was changed after it was signed here.")


@dataclass(frozen=True)
class SigningKey:
    """A secret of this installation, and the name under which its signatures say that they are of it."""

    secret: bytes

    @property
    def name(self) -> str:
        return hashlib.sha256(b"anomalyst detector file" + self.secret).hexdigest()[:16]

    @classmethod
    def of(cls, workspace: Path) -> Self:
        """The key of the installation in the folder `workspace`, made where there is none, readable by its owner alone.

        Raises:
            StorageError: it is not what was written.
        """
        path = workspace / KEY_FILE
        try:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return cls(_kept(path))
        secret = secrets.token_bytes(KEY_BYTES)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        return cls(secret)

    def sign(self, manifest: bytes) -> bytes:
        """The signature of the bytes of a `manifest`, as JSON."""
        return json.dumps({"key": self.name, "hmac_sha256": self._digest(manifest)}).encode()

    def _digest(self, manifest: bytes) -> str:
        return hmac.new(self.secret, manifest, hashlib.sha256).hexdigest()


def installed_key() -> SigningKey | None:
    """The key of the installation whose workspace the settings name; None where there is no workspace yet."""
    workspace = Settings.from_environment().workspace
    try:
        return SigningKey.of(workspace) if workspace.is_dir() else None
    except PermissionError:  # the installation of someone else is not this one
        return None


def signed_by(signature: bytes | None, manifest: bytes, key: SigningKey | None, file: str) -> Signed:
    """Who signed `manifest`, the bytes of it.

    Raises:
        StorageError: it says that this installation did, and that is not so; or the signature is damaged.
    """
    if signature is None:
        return "nobody"
    try:
        record = json.loads(signature)
        name, digest = str(record["key"]), str(record["hmac_sha256"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(FORGED, file=file, member="signature.json") from error
    if key is None or name != key.name:
        return "elsewhere"
    if not hmac.compare_digest(digest.encode(), key._digest(manifest).encode()):
        raise StorageError(FORGED, file=file, member="signature.json")
    return "here"


def _kept(path: Path) -> bytes:
    secret = path.read_bytes()
    if len(secret) != KEY_BYTES:
        raise StorageError(
            N_("`{file}` in the workspace is damaged. Remove it; files that were signed with it count as written elsewhere."),
            file=path.name,
        )
    return secret
