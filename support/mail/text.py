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
QUOTES_WITHIN = 6_000  # the parser's patterns take a time that grows with the square of the text
HEADER_LONGEST = 20_000  # letters of a header that are decoded
LANGUAGES = ["en", "fr", "de", "es", "it", "nl", "ja", "ko", "zh"]

# Gmail, Outlook and Apple Mail in Vietnamese, which the library does not know.
VIETNAMESE_QUOTE = re.compile(
    r"^[ \t>]*(?:(?:Vào|Ngày)[ \t][^\n]{1,300}?viết[ \t]{0,9}:"
    r"|-{2,99}[ \t]{0,9}(?:Thư gốc|Tin nhắn gốc|Forwarded message|Original Message)[ \t]{0,9}-{2,99}|Từ:[ \t][^\n]+)[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
# An open <b> or <font> is opened again in every block that follows: with many of them, all different, 8 kB of HTML grow
# to 3 MB when they are read, and 200 kB to gigabytes. Without attributes at most three of a kind count, <a> once.
REOPENED = re.compile(r"(?i)<(?:b|big|code|em|font|i|s|small|strike|strong|tt|u)[\s/]")
REOPENED_AT_MOST = 1_000_000  # times that tags are opened again, at worst
TAG = re.compile(r"<[^<>]*>?")
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
    value = value[:HEADER_LONGEST]
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
    source = source[:LONGEST]
    if grows(source):
        return ""
    return nh3.clean(
        source,
        attribute_filter=None if images else without_pictures,
        clean_content_tags={"script", "style", "title"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
    )


def grows(source: str) -> bool:
    """Whether reading this HTML could make very much more of it: nobody writes such a letter by accident."""
    return len(REOPENED.findall(source)) * source.count("<") > REOPENED_AT_MOST


def without_pictures(tag: str, attribute: str, value: str) -> str | None:
    return None if (tag, attribute) == ("img", "src") else value


def from_html(source: str) -> str:
    """What an HTML mail says, as plain text."""
    lines = BLOCK_ENDS.sub("\n", source[:LONGEST])
    without_content = {"script", "style", "title"}
    bare = TAG.sub("", lines) if grows(lines) else nh3.clean(lines, tags=set(), clean_content_tags=without_content)
    text = entities.unescape(bare).replace("\N{NO-BREAK SPACE}", " ")
    stripped = "\n".join(" ".join(line.split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", stripped).strip()


def without_quotes(text: str) -> tuple[str, str]:
    """What was said, and the quoted mail under it. An answer that is nothing but quotes is left whole."""
    text = text[:LONGEST].strip()
    cuts = [match.start() for match in [VIETNAMESE_QUOTE.search(text)] if match]
    short = re.sub(r"\n{4,}", "\n\n\n", text[:QUOTES_WITHIN])
    replies = EmailReplyParser(languages=LANGUAGES).read(text=short).replies
    if len(replies) > 1:
        first_line = replies[1].content.strip().partition("\n")[0]
        cuts.append(text.find(first_line) if first_line else -1)
    cut = min((cut for cut in cuts if cut > 0), default=len(text))
    said, quoted = text[:cut].strip(), text[cut:].strip()
    return (said, quoted) if said else (text, "")
