"""Sends a large file from the disk of the workspace: never more of it in memory than a megabyte."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import BinaryIO
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from detectors.errors import AnomalystError, StorageError
from detectors.messages import N_
from pages.shared.language import plain
from pages.shared.streamed_download.offers import OFFERS, PATH, File
from pages.shared.streamed_upload.permits import Page

#: Bytes that are sent at once.
PIECE = 1 << 20

#: What a browser says of a link that was followed on a page of ours; older ones say nothing.
_OWN_PAGES = (None, "same-origin", "none")

_DISK_FULL = N_("There is no room left on the disk to write `{name}`. Free some, or flag fewer rows.")


async def send(request: Request) -> Response:
    """Answers with the file that the page offered; else with a sentence."""
    try:
        if request.headers.get("sec-fetch-site") not in _OWN_PAGES:
            return Response(status_code=403)
        file = OFFERS.find(request.query_params.get("offer", ""), Page.of(request.headers, request.cookies))
    except AnomalystError as error:
        return _refused(error, 403)
    try:
        written, size = await run_in_threadpool(_written, file)
    except AnomalystError as error:
        return _refused(error, 409)
    headers = {"Content-Length": str(size), "Content-Disposition": f"attachment; filename*=utf-8''{quote(file.name, safe='')}"}
    return StreamingResponse(_pieces(written), media_type=file.media_type, headers={**headers, "Cache-Control": "no-store"})


ROUTE = Route(PATH, send, methods=["GET"])


def _written(file: File) -> tuple[BinaryIO, int]:
    """The whole file, from its beginning, and how large it is. It has no name, and is gone when it is closed."""
    written = TemporaryFile(dir=file.folder)  # noqa: SIM115 – closed when it has been sent
    try:
        file.write(written)
        size = written.seek(0, 2)
        written.seek(0)
    except BaseException as error:
        written.close()
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise StorageError(_DISK_FULL, name=file.name) from error
        raise
    return written, size


def _pieces(written: BinaryIO) -> Iterator[bytes]:
    with written:
        while piece := written.read(PIECE):
            yield piece


def _refused(error: AnomalystError, status: int) -> Response:
    return PlainTextResponse(plain(error.message.template, **error.message.values), status)
