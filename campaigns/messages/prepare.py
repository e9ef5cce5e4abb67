"""A campaign's mail, prepared once and filled for each delivery: bytes, ready for the SMTP server.

What is the same for everyone is encoded once (quoted-printable: any server takes it, no line is too long). Between these
pieces stand slots (the delivery's own signed addresses) and Liquid nodes, which alone are worked out for each customer.
"""

from __future__ import annotations

import binascii
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from functools import lru_cache
from io import StringIO

from django.conf import settings
from liquid import BoundTemplate, Node, RenderContext
from liquid.exceptions import LiquidError

from campaigns.answers import doors
from campaigns.messages.headers import mailbox, words
from campaigns.messages.placeholders import Values
from campaigns.messages.render import compile_letter
from campaigns.models import Campaign
from crm.collect.tokens import sign
from crm.models import Shop

# Quoted-printable never holds "=_", so the boundary cannot occur in a part.
BOUNDARY = b"=_regulars"
TEXT = b"""\
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary="%s"\r
\r
--%s\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
""" % (BOUNDARY, BOUNDARY)
HTML = (
    b"""\r
--%s\r
Content-Type: text/html; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
"""
    % BOUNDARY
)
END = b"\r\n--%s--\r\n" % BOUNDARY

Piece = bytes | int | Node  # encoded text; the number of a slot; Liquid to be worked out
MARK = "\ue000"  # a private letter on both sides of a slot's number


class Prepared:
    """The mails of a launched campaign. `sender` is the address they come from, `names` the placeholders they need."""

    def __init__(self, campaign: Campaign, shop: Shop) -> None:
        letter = compile_letter(campaign.subject, campaign.mjml, shop)
        self.link_ids = list(campaign.links.order_by("position").values_list("pk", flat=True))
        same = _named([f"{MARK}{number}{MARK}" for number in range(3 + len(letter.links))])
        same["shop"] = {"name": shop.name, "address": shop.postal_address}
        self.subject = Part(letter.subject, same, encode=str.encode)
        self.text = Part(letter.text, same)
        self.html = Part(letter.html, same)
        self.names = {name for template in (letter.subject, letter.text, letter.html) for name in _asked_by(template)}
        self.sender = shop.sender_email
        self.domain = shop.sender_email.rpartition("@")[2].encode()
        name = shop.sender_name or shop.name
        self.same_headers = (
            b"From: %s\r\n" % mailbox(name, self.sender)
            + b"List-Id: %s\r\n" % mailbox(name, f"campaigns.{self.domain.decode()}")
            + b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        )

    def message(self, delivery_id: int, address: str, values: Values) -> bytes:
        """The mail of one delivery. Its Message-ID follows from the delivery: the same, should it ever go out again."""
        addresses = self._addresses(delivery_id)
        slots = [encoded(each) for each in addresses]
        all_values = {**values, **_named(addresses)}
        customer = values.get("customer")
        name = str(customer.get("name") or "") if isinstance(customer, Mapping) else ""
        return b"".join(
            (
                b"Message-ID: <%s@%s>\r\n" % (sign("m", delivery_id).encode(), self.domain),
                b"Date: %s\r\n" % _date(int(time.time())),
                b"Subject: %s\r\n" % words(b"".join(self.subject.fill(slots, all_values)).decode()),
                b"To: %s\r\n" % mailbox(name, address),
                b"List-Unsubscribe: <%s>\r\n" % addresses[0].encode(),
                self.same_headers,
                TEXT,
                *self.text.fill(slots, all_values),
                HTML,
                *self.html.fill(slots, all_values),
                END,
            )
        )

    def _addresses(self, delivery_id: int) -> list[str]:
        own = (doors.unsubscribe_path(delivery_id), doors.open_path(delivery_id), doors.hidden_path(delivery_id))
        links = (doors.click_path(delivery_id, link_id) for link_id in self.link_ids)
        url = settings.PUBLIC_URL
        return [url + path for path in (*own, *links)]


@lru_cache(1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()


def _named(addresses: list[str]) -> Values:
    """A delivery's addresses by the names that Letter gives them."""
    return {
        "unsubscribe_url": addresses[0],
        "pixel_url": addresses[1],
        "trap_url": addresses[2],
        "links": addresses[3:],
    }


def _asked_by(template: BoundTemplate) -> Iterator[str]:
    """The placeholders in a template, such as customer.name."""
    for uses in template.analyze().globals.values():
        for variable in uses:
            yield ".".join(map(str, variable.segments[:2]))


class Part:
    """The subject, the text or the HTML of a mail, in pieces."""

    def __init__(self, template: BoundTemplate, same: Values, encode: Callable[[str], bytes] | None = None) -> None:
        self.template, self.encode = template, encode or encoded
        # A template that assigns works out its nodes one after the other, each time; in others, like ones are one.
        self.lone = not template.analyze().locals
        self.pieces = list(self._pieces(same))
        self.nodes = [(place, piece) for place, piece in enumerate(self.pieces) if isinstance(piece, Node)]
        self.slots = [(place, piece) for place, piece in enumerate(self.pieces) if isinstance(piece, int)]

    def _pieces(self, same: Values) -> Iterator[Piece]:
        seen: dict[str, Node] = {}
        text = ""
        for node in self.template.nodes:
            written = _same_for_all(node, self.template, same) if self.lone or not list(node.expressions()) else None
            if written is None:
                yield from self._static(text)
                yield seen.setdefault(str(node), node) if self.lone else node
                text = ""
            else:
                text += written
        yield from self._static(text)

    def _static(self, text: str) -> Iterator[bytes | int]:
        for place, part in enumerate(text.split(MARK)):
            if place % 2:
                yield int(part)
            elif part:
                yield self.encode(part)

    def fill(self, slots: list[bytes], values: Values) -> list[bytes]:
        """The pieces with slots (encoded) and Liquid worked out."""
        filled: list[bytes] = self.pieces.copy()  # type: ignore[assignment]  # all others are put in below
        for place, slot in self.slots:
            filled[place] = slots[slot]
        if self.nodes:
            context, done = RenderContext(self.template, globals=values), dict[Node, bytes]()
            for place, node in self.nodes:
                if node not in done or not self.lone:
                    written = StringIO()
                    node.render(context, written)
                    done[node] = self.encode(written.getvalue())
                filled[place] = done[node]
        return filled


class _Asked(dict[str, object]):
    """Values that remember whether they were asked for one that is not among them."""

    for_more = False

    def __missing__(self, name: str) -> object:
        self.for_more = True
        raise KeyError(name)


def _same_for_all(node: Node, template: BoundTemplate, same: Values) -> str | None:
    """What a node writes, if it asks for nothing but `same`: the slots, and what is no customer's own."""
    asked, written = _Asked(same), StringIO()
    try:
        node.render(RenderContext(template, globals=asked), written)
    except LiquidError:
        return None
    return None if asked.for_more else written.getvalue()


def encoded(text: str) -> bytes:
    """Quoted-printable, ended by a soft line break: pieces may follow one another whatever their length."""
    if not text:
        return b""
    raw = binascii.b2a_qp(text.replace("\r\n", "\n").encode())
    return (raw + b"=\n").replace(b"\n", b"\r\n")
