"""The signed addresses in a campaign's mails, and what a hit on one means (docs/domain.md 3)."""

from django.db.backends.utils import CursorWrapper

from campaigns.models import Link
from crm import collect, sql
from crm.collect.tokens import sign

OPEN, CLICK, HIDDEN, UNSUBSCRIBE = "o", "c", "h", "u"


def register() -> None:
    collect.register(OPEN, collect.Door(None, store))
    collect.register(CLICK, collect.Door(target, store))
    # A link that no reader sees: who follows it is a machine.
    collect.register(HIDDEN, collect.Door(None, store))


def target(link_id: int) -> str | None:
    return Link.objects.filter(pk=link_id).values_list("url", flat=True).first()


def store(cursor: CursorWrapper) -> None:
    """Make events of the hits, see which clicks are a machine's, and note the first of each kind at its delivery."""
    sql.run(cursor, "answers/events")
    sql.run(cursor, "answers/machines")
    sql.run(cursor, "answers/firsts")


def open_path(delivery_id: int) -> str:
    return f"/t/{OPEN}/{sign(OPEN, delivery_id)}.gif"


def click_path(delivery_id: int, link_id: int) -> str:
    return f"/t/{CLICK}/{sign(CLICK, delivery_id, link_id)}"


def hidden_path(delivery_id: int) -> str:
    return f"/t/{HIDDEN}/{sign(HIDDEN, delivery_id)}"


def unsubscribe_path(delivery_id: int) -> str:
    return f"/u/{sign(UNSUBSCRIBE, delivery_id)}"
