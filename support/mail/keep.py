"""Every mail is stored as it came, before anything is made of it. The same mail again is the same row."""

import hashlib
import re

from support.mail.letter import IDS
from support.models import RawMail

# What mail servers add on the way: a mail that comes by two ways is still one.
ON_THE_WAY = re.compile(
    rb"(?i)^(?:received|return-path|delivered-to|envelope-to|x-[^:\s]*|arc-[^:\s]*|dkim-signature|authentication-results):"
)


def keep(raw: bytes, mailbox: str) -> RawMail:
    """Store the mail, or find it. Duplicate: mailbox, Message-ID and content together (a Message-ID alone is reused)."""
    head = head_fields(raw)
    mail, _made = RawMail.objects.get_or_create(
        mailbox=mailbox, message_id=message_id(head), sha256=digest(raw, head), defaults={"raw": raw}
    )
    return mail


def head_fields(raw: bytes) -> list[bytes]:
    """The fields of the head, folded lines joined."""
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0][:1_000_000]
    return re.sub(rb"\r?\n[ \t]+", b" ", head).splitlines()


def message_id(head: list[bytes]) -> str:
    for line in head:
        name, _colon, value = line.partition(b":")
        if name.strip().lower() == b"message-id":
            text = value.decode("ascii", "replace").replace("\0", "").strip()
            match = IDS.search(text)
            return (match.group() if match else text)[:998]
    return ""


def digest(raw: bytes, head: list[bytes]) -> str:
    """Of the letter without the marks of its way and with line ends of one kind."""
    body = raw[len(re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]) :]
    letter = b"\n".join(line for line in head if not ON_THE_WAY.match(line)) + body.replace(b"\r\n", b"\n")
    return hashlib.sha256(letter).hexdigest()
