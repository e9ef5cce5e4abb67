"""Mails that no human wrote: bounces, absence notes, newsletters, our own. None makes a ticket or counts as an answer."""

import re
from dataclasses import dataclass
from email.message import Message as Mime

from django.utils.translation import gettext as _

from support.mail.letter import IDS, addresses, get, leaves, raw_header
from support.mail.text import decoded

OURS = "X-Regulars"  # on every mail that goes out from here
AUTOMATIC_SUBJECT = re.compile(
    r"(?i)^\s*(?:auto(?:matic)?[ -]?(?:reply|response)|out of (?:the )?office|abwesen|réponse automatique|trả lời tự động|tự động trả lời)"
)
AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Mail-Autoreply", "X-Autoreply-From")
HARD_STATUS = re.compile(r"^5\.1\.(?:0|1|2|3|6|10)$")  # the address does not exist; 5.7.x is about us


@dataclass(frozen=True)
class Bounce:
    """A mail that says another did not arrive (RFC 3464)."""

    original_ids: list[str]
    recipient: str
    failed: bool  # not merely late
    no_such_address: bool
    reason: str


def bounce(mime: Mime) -> Bounce | None:
    """The report on a mail that did not arrive, if this is one."""
    report = [part for part in mime.walk() if part.get_content_type() == "message/delivery-status"]
    daemon = any(address.startswith(("mailer-daemon@", "postmaster@")) for _name, address in addresses(mime, "From"))
    empty_path = raw_header(mime, "Return-Path").replace(" ", "") == "<>"
    if not report and not raw_header(mime, "X-Failed-Recipients") and not (daemon and (empty_path or reports(mime))):
        return None
    fields = status_fields(report)
    status, action = fields.get("status", ""), fields.get("action", "failed").lower()
    return Bounce(
        original_ids=original_ids(mime),
        recipient=fields.get("final-recipient", raw_header(mime, "X-Failed-Recipients"))
        .partition(";")[2]
        .strip()
        .lower()
        or raw_header(mime, "X-Failed-Recipients").lower(),
        failed=action == "failed" and not status.startswith("4."),
        no_such_address=action == "failed" and bool(HARD_STATUS.match(status)),
        reason=fields.get("diagnostic-code", "").partition(";")[2].strip()[:300] or status or _("no reason given"),
    )


def reports(mime: Mime) -> bool:
    return mime.get_content_type() == "multipart/report" or "undeliver" in get(mime, "Subject").lower()


def status_fields(report: list[Mime]) -> dict[str, str]:
    """The fields of the first recipient in the report, by their names in lower case."""
    found: dict[str, str] = {}
    for part in report:
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            for name, value in block.raw_items() if isinstance(block, Mime) else ():
                found.setdefault(name.lower(), " ".join(str(value).split()))
    return found


def original_ids(mime: Mime) -> list[str]:
    """Message-IDs of the mail that the report encloses, or of those it names."""
    ids = []
    for part in mime.walk():
        if part is not mime and (own := IDS.search(raw_header(part, "Message-ID"))):
            ids.append(own.group())
    for part in leaves(mime):
        if part.get_content_type() in ("text/rfc822-headers", "text/plain"):
            payload = part.get_payload(decode=True)
            text = decoded(payload, None)[:50_000] if isinstance(payload, bytes) else ""
            ids += re.findall(r"(?im)^message-id:\s*(<[^<>\s]+>)", text)
    return [*ids, *IDS.findall(raw_header(mime, "References")), *IDS.findall(raw_header(mime, "In-Reply-To"))]


def automatic(mime: Mime, own_addresses: set[str]) -> str:
    """Why this is no human's mail, in a sentence; empty where it is one's."""
    sender = next((address for _name, address in addresses(mime, "From")), "")
    if raw_header(mime, OURS) or sender in own_addresses:
        return _("Our own mail came back.")
    if raw_header(mime, "Auto-Submitted").lower().partition(";")[0].strip() not in ("", "no"):
        return _("A program wrote it (Auto-Submitted).")
    if any(raw_header(mime, name) for name in AUTOMATIC_HEADERS):
        return _("A program wrote it (X-Autoreply).")
    if raw_header(mime, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply"):
        return _("It went to many at once (Precedence).")
    if raw_header(mime, "List-Id") or raw_header(mime, "List-Unsubscribe"):
        return _("It is a newsletter or from a mailing list.")
    if mime.get_content_type() == "multipart/report":
        return _("It is a report, such as a receipt for reading.")
    if sender.startswith(("mailer-daemon@", "postmaster@")):
        return _("A mail server wrote it.")
    return _("Its subject is that of an absence note.") if AUTOMATIC_SUBJECT.search(get(mime, "Subject")) else ""
