"""Taking deliveries from a campaign's queue, and writing down what became of them."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from psycopg import sql as composed

from campaigns.models import Delivery, DeliveryState
from campaigns.sending.launch import WORKERS
from crm import contactability, events, sql
from crm.channels import Channel, Purpose
from crm.models import Customer, Suppression
from crm.models.consent import SuppressionReason

BATCH = 50
# Until when a worker is believed to be at it; it begins no mail after BATCH_SECONDS, so that the slowest answers fit in.
LEASE, BATCH_SECONDS = timedelta(minutes=5), 60
# How long a delivery waits that the server put off; it is given up after the last.
PUT_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))


@dataclass(frozen=True, order=True)
class Claimed:
    id: int
    customer_id: int
    address: str
    attempts: int
    stopped: bool


@contextmanager
def place(campaign_id: int) -> Iterator[str | None]:
    """One of the few places at a campaign, under a name for this worker; None where all are taken.

    Held by the database connection: a worker that dies frees it.
    """
    with connection.cursor() as cursor:
        for number in range(WORKERS):
            key = f"campaigns.sending:{campaign_id}:{number}"
            cursor.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
            if cursor.fetchone()[0]:
                break
        else:
            yield None
            return
        try:
            yield f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
        finally:
            cursor.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def question() -> composed.SQL:
    """What is asked of every rule when deliveries are claimed, as SQL; it holds the moment, so ask for it each turn."""
    reason = contactability.reason(Channel.EMAIL, Purpose.MARKETING, timezone.now())
    return sql.written(Customer.objects.annotate(reason=reason).values("id", "email_key", "reason"))


def claim(campaign_id: int, worker: str, asked: composed.SQL) -> list[Claimed] | None:
    """Take up to 50 deliveries, committed before the first byte goes out; whom one may no longer write to is skipped.

    None when there is nothing to take.
    """
    with connection.cursor() as cursor:
        sql.run(cursor, "sending/claim", asked=asked, campaign=campaign_id, worker=worker, batch=BATCH, lease=LEASE)
        rows = cursor.fetchall()
    if not rows:
        return None
    return sorted(Claimed(*row) for state, *row in rows if state == DeliveryState.SENDING)


@dataclass
class Outcome:
    """What became of a batch; `store` writes it in one transaction."""

    campaign_id: int
    worker: str
    sent: list[int] = field(default_factory=list)
    sent_at: list[datetime] = field(default_factory=list)
    failed: list[tuple[Claimed, str, str, bool]] = field(default_factory=list)  # reason, detail, the address is dead
    put_off: list[tuple[Claimed, str]] = field(default_factory=list)
    stopped: list[tuple[Claimed, str]] = field(default_factory=list)  # the refusal is the campaign's: no try is used up
    in_doubt: list[tuple[Claimed, str]] = field(default_factory=list)
    untouched: list[Claimed] = field(default_factory=list)

    @transaction.atomic
    def store(self) -> None:
        if self.sent:
            with connection.cursor() as cursor:
                sql.run(cursor, "sending/sent", ids=self.sent, times=self.sent_at, worker=self.worker)
            events.add("campaigns", "mail_sent", self.sent)
        for each, reason, detail, dead in self.failed:
            self._end(each, DeliveryState.FAILED, reason, detail)
            if dead:
                suppress(each.address, SuppressionReason.BOUNCED)
        for each, detail in self.in_doubt:
            self._end(each, DeliveryState.IN_DOUBT, "connection_lost", detail)
        for each, detail in self.put_off:
            self._put_off(each, detail)
        for each, detail in self.stopped:
            _mine([each.id], self.worker).update(stopped=True, detail=detail[:300])
        self._back([each.id for each in self.untouched] + [each.id for each, _detail in self.stopped])
        with connection.cursor() as cursor:
            sql.run(cursor, "sending/progress", campaign=self.campaign_id, sent=bool(self.sent))

    def _end(self, each: Claimed, state: DeliveryState, reason: str, detail: str) -> None:
        _mine([each.id], self.worker).update(state=state, reason=reason, detail=detail[:300], lease=None)

    def _put_off(self, each: Claimed, detail: str) -> None:
        if each.attempts >= len(PUT_OFF):
            self._end(each, DeliveryState.FAILED, "not_taken", detail)
            return
        _mine([each.id], self.worker).update(attempts=each.attempts + 1, detail=detail[:300])
        self._back([each.id], timezone.now() + PUT_OFF[each.attempts])

    def _back(self, ids: list[int], again: datetime | None = None) -> None:
        """Into the queue again, known unsent; a campaign that was cancelled meanwhile has none."""
        if ids:
            with connection.cursor() as cursor:
                sql.run(cursor, "sending/back", ids=ids, worker=self.worker, again=again)


def suppress(address: str, reason: SuppressionReason) -> None:
    """Never write marketing to this address again, whoever has it."""
    Suppression.objects.get_or_create(channel=Channel.EMAIL, address=address, defaults={"reason": reason})


def _mine(ids: list[int], worker: str) -> QuerySet[Delivery]:
    """Deliveries that are still this worker's; one whose lease ran out is in doubt, and we now know better."""
    return Delivery.objects.filter(pk__in=ids, worker=worker)
