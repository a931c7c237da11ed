"""Every setting, in one place. Each is an environment variable with the prefix ``ANOMALYST_``; docs/settings.md lists them."""

from __future__ import annotations

import getpass
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from detectors.errors import AnomalystError
from detectors.messages import N_

PREFIX = "ANOMALYST_"

#: Where data sets can be fetched from, besides this machine: object stores.
URL_SCHEMES = ("s3", "gs")

#: Who decides where not even the operating system knows a name.
NAMELESS = "local"


@dataclass(frozen=True)
class Settings:
    """What the owner of this installation decides; the defaults suit one person on a laptop."""

    workspace: Path
    database_url: str
    port: int = 8501
    upload_mb: int = 200
    originals_days: int = 7
    originals_mb: int = 20_000
    large_upload_mb: int = 20_000
    keep_free_mb: int = 1_000
    folder: Path | None = None
    urls: tuple[str, ...] = ()
    reader_memory_mb: int = 3072
    worker_memory_mb: int = 4096
    author: str = NAMELESS
    address: str = ""
    """Where the dashboard is reached, as it stands in links; empty: on this machine, by its port."""
    watch_folders: tuple[Path, ...] = ()
    smtp: str = ""
    """The mail server, HOST:PORT; empty: no e-mails."""

    @property
    def link_base(self) -> str:
        """What links to a page begin with."""
        return self.address or f"http://127.0.0.1:{self.port}"

    @property
    def is_alone(self) -> bool:
        """Whether only this machine can open the dashboard, as far as settings tell."""
        bound = os.environ.get("STREAMLIT_SERVER_ADDRESS", "127.0.0.1")
        return is_this_machine(bound) and is_this_machine(urlsplit(self.link_base).hostname or "")

    @property
    def largest_mb(self) -> int:
        """The largest file that can come in, in whichever way."""
        return max(self.upload_mb, self.large_upload_mb)

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings of this process, read afresh from its environment.

        Raises:
            AnomalystError: a number is not a whole number, the folder is none, or a URL is of a kind that is not read.
        """
        workspace = Path(os.environ.get(PREFIX + "WORKSPACE", "~/.anomalyst")).expanduser().resolve()
        return cls(
            workspace=workspace,
            database_url=os.environ.get(PREFIX + "DATABASE_URL", f"sqlite:///{workspace / 'anomalyst.db'}"),
            port=_whole("PORT", cls.port),
            upload_mb=_whole("UPLOAD_MB", cls.upload_mb),
            originals_days=_whole("ORIGINALS_DAYS", cls.originals_days),
            originals_mb=_whole("ORIGINALS_MB", cls.originals_mb),
            large_upload_mb=_whole("LARGE_UPLOAD_MB", cls.large_upload_mb),
            keep_free_mb=_whole("KEEP_FREE_MB", cls.keep_free_mb),
            folder=_folder("FOLDER"),
            urls=_urls("URLS"),
            reader_memory_mb=_whole("READER_MEMORY_MB", cls.reader_memory_mb),
            worker_memory_mb=_whole("WORKER_MEMORY_MB", cls.worker_memory_mb),
            author=os.environ.get(PREFIX + "AUTHOR", "").strip() or _user(),
            address=_address("ADDRESS"),
            watch_folders=_folders("WATCH_FOLDERS"),
            smtp=_server("SMTP"),
        )


def _user() -> str:
    """The name by which the operating system knows who started this process, where it knows one."""
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # a container's user without an entry
        return NAMELESS


def _folder(name: str) -> Path | None:
    text = os.environ.get(PREFIX + name)
    if not text:
        return None
    folder = Path(text).expanduser().resolve()
    if not folder.is_dir():
        raise AnomalystError(N_("The setting {name} must name a folder. There is none at `{text}`."), name=PREFIX + name, text=text)
    return folder


def _folders(name: str) -> tuple[Path, ...]:
    found = []
    for text in filter(None, os.environ.get(PREFIX + name, "").split(os.pathsep)):
        folder = Path(text).expanduser().resolve()
        if not folder.is_dir():
            raise AnomalystError(N_("The setting {name} must name folders. There is none at `{text}`."), name=PREFIX + name, text=text)
        found.append(folder)
    return tuple(found)


def _address(name: str) -> str:
    text = os.environ.get(PREFIX + name, "").strip().rstrip("/")
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or "@" in parts.netloc):
        raise AnomalystError(
            N_("The setting {name} must be the address of the dashboard, such as https://anomalyst.example.org. It is `{text}`."),
            name=PREFIX + name, text=text,
        )  # fmt: skip
    return text


def _server(name: str) -> str:
    text = os.environ.get(PREFIX + name, "").strip()
    host, separator, port = text.rpartition(":")
    if text and not (separator and host and port.isdecimal() and 0 < int(port) < 65536):
        raise AnomalystError(
            N_("The setting {name} must be HOST:PORT, such as mail.example.org:587. It is `{text}`."), name=PREFIX + name, text=text
        )
    return text


def is_this_machine(host: str) -> bool:
    """Whether a name or an address is that of this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _urls(name: str) -> tuple[str, ...]:
    prefixes = tuple(os.environ.get(PREFIX + name, "").split())
    for prefix in prefixes:
        scheme, separator, place = prefix.partition("://")
        if scheme not in URL_SCHEMES or not separator or not place.strip("/"):
            raise AnomalystError(
                N_("The setting {name} must hold beginnings of URLs such as {examples}, with spaces between them. `{text}` is none."),
                name=PREFIX + name, text=prefix, examples="s3://bucket/folder/, gs://bucket/",
            )  # fmt: skip
    return prefixes


def _whole(name: str, default: int) -> int:
    text = os.environ.get(PREFIX + name, str(default))
    if not text.isdecimal() or int(text) == 0:
        raise AnomalystError(N_("The setting {name} must be a whole number above 0. It is `{text}`."), name=PREFIX + name, text=text)
    return int(text)
