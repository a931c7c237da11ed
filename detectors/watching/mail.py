"""A warning as an e-mail, through any SMTP server."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

from detectors.errors import ParameterError
from detectors.messages import N_
from detectors.settings import PREFIX, is_this_machine
from detectors.watching.delivery import TIMEOUT_S, Undelivered, reason_of
from detectors.watching.outbox import Notice, moment

#: The port on which SMTP is encrypted from its first byte.
ENCRYPTED = 465

#: Characters of a subject that lists of mail show.
LONGEST_SUBJECT = 120

BAD_ADDRESS = N_("`{text}` is no e-mail address. It should look like someone@example.org.")
BAD_SERVER = N_("`{text}` is no SMTP server. Name it as HOST:PORT, such as mail.example.org:587.")
SUBJECT = N_("Anomalyst: {text}")
NOT_SECRET = N_("The mail server {host} offers no encryption, and a password is sent to other machines encrypted only.")
REFUSED = N_("The mail server did not take the warning ({reason}).")
UNREACHED = N_("The mail server did not answer ({reason}).")


@dataclass(frozen=True)
class Account:
    """With what a mail server is asked, from environment variables: they are in no list of processes and in no file of ours."""

    user: str = ""
    password: str = ""
    sender: str = ""

    @classmethod
    def from_environment(cls) -> Account:
        return cls(*(os.environ.get(f"{PREFIX}SMTP_{name}", "") for name in ("USER", "PASSWORD", "FROM")))


class Mail:
    """Sends each warning to one address; its id is in the ``Message-ID``, for one may come twice.

    Raises:
        ParameterError: the address, or the server, is none.
    """

    def __init__(
        self, address: str, server: str, account: Account | None = None, timeout_s: float = TIMEOUT_S, name: str = "email"
    ) -> None:
        self.name = name
        self._account = account or Account.from_environment()
        for text in (address, self._account.sender or address):
            if not re.fullmatch(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+", text) or not text.isascii():
                raise ParameterError(BAD_ADDRESS, text=text)
        host, separator, port = server.rpartition(":")
        if not separator or not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ParameterError(BAD_SERVER, text=server)
        self._address, self._host, self._port, self._timeout_s = address, host.strip("[]"), int(port), timeout_s

    def send(self, notice: Notice) -> None:
        try:
            with self._connected() as server:
                self._log_in(server)
                server.send_message(self._letter(notice))
        except (smtplib.SMTPConnectError, smtplib.SMTPServerDisconnected) as error:
            raise Undelivered(UNREACHED, reached=False, reason=str(error)) from None
        except smtplib.SMTPException as error:
            raise Undelivered(REFUSED, reached=True, reason=_reason(error)) from None
        except OSError as error:
            raise Undelivered(UNREACHED, reached=False, reason=reason_of(error)) from None

    def _connected(self) -> smtplib.SMTP:
        if self._port == ENCRYPTED:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout_s, context=ssl.create_default_context())
        return smtplib.SMTP(self._host, self._port, timeout=self._timeout_s)

    def _log_in(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        encrypted = self._port == ENCRYPTED
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
            encrypted = True
        if self._account.user:
            if not encrypted and not is_this_machine(self._host):
                raise Undelivered(NOT_SECRET, reached=True, host=self._host)
            server.login(self._account.user, self._account.password)

    def _letter(self, notice: Notice) -> EmailMessage:
        """The letter; a file's name comes from elsewhere and must not become a header of its own."""
        told = notice.to_json()
        letter = EmailMessage()
        letter["Subject"] = " ".join(SUBJECT.format(text=str(told["text"])).split())[:LONGEST_SUBJECT]
        letter["From"], letter["To"] = self._account.sender or self._address, self._address
        letter["Date"], letter["Message-ID"] = format_datetime(moment(notice.made)), f"<{notice.id}@anomalyst.invalid>"
        lines = [
            told["text"],
            "",
            *(
                f"{name}: {told[name]}"
                for name in ("id", "made", "rule", "rows", "flagged", "rate", "drift", "scores")
                if told[name] is not None
            ),
        ]
        lines += ["", *told["findings"]]
        lines[1:1] = ["", told["link"]] if told["link"] else []
        letter.set_content("\n".join(map(str, lines)) + "\n")
        return letter


def _reason(error: smtplib.SMTPException) -> str:
    """What the server said. Not the command it answered: that may hold the password."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
        return f"{error.smtp_code} {said}"
    return str(error) or type(error).__name__
