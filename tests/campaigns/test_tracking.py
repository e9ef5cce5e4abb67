"""Opens, clicks and unsubscribing: from the signed address in a mail to the time line."""

import re
import time
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
import redis
from django.test import Client
from django.utils import timezone

from campaigns.answers import doors
from campaigns.models import Campaign, Delivery, Link
from crm import consent
from crm.channels import Channel
from crm.collect import collector, ingest, tokens
from crm.models import Consent, Customer, Due, Event, Shop
from tests.campaigns.sending_world import campaign, customer, launch, send, states

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
APPLE = "Mozilla/5.0"
SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel)"


class Answer:
    """What our WSGI door answered to a request."""

    def __init__(self, path: str, agent: str = CHROME, method: str = "GET") -> None:
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_USER_AGENT": agent}
        self.body = b"".join(ingest.application(environ, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = int(status.split()[0]), dict(headers)


@pytest.fixture
def delivery(db, valkey, smtp_server):
    """A mail that arrived an hour ago, with three links."""
    customer("Nguyễn Thị Lan", "lan@example.vn")
    send(launch(campaign()))
    Delivery.objects.update(sent_at=timezone.now() - timedelta(hours=1))
    Campaign.objects.update(launched_at=timezone.now() - timedelta(hours=1))
    ingest._targets.clear()
    return Delivery.objects.get()


def click(delivery: Delivery, position: int = 1, agent: str = CHROME) -> Answer:
    link = Link.objects.get(campaign=delivery.campaign_id, position=position)
    return Answer(doors.click_path(delivery.pk, link.pk), agent)


def events_of(delivery: Delivery) -> list[tuple[str, str]]:
    collector.collect_all()
    delivery.refresh_from_db()
    found = Event.objects.filter(object_id=delivery.pk, app="campaigns").exclude(kind="mail_sent").order_by("id")
    return [(event.kind, event.properties["agent"]) for event in found]


# The signed addresses


def test_every_address_of_a_mail_works_and_none_other_does(delivery, smtp_server):
    html = smtp_server.messages[0].message.get_body(("html",)).get_content()
    addresses = re.findall(r'(?:href|src)="http://[^/]+(/t/[^"]+)"', html)
    assert len(addresses) == 5
    for address in addresses:
        assert Answer(address).status in (200, 302)
        for place in range(5, len(address.removesuffix(".gif"))):
            letter = "A" if address[place] != "A" else "B"
            changed = address[:place] + letter + address[place + 1 :]
            # The last letter of a token carries two bits that mean nothing.
            if place != len(address.removesuffix(".gif")) - 1:
                assert Answer(changed).status == 404, changed


def test_a_token_of_one_door_does_not_open_another(delivery):
    link = Link.objects.first()
    opened, clicked = doors.open_path(delivery.pk), doors.click_path(delivery.pk, link.pk)
    assert Answer(opened.replace("/o/", "/c/")).status == 404
    assert Answer(clicked.replace("/c/", "/o/")).status == 404
    assert Client().get(f"/u/{tokens.sign('o', delivery.pk)}").status_code == 404
    for path in (
        "/t/",
        "/t/o",
        "/t/o/",
        "/t/x/abc",
        "/t/c/" + "é" * 30,
        "/t/o/" + "A" * 30,
        "/t//",
        f"/t/{'x' * 40}/{'A' * 30}",
    ):
        assert Answer(path).status == 404


def test_a_click_lands_on_the_exact_address(delivery):
    answer = click(delivery)
    assert answer.status == 302
    assert answer.headers["Location"] == "https://shop.example/new?a=1&b=tr%C3%A0"
    assert answer.headers["Cache-Control"].startswith("no-store")


def test_an_open_gets_a_picture_that_nobody_keeps(delivery):
    answer = Answer(doors.open_path(delivery.pk))
    assert answer.status == 200
    assert answer.body.startswith(b"GIF89a")
    assert answer.headers["Content-Type"] == "image/gif"
    assert answer.headers["Cache-Control"].startswith("no-store")


def test_head_is_answered_and_not_recorded_and_post_is_refused(delivery):
    assert Answer(doors.open_path(delivery.pk), method="HEAD").status == 200
    assert Answer(doors.open_path(delivery.pk), method="POST").status == 405
    assert events_of(delivery) == []


def test_a_token_tells_nothing_about_its_numbers():
    first, second = tokens.sign("o", 1), tokens.sign("o", 2)
    assert sum(a == b for a, b in zip(first, second, strict=True)) < 10
    assert tokens.read("c", tokens.sign("c", 2**48 - 1, 2**32 - 1)) == (2**48 - 1, 2**32 - 1)


def test_links_of_old_mails_work_after_a_change_of_the_secret_key(settings):
    old = tokens.sign("o", 7)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a new one"
    tokens._keys.cache_clear()
    try:
        assert tokens.read("o", old) == (7, 0)
        settings.SECRET_KEY_FALLBACKS = []
        tokens._keys.cache_clear()
        with pytest.raises(tokens.BadToken):
            tokens.read("o", old)
    finally:
        tokens._keys.cache_clear()


# Who opened and clicked (docs/domain.md 3)


def test_a_human_open_and_click_reach_the_time_line_and_the_delivery(delivery):
    Due.objects.all().delete()
    Answer(doors.open_path(delivery.pk))
    click(delivery, 2)
    assert events_of(delivery) == [("mail_opened", "human"), ("mail_clicked", "human")]
    assert delivery.opened_at is not None
    assert delivery.clicked_at is not None
    assert delivery.machine_opened_at is None
    assert delivery.machine_clicked_at is None
    clicked = Event.objects.get(kind="mail_clicked")
    assert clicked.properties == {"agent": "human", "campaign": "Tết", "url": "https://shop.example/old", "link": 2}
    assert clicked.channel == Channel.EMAIL
    assert Due.objects.filter(customer_id=delivery.customer_id).exists()


def test_apples_prefetch_and_scanners_are_machines(delivery):
    Answer(doors.open_path(delivery.pk), APPLE)
    Answer(doors.open_path(delivery.pk), SCANNER)
    click(delivery, agent=SCANNER)
    assert events_of(delivery) == [("mail_opened", "machine"), ("mail_opened", "machine"), ("mail_clicked", "machine")]
    assert delivery.opened_at is None
    assert delivery.machine_opened_at is not None
    assert delivery.machine_clicked_at is not None


def test_an_image_proxys_open_is_a_machines_within_ten_seconds_of_delivery_and_a_humans_later(delivery):
    Answer(doors.open_path(delivery.pk), GMAIL)
    assert events_of(delivery) == [("mail_opened", "human")]
    Delivery.objects.update(sent_at=timezone.now())
    Answer(doors.open_path(delivery.pk), GMAIL)
    assert events_of(delivery) == [("mail_opened", "human"), ("mail_opened", "machine")]


def test_who_says_nothing_of_themselves_is_unknown_and_counts_for_nothing(delivery):
    Answer(doors.open_path(delivery.pk), "")
    click(delivery, agent="")
    assert events_of(delivery) == [("mail_opened", "unknown"), ("mail_clicked", "unknown")]
    assert [delivery.opened_at, delivery.clicked_at, delivery.machine_opened_at, delivery.machine_clicked_at] == [
        None
    ] * 4


def test_after_a_hit_on_the_hidden_link_every_click_of_that_mail_is_a_machines(delivery):
    click(delivery, 1)
    assert events_of(delivery) == [("mail_clicked", "human")]
    Answer(doors.hidden_path(delivery.pk))
    assert events_of(delivery) == [("mail_clicked", "machine"), ("mail_scanned", "machine")]
    assert delivery.clicked_at is None
    click(delivery, 2)
    assert events_of(delivery)[-1] == ("mail_clicked", "machine")


def test_three_links_within_two_seconds_are_a_machines_and_two_are_not(delivery):
    click(delivery, 1)
    click(delivery, 2)
    assert events_of(delivery) == [("mail_clicked", "human")] * 2
    click(delivery, 3)
    assert events_of(delivery) == [("mail_clicked", "machine")] * 3
    assert delivery.clicked_at is None
    assert delivery.machine_clicked_at is not None


def test_three_clicks_on_one_link_are_an_impatient_humans(delivery):
    for _time in range(3):
        click(delivery, 1)
    assert events_of(delivery) == [("mail_clicked", "human")] * 3


def test_three_links_with_time_between_them_are_a_humans(delivery, valkey):
    now = int(time.time() * 1000)
    for position, milliseconds in ((1, 0), (2, 1500), (3, 3000)):
        link = Link.objects.get(position=position)
        valkey.xadd(
            ingest.STREAM,
            {"d": "c", "o": delivery.pk, "p": link.pk, "a": CHROME},
            id=f"{now - 10_000 + milliseconds}-0",
        )
    assert events_of(delivery) == [("mail_clicked", "human")] * 3


# Nothing lost, nothing twice


def test_a_batch_that_comes_again_writes_nothing_twice(delivery, valkey):
    Answer(doors.open_path(delivery.pk))
    click(delivery)
    entries = valkey.xrange(ingest.STREAM)
    assert len(events_of(delivery)) == 2
    assert valkey.xlen(ingest.STREAM) == 0
    # As if the collector had been killed after the commit and before it took the batch off the stream.
    valkey.delete(ingest.STREAM)
    for entry_id, fields in entries:
        valkey.xadd(ingest.STREAM, fields, id=entry_id)
    assert len(events_of(delivery)) == 2


def test_an_entry_that_is_not_ours_keeps_nobody_waiting(delivery, valkey):
    valkey.xadd(ingest.STREAM, {"nonsense": "1"})
    Answer(doors.open_path(delivery.pk))
    assert events_of(delivery) == [("mail_opened", "human")]
    assert valkey.xlen(ingest.STREAM) == 0


def test_with_valkey_away_the_click_still_leads_on_and_the_loss_is_told(delivery, caplog):
    path = doors.click_path(delivery.pk, Link.objects.first().pk)
    away = redis.Redis(unix_socket_path="/nonexistent", retry=None)
    real, ingest._valkey, ingest._lost = ingest._valkey, lambda: away, 0
    try:
        assert Answer(path).status == 302
        assert Answer(doors.open_path(delivery.pk)).status == 200
    finally:
        ingest._valkey = real
    assert [record.msg["lost"] for record in caplog.records] == [1, 2]
    assert events_of(delivery) == []


def test_hits_on_the_mail_of_an_erased_customer_leave_nothing(delivery):
    path = doors.open_path(delivery.pk)
    Customer.objects.all().delete()
    assert Answer(path).status == 200
    collector.collect_all()
    assert not Event.objects.exists()


def test_opens_and_clicks_go_through_the_whole_web_server(delivery, live):
    request = urllib.request.Request(live + doors.open_path(delivery.pk), headers={"User-Agent": CHROME})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Content-Type"] == "image/gif"
    assert events_of(delivery) == [("mail_opened", "human")]


# Unsubscribing


def page(delivery: Delivery) -> str:
    return doors.unsubscribe_path(delivery.pk)


def test_looking_at_the_page_changes_nothing(delivery):
    client = Client(enforce_csrf_checks=True)
    assert client.head(page(delivery)).status_code == 200
    response = client.get(page(delivery))
    assert response.status_code == 200
    assert "l•••••n@example.vn" in response.content.decode()
    assert "lan@example.vn" not in response.content.decode()
    assert Consent.objects.get().state == "granted"
    delivery.refresh_from_db()
    assert delivery.unsubscribed_at is None


@pytest.mark.parametrize("body", [{"List-Unsubscribe": "One-Click"}, {}])
def test_one_post_withdraws_for_everyone_with_that_address(delivery, body):
    twin, other = customer("Twin", "LAN@example.vn"), customer("Other")
    response = Client(enforce_csrf_checks=True).post(page(delivery), body)
    assert response.status_code == 200
    current = dict(Consent.objects.filter(current=True).values_list("customer", "state"))
    assert current == {delivery.customer_id: "withdrawn", twin.pk: "withdrawn", other.pk: "granted"}
    delivery.refresh_from_db()
    assert delivery.unsubscribed_at is not None
    kinds = set(Event.objects.filter(customer=delivery.customer_id).values_list("kind", flat=True))
    assert kinds == {"mail_sent", "consent_granted", "consent_withdrawn", "unsubscribed"}


def test_unsubscribing_twice_is_like_once(delivery):
    Client().post(page(delivery))
    first = Delivery.objects.get().unsubscribed_at
    Client().post(page(delivery))
    assert Delivery.objects.get().unsubscribed_at == first
    assert Event.objects.filter(kind="unsubscribed").count() == 1
    assert Consent.objects.filter(state="withdrawn").count() == 1


def test_mails_that_wait_for_an_address_that_unsubscribed_are_skipped(delivery):
    waiting = launch(campaign())
    Client().post(page(delivery))
    send(waiting)
    assert states(waiting) == {delivery.customer_id: "skipped: no_consent"}


def test_who_agrees_again_is_written_to_again(delivery):
    Client().post(page(delivery))
    consent.grant(delivery.customer, Channel.EMAIL, source="order by phone")
    assert "<button" in Client().get(page(delivery)).content.decode().partition("<main")[2]
    assert states(launch(campaign())) == {delivery.customer_id: "queued"}


def test_the_page_speaks_the_customers_language_and_else_the_shops(delivery):
    Shop.objects.update(language="vi")
    assert '<html lang="vi"' in Client().get(page(delivery)).content.decode()
    Customer.objects.update(language="en")
    assert "No more mails from us?" in Client().get(page(delivery)).content.decode()


def test_an_address_that_is_not_ours_is_not_found(db):
    assert Client().get("/u/" + "A" * 30).status_code == 404
    assert Client().post("/u/abc").status_code == 404
