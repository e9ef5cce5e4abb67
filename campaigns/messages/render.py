"""A campaign's message, compiled once and filled for each customer: subject, HTML with tracked links, plain text.

The way: our footer where it is missing → Liquid hidden → MJML checked and written clean (markup.py) → mrml → links
numbered, plain text made → Liquid shown again and compiled. Source: docs/domain.md 5 for label and footer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser

import mrml
from django.utils import translation
from django.utils.translation import gettext as _
from liquid import BoundTemplate

from campaigns.messages import liquid
from campaigns.messages.liquid import Hidden
from campaigns.messages.markup import UNSUBSCRIBE, VOID, Markup, is_address
from campaigns.messages.placeholders import Values
from crm.models import Shop
from crm.models.shop import AdvertisingRules

LABELS = ("[QC]", "[AD]")
BLOCKS = {
    "p",
    "div",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "br",
    "hr",
    "section",
}
PIXEL = '{% if pixel_url != "" %}<img src="{{ pixel_url }}" width="1" height="1" alt="">{% endif %}'
# A link no human sees: whoever follows it is a machine.
TRAP = '{% if trap_url != "" %}<a href="{{ trap_url }}" style="display:none" tabindex="-1" aria-hidden="true"></a>{% endif %}'

FOOTER = (
    '<mj-section padding="12px 0"><mj-column><mj-text align="center" font-size="12px" line-height="18px" color="#5b6579">'
    "{}</mj-text></mj-column></mj-section>"
)


class MessageError(ValueError):
    """The MJML cannot be made into a mail."""


@dataclass(frozen=True)
class Filled:
    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class Letter:
    """`links`: the addresses of the message in their order; `fill` is given what stands in place of each."""

    subject: BoundTemplate
    html: BoundTemplate
    text: BoundTemplate
    links: tuple[str, ...]
    size: int

    def fill(
        self, values: Values, *, links: Sequence[str], unsubscribe_url: str, pixel_url: str = "", trap_url: str = ""
    ) -> Filled:
        """The mail of one customer. values: one of placeholders.values(); links: as many as `self.links`."""
        all_values = {
            **values,
            "unsubscribe_url": unsubscribe_url,
            "links": list(links),
            "pixel_url": pixel_url,
            "trap_url": trap_url,
        }
        return Filled(
            " ".join(self.subject.render(all_values).split()),
            self.html.render(all_values),
            tidy(self.text.render(all_values)),
        )


def compile_letter(subject: str, mjml: str, shop: Shop) -> Letter:
    """Raises MessageError or liquid.exceptions.LiquidError; check.problems says beforehand, line by line, why."""
    markup = Markup(Hidden.of(with_footer(mjml, shop)))
    try:
        html = mrml.to_html(markup.clean, render_options=mrml.RenderOptions(fonts={})).content
    except OSError as error:
        raise MessageError(_("The message is not MJML: %(error)s.") % {"error": error}) from error
    output = Output(html, markup.hidden)
    return Letter(
        liquid.text.from_string(labelled(subject, shop)),
        liquid.html.from_string(output.html),
        liquid.text.from_string(output.text),
        tuple(output.links),
        len(output.html.encode()),
    )


def labelled(subject: str, shop: Shop) -> str:
    """Advertising in Vietnam bears [QC] or [AD] at the beginning of the subject (Decree 91/2020; docs/domain.md 5)."""
    if shop.advertising_rules != AdvertisingRules.VIETNAM or subject.upper().startswith(LABELS):
        return subject
    return f"{LABELS[0]} {subject}"


def with_footer(mjml: str, shop: Shop) -> str:
    """Every mail ends with who sent it and a way to refuse: what the message does not say itself is added."""
    end = mjml.rfind("</mj-body>")
    lines = []
    if shop.postal_address and "shop.address" not in mjml and shop.postal_address not in mjml:
        lines.append("{{ shop.name }}, {{ shop.address }}")
    if not Markup(Hidden.of(mjml)).unsubscribes:
        with translation.override(shop.language):
            why, leave = _("You receive this mail because you agreed to news from us."), _("Unsubscribe")
        lines.append(f'{escape(why)} <a href="{{{{ unsubscribe_url }}}}" style="color:#5b6579">{escape(leave)}</a>')
    if not lines or end < 0:
        return mjml
    return mjml[:end] + FOOTER.format("<br />".join(lines)) + mjml[end:]


class Output(HTMLParser):
    """Passes mrml's HTML through, numbers the links of <a>, and writes down the text for those who read no HTML."""

    def __init__(self, html: str, hidden: Hidden) -> None:
        super().__init__(convert_charrefs=False)
        self.hidden = hidden
        self.links: list[str] = []
        self._html: list[str] = []
        self._text: list[str] = []
        self._address: list[str] = []  # of the links that are open
        self._unseen: list[str] = []  # tags that are open in what no reader sees
        self.feed(html)
        self.close()

    @property
    def html(self) -> str:
        return self.hidden.show("".join(self._html))

    @property
    def text(self) -> str:
        return tidy(self.hidden.show("".join(self._text)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._unseen or tag in ("head", "style") or "display:none" in given.get("style", "").replace(" ", ""):
            if tag not in VOID:
                self._unseen.append(tag)
        elif tag in BLOCKS:
            self._text.append("\n\n" if tag in ("p", "h1", "h2", "h3", "table") else "\n")
        elif tag == "img" and given.get("alt"):
            self._text.append(given["alt"])
        if tag == "a" and "href" in given:
            self._link(attrs, given["href"])
        else:
            self._html.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS and not self._unseen:
            self._text.append("\n")
        elif tag == "img" and not self._unseen:
            self._text.append(dict(attrs).get("alt") or "")
        self._html.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "body":
            self._html.append(TRAP + PIXEL)
        self._html.append(f"</{tag}>")
        if self._unseen:
            self._unseen.pop()
        elif tag == "a" and self._address:
            address = self._address.pop()
            self._text.append(f" ({address})" if address else "")
        elif tag in BLOCKS:
            self._text.append("\n")

    def handle_data(self, data: str) -> None:
        self._html.append(data)
        if not self._unseen:
            self._text.append(re.sub(r"\s+", " ", data))

    def handle_entityref(self, name: str) -> None:
        self._character(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._character(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._html.append(f"<!--{data}-->")
        # Liquid between blocks stands in comments: it holds for the text too.
        if self.hidden.is_only_marks(data):
            self._text.append(data.strip())

    def handle_decl(self, decl: str) -> None:
        self._html.append(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self._html.append(f"<![{data}]>")

    def _character(self, entity: str) -> None:
        self._html.append(entity)
        if not self._unseen:
            self._text.append(unescape(entity))

    def _link(self, attrs: list[tuple[str, str | None]], href: str) -> None:
        href = href.strip()
        if UNSUBSCRIBE.fullmatch(self.hidden.show(href)):
            place = shown = "{{ unsubscribe_url }}"
        elif href.startswith(("http:", "https:")) and is_address(href, links=False):
            place = shown = f"{{{{ links[{len(self.links)}] }}}}"
            self.links.append(href)
        else:
            place, shown = escape(href), "" if href.startswith("#") else href
        rest = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if name != "href")
        self._html.append(f'<a href="{place}"{rest}>')
        if not self._unseen:
            self._address.append(shown)


def tidy(text: str) -> str:
    """No blanks at the ends of lines and at most one empty line in a row."""
    lines = [line.strip() for line in text.replace("\xa0", " ").splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
