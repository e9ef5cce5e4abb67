"""Signed addresses: nobody can guess one, change one, or read a number out of one.

A token is 22 bytes in base64url: a tag of 12 bytes (keyed BLAKE2b, RFC 7693, over the door and two numbers), and the numbers,
masked with what the tag gives. The keys follow from SECRET_KEY; SECRET_KEY_FALLBACKS keep the links of old mails alive.
"""

import hmac
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from functools import cache
from hashlib import blake2b

from django.conf import settings
from django.utils.encoding import force_bytes

TAG, NUMBERS = 12, 10  # bytes; 6 of the numbers are the object's, 4 the part's
LENGTH = 30  # of a token, in letters
URLSAFE = bytes.maketrans(b"+/", b"-_")


class BadToken(ValueError):
    """Not signed by us, or for another door."""


def sign(door: str, number: int, part: int = 0) -> str:
    """The token of an object (below 2^48) and one of its parts (below 2^32) for a door."""
    signing, masking = _keys()[0]
    numbers = number << 32 | part
    tag = _tag(signing, door, numbers)
    raw = tag + (numbers ^ _mask(masking, tag)).to_bytes(NUMBERS, "big")
    return b2a_base64(raw, newline=False)[:LENGTH].translate(URLSAFE).decode()


def read(door: str, token: str) -> tuple[int, int]:
    """The object and part of a token. Raises BadToken."""
    if len(token) != LENGTH:
        raise BadToken
    try:
        raw = urlsafe_b64decode(token + "==")
    except ValueError:
        raise BadToken from None
    if len(raw) != TAG + NUMBERS:
        raise BadToken
    tag, masked = raw[:TAG], int.from_bytes(raw[TAG:], "big")
    for signing, masking in _keys():
        numbers = masked ^ _mask(masking, tag)
        if hmac.compare_digest(tag, _tag(signing, door, numbers)):
            return numbers >> 32, numbers & 0xFFFFFFFF
    raise BadToken


def _tag(key: bytes, door: str, numbers: int) -> bytes:
    return blake2b(numbers.to_bytes(NUMBERS, "big"), digest_size=TAG, key=key, person=door.encode()).digest()


def _mask(key: bytes, tag: bytes) -> int:
    return int.from_bytes(blake2b(tag, digest_size=NUMBERS, key=key).digest(), "big")


@cache
def _keys() -> list[tuple[bytes, bytes]]:
    """For signing and masking: of the present secret first, then of former ones, which still open."""
    secrets = map(force_bytes, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
    return [
        (hmac.digest(secret, b"regulars.token.sign", "sha256"), hmac.digest(secret, b"regulars.token.mask", "sha256"))
        for secret in secrets
    ]
