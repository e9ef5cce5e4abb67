"""Our own addresses: by whom answers are sent, and where the answer to an answer goes."""

import re
from email.utils import formataddr

from django.conf import settings
from django.utils.crypto import salted_hmac

from crm.models import Shop

TOKEN = re.compile(r"\+t(\d{1,15})\.([0-9a-f]{16})@")


def sender(shop: Shop) -> str:
    return formataddr((shop.sender_name or shop.name, shop.sender_email))


def domain(shop: Shop) -> str:
    return shop.sender_email.rpartition("@")[2] or "localhost"


def reply_token(number: int) -> str:
    """What only our own mails about a ticket know."""
    return salted_hmac("support.reply", str(number), algorithm="sha256").hexdigest()[:16]


def reply_to(shop: Shop, number: int) -> list[str]:
    """shop+t2041.…@: where the mail server delivers such addresses (REPLY_WITH_TOKEN); else none, and replies go to the sender."""
    if not settings.REPLY_WITH_TOKEN:
        return []
    local, _at, host = shop.sender_email.rpartition("@")
    return [f"{local}+t{number}.{reply_token(number)}@{host}"]


def token_in(address: str) -> tuple[int | None, str]:
    match = TOKEN.search(address)
    return (int(match[1]), match[2]) if match else (None, "")
