"""A worker's turn at a campaign: claim, fill in, send over one kept-open connection, write down what came of it."""

from __future__ import annotations

import time
from collections import deque

from django.utils import timezone
from liquid.exceptions import LiquidError

from campaigns.messages.placeholders import Values, values
from campaigns.messages.prepare import Prepared
from campaigns.models import Campaign, CampaignState
from campaigns.sending import control
from campaigns.sending.claim import BATCH_SECONDS, Claimed, Outcome, claim, place, question
from campaigns.sending.smtp import Answer, Connection, Lost, ServerAway
from campaigns.sending.verdict import Fate, judge
from crm import events
from crm.models import Shop

TURN_SECONDS = 10  # then other work of the same process has its turn
MOST_SETBACKS = 5  # one after the other: the server wants to be left alone, until beat has a worker try again
HANGS_UP = 421  # the server's last word on a connection


def take_turn(campaign_id: int, seconds: float = TURN_SECONDS) -> bool:
    """Send mails of a campaign for some seconds. Returns whether another turn should follow at once."""
    with place(campaign_id) as worker:
        if worker is None:
            return False
        campaign = Campaign.objects.get(pk=campaign_id)
        shop = Shop.current()
        if campaign.state != CampaignState.SENDING or shop.sending_held:
            return False
        today = timezone.now().date()
        events.prepare_months(today, today)
        try:
            more = Turn(campaign, shop, worker, time.monotonic() + seconds).run()
        except ServerAway as away:
            # The queue waits; beat has a worker try again within 15 s.
            control.note_trouble(campaign_id, str(away))
            return False
    control.finish(campaign_id)
    return more


class Turn:
    """Raises ServerAway where there is no connection to the mail server, or none any more."""

    def __init__(self, campaign: Campaign, shop: Shop, worker: str, end: float) -> None:
        self.campaign, self.worker, self.end = campaign, worker, end
        self.prepared, self.asked = Prepared(campaign, shop), question()
        self.connection = Connection()
        self.setbacks = 0  # one after the other
        self.stopped = False

    def run(self) -> bool:
        """Returns whether there was more to send when the time was up."""
        try:
            while not self.stopped and time.monotonic() < self.end:
                claimed = claim(self.campaign.pk, self.worker, self.asked)
                if claimed is None:
                    return False
                self._send(claimed)
        finally:
            self.connection.close()
        return not self.stopped

    def _send(self, claimed: list[Claimed]) -> None:
        outcome = Outcome(self.campaign.pk, self.worker)
        waiting, begin_until = deque(claimed), time.monotonic() + BATCH_SECONDS
        try:
            known = values([each.customer_id for each in claimed], self.prepared.names)
            while waiting and not self.stopped and time.monotonic() < begin_until:
                each = waiting.popleft()
                following = waiting[0].address if waiting else None
                self._send_one(each, known[each.customer_id], following, outcome)
            self._take_back_announced()
        finally:
            outcome.untouched += waiting
            outcome.store()

    def _send_one(self, each: Claimed, known: Values, following: str | None, outcome: Outcome) -> None:
        try:
            message = self.prepared.message(each.id, each.address, known)
        except LiquidError as error:
            outcome.failed.append((each, "no_message", str(error), False))
            self._take_back_announced()
            return
        try:
            answer = self.connection.send(self.prepared.sender, each.address, message, following)
        except Lost as lost:
            (outcome.in_doubt if lost.in_doubt else outcome.put_off).append((each, str(lost)))
            self._set_back()
            self._reconnect()
            return
        self._heed(answer, each, outcome)
        if answer.code == HANGS_UP:
            self._reconnect()

    def _heed(self, answer: Answer, each: Claimed, outcome: Outcome) -> None:
        verdict = judge(answer)
        if verdict.fate == Fate.SENT:
            self.setbacks = 0
            outcome.sent.append(each.id)
            outcome.sent_at.append(timezone.now())
        elif verdict.fate == Fate.LATER:
            outcome.put_off.append((each, str(answer)))
            self._set_back()
        elif verdict.fate == Fate.STOP and not each.stopped:
            outcome.stopped.append((each, str(answer)))
            self.stopped = True
            control.stop(self.campaign.pk, str(answer))
        else:  # what stopped a campaign once, and does so again after somebody resumed it, is this recipient's matter
            outcome.failed.append((each, verdict.reason or "refused", str(answer), verdict.address_is_dead))

    def _set_back(self) -> None:
        self.setbacks += 1
        self.stopped = self.setbacks >= MOST_SETBACKS

    def _take_back_announced(self) -> None:
        """The server waits for a mail that does not come: the next ones go out over a new connection."""
        if self.connection.announced and not self.stopped:
            self._reconnect()

    def _reconnect(self) -> None:
        self.connection.close()
        self.connection = Connection()
