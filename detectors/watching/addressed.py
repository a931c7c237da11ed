"""Whom a watch of the dashboard tells: the address of its webhook lies in a file that this user alone can read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from detectors.errors import ParameterError
from detectors.messages import N_
from detectors.storage.files import sync
from detectors.watching.delivery import Channel
from detectors.watching.mail import Mail
from detectors.watching.webhook import Webhook

FILE = "webhook"

#: What stands before the address in the name of a channel that sends e-mails.
EMAIL = "email "

NO_SERVER = N_("E-mails need a mail server. The owner of this server names it in ANOMALYST_SMTP, as HOST:PORT.")


def keep_webhook(folder: Path, url: str) -> None:
    """Keeps the address in the folder of the watch; an empty one takes it away."""
    path = folder / FILE
    if not url:
        path.unlink(missing_ok=True)
        return
    beside = path.with_name(f".{FILE}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(url)
    sync(beside)
    beside.replace(path)


def kept_webhook(folder: Path) -> str:
    """The address that is kept; empty where there is none."""
    path = folder / FILE
    return path.read_text(encoding="ascii") if path.exists() else ""


def shortened(url: str) -> str:
    """An address without what may be a secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…" if parts.path.strip("/") or parts.query else f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Addresses:
    """Whom a watch tells."""

    webhook: str = ""
    emails: tuple[str, ...] = ()
    smtp: str = ""
    """The mail server, HOST:PORT; empty: there is none."""

    @property
    def names(self) -> list[str]:
        """The names of the channels: one for each e-mail address, so that it is known of each of them whether it was told."""
        return [*([Webhook.name] if self.webhook else []), *(EMAIL + address for address in dict.fromkeys(self.emails))]

    def channels(self) -> list[Channel]:
        """
        Raises:
            ParameterError: an address is none, or there is no mail server.
        """
        if self.emails and not self.smtp:
            raise ParameterError(NO_SERVER)
        found: list[Channel] = [Webhook(self.webhook)] if self.webhook else []
        return [*found, *(Mail(address, self.smtp, name=EMAIL + address) for address in dict.fromkeys(self.emails))]
