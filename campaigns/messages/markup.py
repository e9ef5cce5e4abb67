"""Reads a message's MJML: finds what is wrong with it, line by line, and writes it anew in the form that mrml reads without fault.

mrml stops at unquoted attributes and stray "<", and mangles anything but ASCII in attributes of HTML inside mj-text; so
every start tag is written again with quoted ASCII attributes. What it does not clean (scripts, addresses) is refused here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from campaigns.messages.liquid import Hidden

MJML = {
    "mjml",
    "mj-head",
    "mj-body",
    "mj-attributes",
    "mj-all",
    "mj-class",
    "mj-breakpoint",
    "mj-preview",
    "mj-style",
    "mj-title",
    "mj-accordion",
    "mj-accordion-element",
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-button",
    "mj-carousel",
    "mj-carousel-image",
    "mj-column",
    "mj-divider",
    "mj-group",
    "mj-hero",
    "mj-image",
    "mj-navbar",
    "mj-navbar-link",
    "mj-raw",
    "mj-section",
    "mj-social",
    "mj-social-element",
    "mj-spacer",
    "mj-table",
    "mj-text",
    "mj-wrapper",
}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
REFUSED = {
    "applet",
    "audio",
    "base",
    "button",
    "embed",
    "form",
    "frame",
    "frameset",
    "iframe",
    "input",
    "link",
    "math",
    "meta",
    "object",
    "option",
    "script",
    "select",
    "style",
    "svg",
    "template",
    "textarea",
    "video",
}
ADDRESSES = {
    "href",
    "src",
    "background-url",
    "background",
    "action",
    "srcset",
    "poster",
    "thumbnails-src",
    "icon-wrapped-url",
}
DEEPEST = 100
FILLED_ATTRIBUTES = {"alt", "title"}
UNSUBSCRIBE = re.compile(r"\{\{\s*unsubscribe_url\s*\}\}")


@dataclass(frozen=True)
class Problem:
    """Something to mend in a message. An error keeps it from being saved; a warning is shown in the check list."""

    text: str
    line: int | None = None
    error: bool = True

    def __str__(self) -> str:
        return _("Line %(line)s: %(text)s") % {"line": self.line, "text": self.text} if self.line else self.text


@dataclass
class Markup(HTMLParser):
    """`clean` is the source written anew; `problems` what is wrong with it."""

    hidden: Hidden
    problems: list[Problem] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    open: list[tuple[str, int]] = field(default_factory=list)
    unsubscribes: bool = False
    has_body: bool = False
    nested_wrongly: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.feed(self.hidden.source)
        self.close()
        if self.open and not self.nested_wrongly:
            name, line = self.open[-1]
            self.complain(_("<%(name)s> is opened and never closed.") % {"name": name}, line)

    @property
    def clean(self) -> str:
        return "".join(self.out)

    def complain(self, text: str, line: int | None = None) -> None:
        self.problems.append(Problem(text, line or self.getpos()[0]))

    # What the parser finds, in the order of the source

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._write(tag, attrs)
        self.has_body = self.has_body or (tag == "mj-body" and [name for name, _line in self.open] == ["mjml"])
        if tag not in VOID:
            self.open.append((tag, self.getpos()[0]))
            if len(self.open) == DEEPEST:  # mrml's stack ends with some more, and the web server with it
                self.complain(_("<%(name)s> is opened and never closed.") % {"name": tag})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._write(tag, attrs, end=" />" if tag in VOID or tag.startswith("mj") else f"></{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self.open and self.open[-1][0] == tag:
            self.open.pop()
        elif not self.nested_wrongly:
            self.nested_wrongly = True
            if self.open:
                name, line = self.open[-1]
                self.complain(
                    _("</%(end)s> stands where </%(name)s> is expected: <%(name)s> of line %(line)s is still open.")
                    % {"end": tag, "name": name, "line": line}
                )
            else:
                self.complain(_("</%(end)s> closes nothing.") % {"end": tag})
        self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "mj-style":
            if any(self.hidden.marks_in(data)):
                self.complain(_("Placeholders do not work inside mj-style."))
            self.out.append(data)
        else:
            self.out.append(data.replace("<", "&lt;"))

    def handle_entityref(self, name: str) -> None:
        self.out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.out.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.out.append(f"<!--{data}-->")

    # Attributes

    def _write(self, tag: str, attrs: list[tuple[str, str | None]], end: str = ">") -> None:
        if tag == "mj-include":
            self.complain(_("mj-include is not available: a message stands on its own."))
        elif tag.startswith("mj") and tag not in MJML:
            self.complain(_("<%(name)s> is not an element of MJML that is known here.") % {"name": tag})
        elif tag in REFUSED:
            self.complain(_("<%(name)s> does not work in mails and is refused.") % {"name": tag})
        written = []
        for name, value in attrs:
            self._check(tag, name, value or "")
            # One line of ASCII: mrml writes these attributes as Rust prints text for debugging.
            safe = escape(" ".join((value or "").split())).replace("\\", "&#92;")
            written.append(f' {name}="{safe.encode("ascii", "xmlcharrefreplace").decode()}"')
        self.out.append(f"<{tag}{''.join(written)}{end}")

    def _check(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.complain(_("“%(name)s” would run a script, which mails may not.") % {"name": name})
        liquid = list(self.hidden.marks_in(value))
        if name in ADDRESSES:
            self._check_address(name, value.strip(), liquid)
        elif liquid and name not in FILLED_ATTRIBUTES:
            self.complain(
                _("A placeholder cannot stand in “%(name)s”; it can in texts, alt and title.") % {"name": name}
            )

    def _check_address(self, name: str, value: str, liquid: list[str]) -> None:
        shown = self.hidden.show(value)
        if name == "href" and UNSUBSCRIBE.fullmatch(shown):
            self.unsubscribes = True
        elif liquid:
            self.complain(_("A link or picture cannot hold a placeholder, other than {{ unsubscribe_url }} alone."))
        elif not is_address(value, links=name == "href"):
            self.complain(
                _("“%(address)s” is no address that mails can use: write it whole, beginning with https://.")
                % {"address": shown[:80]}
            )


def is_address(value: str, *, links: bool) -> bool:
    """A whole web address; for links also mailto:, tel: and a place in the mail (#…)."""
    if links and (value.startswith("#") or re.match(r"(mailto|tel):[^\s<>\"]+$", value)):
        return True
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s<>\"\\]", value)
