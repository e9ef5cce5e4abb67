"""The demo's mailbox: what Regulars mailed, caught on this machine, and a way to answer it as the customer.

Only where settings.MAILBOX_DIR names a folder; never in production. A mail is a file, named by its time and recipient, so
that the newest and a recipient's are found without opening any.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, unquote

from django.conf import settings

DIGITS = 19  # of nanoseconds since 1970
LONGEST = 180  # of a quoted address in a file's name


@dataclass(frozen=True)
class Caught:
    """A mail in the folder. `number`: when it came, in nanoseconds; no two have the same."""

    number: int
    recipient: str
    path: Path

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.number / 1e9, UTC)

    @cached_property
    def raw(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def subject(self) -> str:
        return header(self.message, "subject")

    @property
    def sender(self) -> str:
        return header(self.message, "from")

    @property
    def to(self) -> str:
        """The name of whom it is for, else the address."""
        return header(self.message, "to").split("<")[0].strip(' "') or self.recipient

    def part(self, kind: str) -> str:
        """The HTML or plain text, empty where the mail has none."""
        found = self.message.get_body((kind,))
        try:
            return str(found.get_content()) if found else ""
        except (LookupError, ValueError):  # an encoding nobody knows
            return str(found.get_payload()) if found else ""

    @property
    def unsubscribe_url(self) -> str:
        """Of List-Unsubscribe, if it leads to this machine's Regulars."""
        address = header(self.message, "list-unsubscribe").strip("<>")
        return address if address.startswith(f"{settings.PUBLIC_URL}/") else ""


def header(message: EmailMessage, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def folder() -> Path:
    return Path(settings.MAILBOX_DIR)


def keep(raw: bytes, recipient: str, into: Path) -> Path:
    """Write a mail into the folder; it appears there whole or not at all."""
    address = quote(recipient, safe="@+.")[:LONGEST]
    number = time.time_ns()
    new = into / f".{number}"
    new.write_bytes(raw)
    while True:
        path = into / f"{number:0{DIGITS}d} {address}.eml"
        if not any(into.glob(f"{number:0{DIGITS}d} *")):
            return new.rename(path)
        number += 1


def caught(text: str = "") -> Iterator[Caught]:
    """What is in the folder, newest first; with `text` only mails to addresses that hold it."""
    if not folder().is_dir():
        return
    text = text.strip().lower()
    for name in sorted(os.listdir(folder()), reverse=True):
        if name.endswith(".eml") and not name.startswith("."):
            number, _blank, address = name[: -len(".eml")].partition(" ")
            recipient = unquote(address)
            if text in recipient.lower() and number.isdigit():
                yield Caught(int(number), recipient, folder() / name)


def find(number: int) -> Caught | None:
    return next((mail for mail in caught() if mail.number == number), None)
