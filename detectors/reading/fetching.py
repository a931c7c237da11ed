"""Fetches a file from an object store to disk. Runs inside the worker, with the credentials that the server was started with.

Only places whose beginning the server's owner allows are asked; nothing in a URL says whom to ask or as whom.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from detectors.errors import DataError
from detectors.messages import N_
from detectors.reading import progress
from detectors.storage.arrivals import Arrival, Room

#: What is fetched is called so, whatever its name was.
FETCHED_FILE = "fetched"

#: Bytes asked for at once.
CHUNK = 8 << 20

#: Seconds to wait for a connection and for an answer.
CONNECT_S, ANSWER_S = 10, 60

#: Written in no URL of ours: they would change what is asked for, or hide it.
_ODD = ("?", "#", "@", "\\", "%", "*")

SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS")

_NOT_ALLOWED = N_("`{url}` is not among the places that this server fetches from. They begin with {allowed}.")
_NOT_A_FILE = N_("`{url}` does not name a file: after the name of the bucket comes the path of the file, as in {example}.")
_UNREACHABLE = N_("`{url}` could not be fetched ({reason}). Check the address, and that this server may read it.")
_MISSING = N_("There is no file at `{url}`. Check the address.")


def check_url(url: str, allowed: Sequence[str]) -> str:
    """The name of the file that `url` leads to.

    Raises:
        DataError: it does not begin with one of `allowed`, or does not name a file.
    """
    if not any(_begins(url, prefix) for prefix in allowed):
        raise DataError(_NOT_ALLOWED, url=url, allowed=", ".join(allowed))
    parts = url.partition("://")[2].split("/")
    is_odd = any(character in url for character in _ODD) or not url.isprintable()
    if len(parts) < 2 or is_odd or any(part in ("", ".", "..") for part in parts):
        raise DataError(_NOT_A_FILE, url=url, example="s3://bucket/folder/file.parquet")
    return parts[-1]


def fetch(url: str, room: Room) -> Path:
    """Where the file behind `url`, which was checked, lies in a folder of its own in `room`.

    Raises:
        DataError: it cannot be fetched, or is too large.
        StorageError: there is no room for it.
    """
    name = url.rpartition("/")[2]
    scheme, _, path = url.partition("://")
    try:
        store = _store(scheme)
        found = store.info(path)
        if found["type"] != "file":
            raise DataError(_NOT_A_FILE, url=url, example="s3://bucket/folder/file.parquet")
        with store.open(path, "rb") as stream, Arrival(room, name, int(found["size"])) as arrival:
            progress.begin("fetching", arrival.size)
            while chunk := stream.read(CHUNK):
                arrival.write(chunk)
                progress.advance(len(chunk))
            return arrival.finish()
    except FileNotFoundError as error:
        raise DataError(_MISSING, url=url) from error
    except OSError as error:
        raise DataError(_UNREACHABLE, url=url, reason=_reason(error)) from error


def _begins(url: str, prefix: str) -> bool:
    """Whether `url` lies under `prefix`, which ends with a whole name: ``s3://data`` does not allow ``s3://data-of-others``."""
    return url.startswith(prefix if prefix.endswith("/") else prefix + "/")


def _store(scheme: str) -> Any:
    """The object store as fsspec sees it; Arrow speaks with it, and takes credentials from the environment."""
    from fsspec.implementations.arrow import ArrowFSWrapper  # type: ignore[import-untyped]
    from pyarrow import fs

    if scheme == "gs":
        own = _own_address("STORAGE_EMULATOR_HOST")
        return ArrowFSWrapper(fs.GcsFileSystem(anonymous=bool(own), retry_time_limit=timedelta(seconds=CONNECT_S), **own))
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    own = _own_address("AWS_ENDPOINT_URL_S3") or _own_address("AWS_ENDPOINT_URL")
    return ArrowFSWrapper(fs.S3FileSystem(region=region, connect_timeout=CONNECT_S, request_timeout=ANSWER_S, **own))


def _own_address(variable: str) -> dict[str, str]:
    """Where the server's owner says that the store is, for Arrow; nothing where it is the usual one."""
    address = urlsplit(os.environ.get(variable, ""))
    return {"endpoint_override": address.netloc, "scheme": address.scheme} if address.netloc else {}


def _reason(error: OSError) -> str:
    """What the store said: the first line, and nothing of what only the server should know."""
    said = str(error).partition("\n")[0]
    for name in SECRETS:
        if secret := os.environ.get(name):
            said = said.replace(secret, "…")
    return said[:200] or type(error).__name__
