"""Takes in the bytes of a large file, as they come, into the workspace: never more of it in memory than a few megabytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from streamlit.runtime import get_instance

from detectors.errors import AnomalystError, DataError
from detectors.messages import N_
from detectors.storage.arrivals import Arrival
from pages.shared.language import plain
from pages.shared.streamed_upload.permits import PERMITS, UNCOLLECTED_S, Page, Permit

PATH = "/incoming"
PERMIT_HEADER = "x-upload-permit"

#: Bytes that are written at once, in a thread: a slow disk must not hold up the pages.
PIECE = 4 << 20

#: Seconds without a byte after which a connection counts as broken; and the slowest pace, once so many seconds have passed.
SILENCE_S = 60.0
SLOWEST_BYTES_S = 1000

_ENDED = N_("The page that asked for this upload is no longer open. Open it again and choose the file again.")
_LENGTH = N_("`{name}` has another size than was announced. Choose it again when nothing writes to it any more.")
_SLOW = N_("`{name}` came in too slowly, and nothing of it was kept. Try again with a better connection.")


async def receive(request: Request) -> Response:
    """Answers 204 when the file has arrived whole; else a sentence, and nothing of the file is kept."""
    try:
        permit = PERMITS.use(request.headers.get(PERMIT_HEADER, ""), Page.of(request.headers, request.cookies))
    except AnomalystError as error:
        return _refused(error, 403)
    outcome = None
    try:
        _check(request, permit)
        outcome = await _arrived(request, permit)
    except AnomalystError as error:
        PERMITS.settle(permit, error.message)
        return _refused(error, 413)
    except ClientDisconnect:
        return Response(status_code=499)
    finally:
        if permit.refusal is None:
            PERMITS.settle(permit, outcome)
        asyncio.get_running_loop().call_later(UNCOLLECTED_S + 1, PERMITS.drop_expired)
    return Response(status_code=204)


ROUTE = Route(PATH, receive, methods=["PUT"])


def _check(request: Request, permit: Permit) -> None:
    if not get_instance().is_active_session(permit.session):
        raise DataError(_ENDED)
    plain_body = not {"transfer-encoding", "content-encoding"} & set(request.headers)
    if not plain_body or request.headers.get("content-length") != str(permit.size):
        raise DataError(_LENGTH, name=permit.name)


async def _arrived(request: Request, permit: Permit) -> Arrival:
    with await run_in_threadpool(Arrival, permit.room, permit.name, permit.size) as arrival:
        async for piece in _pieces(request, permit):
            await run_in_threadpool(arrival.write, piece)
        await run_in_threadpool(arrival.finish)
    return arrival


async def _pieces(request: Request, permit: Permit) -> AsyncIterator[bytes]:
    """The body in pieces worth writing.

    Raises:
        DataError: nothing comes any more, or hardly anything.
    """
    began, received, piece = time.monotonic(), 0, bytearray()
    chunks = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                chunk = await anext(chunks, None)
        except TimeoutError as error:
            raise DataError(_SLOW, name=permit.name) from error
        if chunk is None:
            break
        received += len(chunk)
        passed = time.monotonic() - began
        if passed > SILENCE_S and received < SLOWEST_BYTES_S * passed:
            raise DataError(_SLOW, name=permit.name)
        piece += chunk
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


def _refused(error: AnomalystError, status: int) -> Response:
    """The sentence; the connection is closed, because what is still coming on it is not wanted."""
    return PlainTextResponse(plain(error.message.template, **error.message.values), status, headers={"Connection": "close"})
