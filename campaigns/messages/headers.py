"""Texts as header values: one line, in ASCII, short enough (RFC 5322, RFC 2047)."""

from base64 import b64encode

WORD_BYTES = 39  # of text in an encoded word: its line, with the header's name, may have 76 letters
SPECIALS = set('()<>[]:;@\\,."')


def one_line(text: str) -> str:
    """Without line ends and other white space that could begin another header."""
    return " ".join(text.split())


def words(text: str) -> bytes:
    """Free text, such as a subject: as it is where that is safe, else as encoded words."""
    text = one_line(text)
    if len(text) <= 66 and text.isascii() and text.isprintable() and "=?" not in text:
        return text.encode()
    return b"\r\n ".join(b"=?utf-8?b?%s?=" % b64encode(part) for part in _parts(text))


def phrase(text: str) -> bytes:
    """A name before an address: quoted where it holds special letters."""
    encoded = words(text)
    if encoded.startswith(b"=?") or SPECIALS.isdisjoint(text):
        return encoded
    return b'"%s"' % encoded.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


def mailbox(name: str, address: str) -> bytes:
    """An address with the name of its owner."""
    if not one_line(name):
        return address.encode()
    written = phrase(one_line(name))
    return written + (b"\r\n" if written.startswith(b"=?") else b"") + b" <%s>" % address.encode()


def _parts(text: str) -> list[bytes]:
    """UTF-8 in pieces that end with a whole letter."""
    encoded, parts = text.encode(), []
    while len(encoded) > WORD_BYTES:
        end = WORD_BYTES
        while encoded[end] & 0xC0 == 0x80:  # in the midst of a letter
            end -= 1
        parts.append(encoded[:end])
        encoded = encoded[end:]
    return [*parts, encoded]
