"""From the bytes of strangers to text: charsets that are named wrongly, HTML, what the writer quoted."""

import html as entities
import re
import unicodedata
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header

import nh3
from mailparser_reply import EmailReplyParser

LONGEST = 200_000  # characters of one message that are kept beside the raw mail
QUOTES_WITHIN = 20_000  # the parser's patterns are slow on long texts
LANGUAGES = ["en", "fr", "de", "es", "it", "nl", "ja", "ko", "zh"]

# Gmail, Outlook and Apple Mail in Vietnamese, which the library does not know.
VIETNAMESE_QUOTE = re.compile(
    r"^\s*(?:Vào\s.+?(?:đã viết|viết)\s*:|Ngày\s.+?(?:đã viết|viết)\s*:"
    r"|-{2,}\s*(?:Thư gốc|Tin nhắn gốc|Forwarded message|Original Message)\s*-{2,}|Từ:\s.+)\s*$",
    re.MULTILINE | re.IGNORECASE,
)
BLOCK_ENDS = re.compile(r"(?i)<br\s*/?>|</(?:p|div|tr|li|h[1-6]|blockquote|table)>")


def decoded(data: bytes, charset: str | None) -> str:
    """The text of `data`. A label is believed unless the bytes are UTF-8 all the same or do not fit it."""
    if not data.isascii():
        with suppress(UnicodeDecodeError):
            return clean(data.decode("utf-8"))
    for name in (charset, "cp1258"):
        with suppress(LookupError, UnicodeError, ValueError):
            return clean(data.decode(name or "ascii"))
    return clean(data.decode("latin-1"))


def header(value: str) -> str:
    """A header's words, whatever they were encoded in; 8-bit bytes that should have been encoded too."""
    value = decoded(value.encode("utf-8", "surrogateescape"), None) if not value.isascii() else value
    try:
        words = decode_header(value)
    except (HeaderParseError, ValueError, LookupError):
        words = [(value, None)]
    text = "".join(word if isinstance(word, str) else decoded(word, charset) for word, charset in words)
    return " ".join(clean(text).split())


def clean(text: str) -> str:
    """What Postgres can hold, composed (cp1258 writes marks apart), with line ends of one kind."""
    text = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))


def cleaned_html(source: str, *, images: bool = True) -> str:
    """HTML without script, style, forms, frames; links open elsewhere. Shown in a sandboxed frame all the same.

    images: whether pictures keep their address, from which a browser would load them.
    """
    return nh3.clean(
        source[:LONGEST],
        attribute_filter=None if images else without_pictures,
        clean_content_tags={"script", "style", "title"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
    )


def without_pictures(tag: str, attribute: str, value: str) -> str | None:
    return None if (tag, attribute) == ("img", "src") else value


def from_html(source: str) -> str:
    """What an HTML mail says, as plain text."""
    lines = BLOCK_ENDS.sub("\n", source[:LONGEST])
    bare = nh3.clean(lines, tags=set(), clean_content_tags={"script", "style", "title"})
    text = entities.unescape(bare).replace("\N{NO-BREAK SPACE}", " ")
    stripped = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", stripped).strip()


def without_quotes(text: str) -> tuple[str, str]:
    """What was said, and the quoted mail under it. An answer that is nothing but quotes is left whole."""
    text = text[:LONGEST].strip()
    cuts = [match.start() for match in [VIETNAMESE_QUOTE.search(text)] if match]
    replies = EmailReplyParser(languages=LANGUAGES).read(text=text[:QUOTES_WITHIN]).replies
    if len(replies) > 1:
        first_line = replies[1].content.strip().partition("\n")[0]
        cuts.append(text.find(first_line) if first_line else -1)
    cut = min((cut for cut in cuts if cut > 0), default=len(text))
    said, quoted = text[:cut].strip(), text[cut:].strip()
    return (said, quoted) if said else (text, "")
