"""Every setting, in one place. Each is an environment variable with the prefix ``ANOMALYST_``; docs/settings.md lists them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from detectors.errors import AnomalystError
from detectors.messages import N_

PREFIX = "ANOMALYST_"


@dataclass(frozen=True)
class Settings:
    """What the owner of this installation decides; the defaults suit one person on a laptop."""

    workspace: Path
    database_url: str
    port: int = 8501
    upload_mb: int = 200
    originals_days: int = 7
    originals_mb: int = 5000
    reader_memory_mb: int = 3072
    worker_memory_mb: int = 4096

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings of this process, read afresh from its environment.

        Raises:
            AnomalystError: a number is not a whole number.
        """
        workspace = Path(os.environ.get(PREFIX + "WORKSPACE", "~/.anomalyst")).expanduser().resolve()
        return cls(
            workspace=workspace,
            database_url=os.environ.get(PREFIX + "DATABASE_URL", f"sqlite:///{workspace / 'anomalyst.db'}"),
            port=_whole("PORT", cls.port),
            upload_mb=_whole("UPLOAD_MB", cls.upload_mb),
            originals_days=_whole("ORIGINALS_DAYS", cls.originals_days),
            originals_mb=_whole("ORIGINALS_MB", cls.originals_mb),
            reader_memory_mb=_whole("READER_MEMORY_MB", cls.reader_memory_mb),
            worker_memory_mb=_whole("WORKER_MEMORY_MB", cls.worker_memory_mb),
        )


def _whole(name: str, default: int) -> int:
    text = os.environ.get(PREFIX + name, str(default))
    if not text.isdecimal() or int(text) == 0:
        raise AnomalystError(N_("The setting {name} must be a whole number above 0. It is `{text}`."), name=PREFIX + name, text=text)
    return int(text)
