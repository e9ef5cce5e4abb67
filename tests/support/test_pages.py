"""The inbox, a ticket, the public form, and what an open complaint forbids."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm import contactability
from crm.channels import Channel, Purpose
from crm.models import Consent, Customer, Event, Shop, User
from support import tickets
from support.mail.receive import Outcome, receive
from support.models import Message, RawMail, Ticket, TicketKind

Get = Callable[..., Outcome]
pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture
def ticket(get: Get) -> Ticket:
    return Ticket.objects.get(number=get("question").ticket)


def listed(desk: Client, view: str) -> list[int]:
    return [each.number for each in desk.get(reverse("support:inbox"), {"view": view}).context["page"].rows]


def post(desk: Client, name: str, ticket: Ticket, **fields: object) -> object:
    return desk.post(reverse(f"support:{name}", args=[ticket.number]), fields)


def test_views_of_the_inbox_hold_what_their_names_say(desk: Client, ticket: Ticket, phuong: User) -> None:
    number = ticket.number
    assert listed(desk, "open") == listed(desk, "unassigned") == listed(desk, "all") == [number]
    assert listed(desk, "mine") == listed(desk, "solved") == listed(desk, "complaints") == []
    post(desk, "ticket_assign", ticket, to=phuong.pk, was="")
    assert listed(desk, "mine") == [number]
    assert listed(desk, "unassigned") == []
    post(desk, "ticket_kind", ticket, kind="complaint")
    assert listed(desk, "complaints") == [number]
    post(desk, "ticket_state", ticket, state="solved")
    assert listed(desk, "solved") == [number]
    assert listed(desk, "open") == listed(desk, "mine") == listed(desk, "complaints") == []


def test_the_inbox_asks_twelve_queries_at_most_however_many_tickets(desk: Client, ticket: Ticket, shop: Shop) -> None:
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(reverse("support:inbox")).status_code == 200
        counts.append(len(queries))
        for n in range(30):
            receive(b"From: c%d@example.vn\nMessage-ID: <%d@x>\n\nhello" % (n, n))
    assert max(counts) <= 12


def test_pages_of_the_inbox_hold_every_ticket_once(desk: Client, shop: Shop) -> None:
    for n in range(60):
        receive(b"From: c%d@example.vn\nMessage-ID: <%d@x>\n\nhello" % (n, n))
    seen, after = [], ""
    while True:
        page = desk.get(reverse("support:inbox"), {"after": after}).context["page"]
        seen += [each.number for each in page.rows]
        if not (after := page.after):
            break
    assert len(seen) == len(set(seen)) == 60


def test_an_answer_waits_for_the_customer_and_takes_the_ticket(desk: Client, ticket: Ticket, phuong: User) -> None:
    seen = ticket.messages.get().pk
    assert post(desk, "ticket_answer", ticket, text="Sorry!", seen=seen, do="send").status_code == 302
    ticket.refresh_from_db()
    assert (ticket.state, ticket.assignee) == ("waiting", phuong)
    message = ticket.messages.get(direction="out")
    assert (message.delivery, message.address) == ("queued", "honganh@example.vn")
    assert message.message_id.startswith(f"<t{ticket.number}.")
    assert message.message_id.endswith("@tramoc.example>")


def test_a_note_is_for_colleagues_only(desk: Client, ticket: Ticket) -> None:
    post(desk, "ticket_answer", ticket, text="She sounds upset.", do="note")
    message = ticket.messages.get(direction="note")
    assert message.delivery == ""
    assert not Event.objects.filter(properties__text__contains="upset").exists()


def test_the_text_is_kept_when_the_customer_wrote_meanwhile(desk: Client, ticket: Ticket, get: Get) -> None:
    seen = ticket.messages.get().pk
    get("reply")
    answer = post(desk, "ticket_answer", ticket, text="Please send a photo.", seen=seen, do="send")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "The conversation went on while you were writing" in page
    assert "Please send a photo." in page
    assert "Em gửi ảnh như shop nhờ" in page
    assert not ticket.messages.filter(direction="out").exists()
    seen = answer.context["seen"]
    assert post(desk, "ticket_answer", ticket, text="Please send a photo.", seen=seen, do="send").status_code == 302


def test_two_who_take_a_ticket_at_once_do_not_take_it_from_each_other(
    desk: Client, ticket: Ticket, phuong: User
) -> None:
    other = User.objects.create_user("ha@tramoc.example", name="Võ Thu Hà")
    tickets.assign(ticket, other, was=None)
    answer = post(desk, "ticket_assign", ticket, to=phuong.pk, was="")
    assert answer.status_code == 409
    assert "Meanwhile it belongs to Võ Thu Hà" in answer.content.decode()
    ticket.refresh_from_db()
    assert ticket.assignee == other


def test_a_failed_answer_is_shown_with_a_way_to_send_it_again(desk: Client, ticket: Ticket, phuong: User) -> None:
    message = tickets.answer(ticket, "Sorry!", phuong, message_id="<m@x>")
    Message.objects.filter(pk=message.pk).update(delivery="failed", error="550 no such user")
    page = desk.get(ticket.get_absolute_url()).content.decode()
    assert "Not delivered to honganh@example.vn: 550 no such user" in page
    assert desk.post(reverse("support:message_retry", args=[message.public_id])).status_code == 302
    message.refresh_from_db()
    assert message.delivery == "queued"


def test_html_of_strangers_has_a_policy_of_its_own(desk: Client, get: Get) -> None:
    get("html")
    message = Message.objects.get()
    answer = desk.get(reverse("support:message_html", args=[message.public_id]))
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "img-src 'none';" in policy
    assert "sandbox" in policy
    assert "script" not in answer.content.decode()
    assert "pixel.gif" not in answer.content.decode()
    with_images = desk.get(reverse("support:message_html", args=[message.public_id]), {"images": "1"})
    assert "img-src https:;" in with_images["Content-Security-Policy"]
    assert "https://example.org/pixel.gif" in with_images.content.decode()
    page = desk.get(message.ticket.get_absolute_url()).content.decode()
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page


def test_what_strangers_write_is_escaped_on_the_page(desk: Client, shop: Shop) -> None:
    raw = b"From: <script>x</script> <e@example.vn>\nSubject: <script>alert(1)</script>\nMessage-ID: <x@x>\n\n<script>alert(2)</script>"
    number = receive(raw).ticket
    page = desk.get(reverse("support:ticket", args=[number])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(2)" in page


def test_a_mail_that_was_kept_is_shown_and_can_be_put_away(desk: Client, get: Get) -> None:
    get("no-sender")
    mail = RawMail.objects.get()
    page = desk.get(reverse("support:kept")).content.decode()
    assert "Who am I?" in page
    assert "It names no sender." in page
    assert "Nobody wrote this." in desk.get(reverse("support:mail", args=[mail.public_id])).content.decode()
    desk.post(reverse("support:mail_again", args=[mail.public_id]))
    assert RawMail.objects.kept().exists()
    desk.post(reverse("support:mail_away", args=[mail.public_id]))
    assert not RawMail.objects.kept().exists()
    assert RawMail.objects.exists()


def test_a_caller_gets_a_ticket_by_phone_number(desk: Client, phuong: User, shop: Shop) -> None:
    lan = Customer.objects.create(name="Lan", phone="+84903418265", registered_at=timezone.now())
    fields = {"name": "Lan", "address": "0903 418 265", "kind": "order", "channel": "phone", "text": "Where is my tea?"}
    desk.post(reverse("support:ticket_new"), fields)
    ticket = Ticket.objects.get()
    assert (ticket.customer, ticket.channel, ticket.kind, ticket.assignee) == (lan, "phone", "order", phuong)
    assert ticket.subject == "Where is my tea?"
    page = desk.get(ticket.get_absolute_url()).content.decode()
    assert "No e-mail address: write down what you answered" in page
    seen = ticket.messages.get().pk
    post(desk, "ticket_answer", ticket, text="Tonight.", seen=seen, do="solve")
    answer = ticket.messages.get(direction="out")
    assert (answer.channel, answer.delivery) == ("phone", "")


def test_sales_see_tickets_and_answer_none(ticket: Ticket) -> None:
    user = User.objects.create_user("sales@tramoc.example", name="Sales")
    user.groups.add(Group.objects.get(name="Sales"))
    client = Client()
    client.force_login(user)
    page = client.get(ticket.get_absolute_url())
    assert page.status_code == 200
    assert b'name="text"' not in page.content
    assert post(client, "ticket_answer", ticket, text="x", do="note").status_code == 403


def test_an_open_complaint_suspends_marketing_until_it_is_solved(ticket: Ticket, phuong: User) -> None:
    customer, now = ticket.customer, timezone.now()
    Consent.objects.create(customer=customer, channel=Channel.EMAIL, state="granted", source="test")

    def reason() -> str:
        why = contactability.reason(Channel.EMAIL, Purpose.MARKETING, now)
        return Customer.objects.annotate(why=why).get(pk=customer.pk).why

    assert reason() == ""
    tickets.set_kind(ticket, TicketKind.COMPLAINT)
    assert reason() == "open_complaint"
    assert contactability.sentence("open_complaint") == "they have an open complaint"
    assert not Customer.objects.contactable(Channel.EMAIL, now).filter(pk=customer.pk).exists()
    tickets.solve(ticket, phuong)
    assert reason() == ""
    tickets.reopen(ticket, phuong)
    assert reason() == "open_complaint"
    tickets.close(ticket, phuong)
    assert reason() == ""


def write_to_us(client: Client, **fields: str) -> object:
    given = {"kind": "complaint", "name": "Lan", "address": "lan@example.vn", "text": "The box is dented."}
    return client.post(reverse("support:contact"), {**given, **fields})


def test_the_public_form_makes_a_ticket_in_the_shops_language(client: Client, shop: Shop) -> None:
    assert client.get(reverse("support:contact"))["Content-Language"] == "vi"
    answer = write_to_us(client)
    ticket = Ticket.objects.get()
    assert f"#{ticket.number}" in answer.content.decode()
    assert (ticket.kind, ticket.channel, ticket.customer.source) == ("complaint", "website", "web form")
    assert not ticket.customer.consents.exists()
    assert Event.objects.get().channel == Channel.WEBSITE


def test_the_public_form_takes_a_phone_number(client: Client, shop: Shop) -> None:
    lan = Customer.objects.create(name="Lan", phone="+84903418265", registered_at=timezone.now())
    write_to_us(client, address="0903.418.265")
    assert Ticket.objects.get().customer == lan


def test_the_public_form_says_what_is_wrong_and_keeps_the_text(client: Client, shop: Shop) -> None:
    answer = client.post(
        reverse("support:contact"),
        {"kind": "question", "name": "Lan", "address": "lan@", "text": "Is it open?"},
        headers={"accept-language": "en"},
    )
    assert answer.status_code == 422
    assert "“lan@” is not an e-mail address." in answer.content.decode()
    assert "Is it open?" in answer.content.decode()


def test_machines_that_fill_in_every_field_make_no_ticket(client: Client, shop: Shop) -> None:
    assert write_to_us(client, website="https://spam.example").status_code == 200
    assert not Ticket.objects.exists()


def test_the_public_form_is_limited_by_address_and_by_machine(client: Client, shop: Shop) -> None:
    codes = [write_to_us(client).status_code for _time in range(7)]
    assert (codes[0], codes[-1]) == (200, 429)
    assert Ticket.objects.count() <= 5
    codes = [write_to_us(client, address=f"{uuid4().hex}@example.vn").status_code for _time in range(20)]
    assert codes[-1] == 429
    assert Ticket.objects.count() <= 20


def test_behind_a_proxy_of_ours_each_visitor_is_counted_and_nobody_is_believed_who_only_says_so(
    shop: Shop, client: Client, settings: Any
) -> None:
    def code(forwarded: str) -> int:
        said = {"kind": "question", "name": "Lan", "address": f"{uuid4().hex}@example.vn", "text": "Hello?"}
        return client.post(reverse("support:contact"), said, headers={"X-Forwarded-For": forwarded}).status_code

    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert [code(f"192.0.2.{number}, 198.51.100.7") for number in range(21)][-1] == 429
    assert code("198.51.100.8") == 200
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert [code(f"192.0.2.{number}") for number in range(21)][-1] == 429


def test_the_public_form_asks_for_the_csrf_token(shop: Shop) -> None:
    assert write_to_us(Client(enforce_csrf_checks=True)).status_code == 403


def test_tickets_are_found_by_number_and_by_words_without_marks(ticket: Ticket) -> None:
    from support.places import find

    assert [found.url for found in find(f"#{ticket.number}", 5)] == [ticket.get_absolute_url()]
    assert [found.url for found in find("hop tra", 5)] == [ticket.get_absolute_url()]
    assert find("9" * 30, 5) == []


def test_tickets_stand_on_the_customer_page_and_its_time_line(desk: Client, ticket: Ticket) -> None:
    page = desk.get(ticket.customer.get_absolute_url()).content.decode()
    assert page.count(ticket.get_absolute_url()) >= 2
