"""A warning as JSON to an address of the web."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from detectors.errors import ParameterError
from detectors.messages import N_
from detectors.watching.delivery import TIMEOUT_S, Undelivered, reason_of
from detectors.watching.outbox import Notice

BAD_ADDRESS = N_("A webhook is an address that begins with http:// or https://, without name and password. This one is not.")
ANSWERED = N_("The webhook answered {status} instead of taking the warning.")
REDIRECTED = N_("The webhook answered {status}, a redirect, which is not followed. Give the address it points to.")
UNREACHED = N_("The webhook did not answer ({reason}).")


class Webhook:
    """POSTs each warning; its id is also in the header ``Idempotency-Key``, for one may come twice.

    Raises:
        ParameterError: the address is none of the web. The error does not repeat it: such addresses are secrets.
    """

    name = "webhook"

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        if not _is_of_the_web(url):
            raise ParameterError(BAD_ADDRESS)
        self._url, self._timeout_s = url, timeout_s
        self._opener = urllib.request.build_opener(_NoRedirect)

    def send(self, notice: Notice) -> None:
        body = json.dumps(notice.to_json(), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": notice.id, "User-Agent": "anomalyst"}
        try:
            with self._opener.open(urllib.request.Request(self._url, body, headers, method="POST"), timeout=self._timeout_s):
                pass
        except urllib.error.HTTPError as error:
            error.close()
            redirected = 300 <= error.code < 400
            raise Undelivered(REDIRECTED if redirected else ANSWERED, reached=True, status=error.code) from None
        except (OSError, http.client.HTTPException) as error:
            raise Undelivered(UNREACHED, reached=False, reason=reason_of(getattr(error, "reason", None) or error)) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect may lead to any scheme and any host, and turns a POST into a GET: none is followed."""

    def redirect_request(self, *asked: Any) -> None:
        return None


def _is_of_the_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return plain and port_fits and parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
