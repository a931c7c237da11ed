"""Takes marks from the browser, one message a key, and answers when they are in the database: no page runs for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from detectors.errors import AnomalystError, DataError
from detectors.messages import N_
from detectors.storage.marks import Said
from detectors.workbench import Workbench
from pages.shared.language import plain
from pages.shared.streamed_upload.permits import Page
from pages.shared.triage.desks import DESKS, Desk
from pages.shared.triage.wording import Spans, told

PATH = "/marks"
DESK_HEADER = "x-desk"

#: Bytes of a message, stretches of one item, characters of a note: more than any page sends.
MOST_BYTES, MOST_SPANS, LONGEST_NOTE = 1 << 18, 20_000, 4000

_ODD = N_("The browser sent something that is no verdict.")


@dataclass(frozen=True)
class Told:
    """What a browser says: a mark (`do` is ``mark``), take back the last one (``undo``), or what do others say (``look``)."""

    id: str
    do: str
    items: Mapping[str, Spans]
    """Stretches of rows by the name of the item: of the one that is marked, or of all that are in view."""
    verdict: str | None = None
    note: str | None = None

    @classmethod
    def read(cls, body: bytes) -> Self:
        """What came over the wire, where it makes sense: it may have been made up.

        Raises:
            DataError: it makes none.
        """
        try:
            message = json.loads(body)
            items = {str(name): [(int(first), int(last)) for first, last in spans] for name, spans in message["items"].items()}
            verdict, note = message.get("verdict"), message.get("note")
            made = cls(str(message["id"]), str(message["do"]), items, _text(verdict), _text(note))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(_ODD) from error
        if made.do not in _DONE or not all(0 < len(spans) <= MOST_SPANS for spans in items.values()):
            raise DataError(_ODD)
        return made


async def receive(request: Request) -> Response:
    """200 and what holds now; 403 where the page is not known (any longer), 409 and a sentence where it cannot be done."""
    try:
        desk = DESKS.find(request.headers.get(DESK_HEADER, ""), Page.of(request.headers, request.cookies))
    except AnomalystError as error:
        return _refused(error, 403)
    if int(request.headers.get("content-length") or MOST_BYTES + 1) > MOST_BYTES:
        return Response(status_code=413)
    body = await request.body()
    try:
        message = Told.read(body)
        answer = await run_in_threadpool(_answer, desk, message)
    except AnomalystError as error:
        return _refused(error, 409)
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


ROUTE = Route(PATH, receive, methods=["POST"])


def _answer(desk: Desk, message: Told) -> dict[str, Any]:
    from pages.shared.engine import workbench  # not with the launcher, which has no pages yet

    bench = workbench().of(desk.owner)
    if message.do == "look" or not DESKS.is_new(message.id):
        return _all(bench, desk, message)
    try:
        return _DONE[message.do](bench, desk, message)
    except BaseException:
        DESKS.forget(message.id)
        raise


def _mark(bench: Workbench, desk: Desk, message: Told) -> dict[str, Any]:
    note = message.note if message.note is None else message.note.strip()[:LONGEST_NOTE]
    said = [Said(first, last, message.verdict, note) for spans in message.items.values() for first, last in spans]
    bench.mark(desk.data_id, said, desk.author, desk.run_id)
    found = {name: bench.verdicts_on(desk.data_id, spans) for name, spans in message.items.items()}
    latest = max((verdicts.latest for verdicts in found.values()), default=0)
    return {"at": latest, "items": {name: told(found[name], spans) for name, spans in message.items.items()}}


def _undo(bench: Workbench, desk: Desk, message: Told) -> dict[str, Any]:
    undone = bench.undo_mark(desk.data_id, desk.author)
    return {**_all(bench, desk, message), "undone": undone}


def _all(bench: Workbench, desk: Desk, message: Told) -> dict[str, Any]:
    verdicts = bench.verdicts(desk.data_id)
    items = {name: told(verdicts, spans) for name, spans in message.items.items()}
    return {"at": verdicts.latest, "items": items, "counts": bench.verdict_counts(desk.data_id, verdicts)}


_DONE: Mapping[str, Callable[[Workbench, Desk, Told], dict[str, Any]]] = {"mark": _mark, "undo": _undo, "look": _all}


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("no text")
    return value


def _refused(error: AnomalystError, status: int) -> Response:
    return PlainTextResponse(plain(error.message.template, **error.message.values), status)
