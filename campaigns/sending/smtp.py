"""One kept-open connection to the mail server, and what it answered about each mail.

smtplib opens it (TLS, log-in); then, where the server offers PIPELINING (RFC 2920), sender, recipient and DATA go out in
one write. A connection that breaks before the message began to go out leaves the mail unsent; after that, in doubt.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, cast

from django.conf import settings
from django.utils.translation import gettext as _

MOST_LINE = 8192  # of an answer
ENHANCED = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})\b")


class Stage(StrEnum):
    """What an answer is about."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    MESSAGE = "message"


ENVELOPE = (Stage.SENDER, Stage.RECIPIENT, Stage.DATA)


@dataclass(frozen=True)
class Answer:
    stage: Stage
    code: int
    text: str

    @property
    def accepted(self) -> bool:
        return self.stage == Stage.MESSAGE and 200 <= self.code < 300

    @property
    def enhanced(self) -> str:
        """The server's exact reason (RFC 3463), such as 5.1.1; empty where it gives none."""
        found = ENHANCED.match(self.text)
        return found[1] if found else ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class ServerAway(Exception):
    """No connection to the mail server; says which server and why."""


class Lost(Exception):
    """The connection broke while a mail was under way. in_doubt: its message may have arrived."""

    def __init__(self, *, in_doubt: bool, why: str) -> None:
        super().__init__(why)
        self.in_doubt = in_doubt


class _EncryptedFromTheStart(smtplib.SMTP_SSL):
    """SMTP_SSL that looks at the server's certificate."""

    def __init__(self, host: str, port: int, local_hostname: str, timeout: float) -> None:
        super().__init__(host, port, local_hostname, timeout=timeout, context=ssl.create_default_context())


class Connection:
    """Raises ServerAway where it cannot be opened, log-in included."""

    def __init__(self) -> None:
        host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
        kind = _EncryptedFromTheStart if settings.EMAIL_USE_SSL else smtplib.SMTP
        try:
            self.smtp = kind(host, port, local_hostname=_own_name(), timeout=settings.EMAIL_TIMEOUT)
            if settings.EMAIL_USE_TLS:
                self.smtp.starttls(context=ssl.create_default_context())
            self.smtp.ehlo_or_helo_if_needed()
            if settings.EMAIL_HOST_USER:
                self.smtp.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        except smtplib.SMTPAuthenticationError as error:
            raise ServerAway(_("The mail server %(host)s refuses our log-in.") % {"host": host}) from error
        except (OSError, smtplib.SMTPException) as error:
            sentence = _("The mail server %(host)s:%(port)s cannot be reached: %(error)s.")
            raise ServerAway(sentence % {"host": host, "port": port, "error": error}) from error
        self.pipelining = self.smtp.has_extn("pipelining")
        self.announced: str | None = None
        self.replies = cast(BinaryIO, self.smtp.file)

    def send(self, sender: str, recipient: str, message: bytes, following: str | None = None) -> Answer:
        """Hand over one mail; `message` has CR LF line ends. Raises Lost.

        following: who gets the next mail. Its envelope goes out behind this message, which saves a journey there and back.
        """
        begun = False
        try:
            refused = self._together(sender, recipient) if self.pipelining else self._in_turn(sender, recipient)
            if refused:
                return refused
            begun = True
            self.announced = following if self.pipelining else None
            envelope = b"".join(_envelope(sender, self.announced)) if self.announced else b""
            self._write(message.replace(b"\r\n.", b"\r\n..") + b".\r\n" + envelope)
            return self._answer(Stage.MESSAGE)
        except (OSError, smtplib.SMTPException, ValueError) as error:  # ValueError: an answer without a number
            raise Lost(in_doubt=begun, why=f"{type(error).__name__}: {error}") from error

    def close(self) -> None:
        """Say good-bye; where the server waits for a message that does not come, hang up: it forgets the mail."""
        with suppress(OSError, smtplib.SMTPException):
            if self.smtp.sock is not None and not self.announced:
                self.smtp.sock.settimeout(2)
                self.smtp.quit()
        self.smtp.close()

    def _together(self, sender: str, recipient: str) -> Answer | None:
        if self.announced not in (None, recipient):
            raise smtplib.SMTPServerDisconnected(f"{self.announced} was announced")
        if not self.announced:
            self._write(b"".join(_envelope(sender, recipient)))
        self.announced = None
        answers = [self._answer(stage) for stage in ENVELOPE]
        refused = next((each for each in answers[:2] if each.code >= 300), None)
        if answers[2].code == 354:
            if refused:  # the server waits for a message all the same: it gets an empty one, which it must refuse
                self._write(b".\r\n")
                self._answer(Stage.MESSAGE)
            return refused
        self._reset()
        return refused or answers[2]

    def _in_turn(self, sender: str, recipient: str) -> Answer | None:
        for command, stage in zip(_envelope(sender, recipient), ENVELOPE, strict=True):
            self._write(command)
            answer = self._answer(stage)
            if answer.code != 354 if stage == Stage.DATA else answer.code >= 300:
                self._reset()
                return answer
        return None

    def _reset(self) -> None:
        """Take back a mail that was refused half-way. A server that hung up meanwhile is noticed with the next mail."""
        with suppress(OSError, smtplib.SMTPException, ValueError):
            self._write(b"RSET\r\n")
            self._answer(Stage.SENDER)

    def _write(self, data: bytes) -> None:
        if self.smtp.sock is None:
            raise smtplib.SMTPServerDisconnected("hung up")
        self.smtp.sock.sendall(data)

    def _answer(self, stage: Stage) -> Answer:
        """The next answer, of one line or several (250-first, 250 last)."""
        lines = []
        while True:
            line = self.replies.readline(MOST_LINE)
            if not line:
                raise smtplib.SMTPServerDisconnected("hung up")
            lines.append(line[4:].strip())
            if line[3:4] != b"-":
                break
        return Answer(stage, int(line[:3]), b"\n".join(lines).decode("utf-8", "replace"))


def _envelope(sender: str, recipient: str) -> tuple[bytes, bytes, bytes]:
    return b"MAIL FROM:<%s>\r\n" % sender.encode(), b"RCPT TO:<%s>\r\n" % recipient.encode(), b"DATA\r\n"


def _own_name() -> str:
    """What EHLO says: the host's name where it is a whole one, else its address as a literal."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
