"""Signed addresses: nobody can guess one, change one, or read a number out of one.

A token is 22 bytes in base64url: a tag of 12 bytes (HMAC-SHA256 over the door and two numbers), and the numbers, masked
with a key stream that the tag gives. The keys follow from SECRET_KEY; SECRET_KEY_FALLBACKS keep old mails' links alive.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from hashlib import blake2b
from hmac import compare_digest, digest

from django.conf import settings
from django.utils.encoding import force_bytes

TAG = 12
NUMBERS = struct.Struct(">HIHH")  # 48 bits of the object, 32 of the part
LENGTH = 30  # of a token, in letters


class BadToken(ValueError):
    """Not signed by us, or for another door."""


def sign(door: str, number: int, part: int = 0) -> str:
    """The token of an object (below 2^48) and one of its parts (below 2^32) for a door."""
    signing, masking = _keys()[0]
    numbers = NUMBERS.pack(number >> 32, number & 0xFFFFFFFF, part >> 16, part & 0xFFFF)
    tag = digest(signing, door.encode() + b"\0" + numbers, "sha256")[:TAG]
    return urlsafe_b64encode(tag + _masked(numbers, masking, tag))[:LENGTH].decode()


def read(door: str, token: str) -> tuple[int, int]:
    """The object and part of a token. Raises BadToken."""
    if len(token) != LENGTH:
        raise BadToken
    try:
        raw = urlsafe_b64decode(token + "==")
    except ValueError:
        raise BadToken from None
    tag, masked = raw[:TAG], raw[TAG:]
    if len(raw) != TAG + NUMBERS.size:
        raise BadToken
    for signing, masking in _keys():
        numbers = _masked(masked, masking, tag)
        expected = digest(signing, door.encode() + b"\0" + numbers, "sha256")[:TAG]
        if compare_digest(tag, expected):
            high, low, part_high, part_low = NUMBERS.unpack(numbers)
            return high << 32 | low, part_high << 16 | part_low
    raise BadToken


def _masked(numbers: bytes, key: bytes, tag: bytes) -> bytes:
    stream = blake2b(tag, key=key, digest_size=NUMBERS.size).digest()
    return (int.from_bytes(numbers, "big") ^ int.from_bytes(stream, "big")).to_bytes(NUMBERS.size, "big")


@cache
def _keys() -> list[tuple[bytes, bytes]]:
    """For signing and masking: of the present secret first, then of former ones, which still open."""
    secrets = map(force_bytes, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
    return [
        (
            digest(secret, b"regulars.token.sign", "sha256"),
            digest(secret, b"regulars.token.mask", "sha256"),
        )
        for secret in secrets
    ]
