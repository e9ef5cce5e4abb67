"""A mail as we understand it. Reading never fails over one bad header or part; what is missing is empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import Message as Mime
from email.utils import getaddresses, parsedate_to_datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from support.mail import text as words

IDS = re.compile(r"<[^<>\s]{1,990}>")
ADDRESS = re.compile(r"[^@\s<>\"',;]{1,64}@[^@\s<>\"',;]{1,190}")
LARGEST = 40 * 2**20
HEADER_LONGEST = 100_000  # characters that are read of a header
PARTS_AT_MOST = 500
IDS_AT_MOST = 100
OLDEST = timedelta(days=366)


class Unreadable(Exception):
    """Nobody can be answered; the message says why, for staff."""


@dataclass
class Letter:
    sender: str
    name: str
    subject: str
    at: datetime
    message_id: str
    references: list[str]  # In-Reply-To and References, oldest first
    recipients: list[str]
    copies: list[str]  # whom else it went to
    text: str
    quoted: str
    html: str
    files: list[dict[str, object]] = field(default_factory=list)


def read(raw: bytes, received: datetime) -> tuple[Mime, Letter]:
    """Raises Unreadable where nobody wrote it, or it is too large to take apart."""
    if len(raw) > LARGEST:
        raise Unreadable(_("It is larger than 40 MB."))
    mime = message_from_bytes(raw, policy=policy.compat32)
    from_whom = addresses(mime, "From") or addresses(mime, "Sender") or addresses(mime, "Reply-To")
    if not from_whom:
        raise Unreadable(_("It names no sender."))
    name, sender = from_whom[0]
    plain, html, files = contents(mime)
    said, quoted = words.without_quotes(plain or words.from_html(html))
    to = [address for _name, address in addresses(mime, "To")]
    delivered = [
        address for key in ("Delivered-To", "X-Original-To", "Envelope-To") for _n, address in addresses(mime, key)
    ]
    copies = [address for _name, address in addresses(mime, "Cc")]
    return mime, Letter(
        sender=sender,
        name=name[:200],
        subject=get(mime, "Subject")[:300],
        at=date_within_reason(get(mime, "Date"), received),
        message_id=message_id(mime),
        references=thread(mime),
        recipients=[*to, *copies, *delivered],
        copies=[address for address in [*to, *copies] if address != sender][:20],
        text=said,
        quoted=quoted,
        html=words.cleaned_html(html) if html else "",
        files=files,
    )


def get(mime: Mime, name: str) -> str:
    """The first header of that name, decoded; empty where there is none."""
    return words.header(raw_header(mime, name))


def raw_header(mime: Mime, name: str) -> str:
    """As it stands in the mail, on one line. Bytes beyond ASCII come as surrogates."""
    for key, value in mime.raw_items():
        if key.lower() == name.lower():
            return " ".join(str(value)[:HEADER_LONGEST].split())
    return ""


def addresses(mime: Mime, name: str) -> list[tuple[str, str]]:
    """Names and addresses (in lower case) of a header. Taken apart before decoding: a name may hold a comma."""
    value = raw_header(mime, name)
    found = [(words.header(who), address.strip().lower()) for who, address in getaddresses([value])]
    found = [(who, address) for who, address in found if ADDRESS.fullmatch(address) and address.isprintable()]
    if not found and (match := ADDRESS.search(value)):
        found = [("", match.group().lower())]
    return found


def message_id(mime: Mime) -> str:
    value = raw_header(mime, "Message-ID")
    match = IDS.search(value)
    return words.clean(match.group() if match else value)[:998]


def thread(mime: Mime) -> list[str]:
    """Every Message-ID that the mail says it answers, the nearest last."""
    ids = [*IDS.findall(raw_header(mime, "References")), *IDS.findall(raw_header(mime, "In-Reply-To"))]
    return list(dict.fromkeys(words.clean(each) for each in reversed(ids)))[:IDS_AT_MOST][::-1]


def date_within_reason(text: str, received: datetime) -> datetime:
    """The mail's own time; that of receipt where it has none, lies ahead, or is over a year old."""
    try:
        at = parsedate_to_datetime(text)
        at = at if at.tzinfo else at.replace(tzinfo=timezone.get_fixed_timezone(0))
        return at if received - OLDEST < at <= received else received
    except (ValueError, TypeError, IndexError, OverflowError):
        return received


def contents(mime: Mime) -> tuple[str, str, list[dict[str, object]]]:
    """Plain text, HTML, and the files by name. A part that cannot be decoded is read as far as it can be."""
    plain, html, files = [], [], []
    for part in leaves(mime):
        kind, name = part.get_content_type(), file_name(part)
        payload = body(part)
        if name or part.get_content_disposition() == "attachment" or kind not in ("text/plain", "text/html"):
            files.append({"name": name or kind, "type": kind, "size": len(payload)})
        elif kind == "text/plain":
            plain.append(words.decoded(payload, charset(part)))
        else:
            html.append(words.decoded(payload, charset(part)))
    return "\n".join(plain).strip()[: words.LONGEST], "\n".join(html), files[:50]


def leaves(mime: Mime) -> Iterator[Mime]:
    """The parts that hold something. A mail within the mail is one file."""
    open_parts, seen = [mime], 0
    while open_parts and seen < PARTS_AT_MOST:
        part = open_parts.pop(0)
        seen += 1
        if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
            open_parts[:0] = part.get_payload()  # type: ignore[assignment]
        else:
            yield part


def body(part: Mime) -> bytes:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    inner = part.get_payload()
    return inner[0].as_bytes() if isinstance(inner, list) and inner and isinstance(inner[0], Mime) else b""


def charset(part: Mime) -> str | None:
    try:
        return part.get_content_charset()
    except (LookupError, UnicodeError, ValueError):
        return None


def file_name(part: Mime) -> str:
    """The name of a file without folders or signs that deceive; empty where the part is none."""
    try:
        name = words.header(part.get_filename() or "")
    except (LookupError, UnicodeError, ValueError):
        name = "?"
    name = re.split(r"[\\/]", name)[-1]
    return "".join(letter for letter in name if letter.isprintable())[:120]
