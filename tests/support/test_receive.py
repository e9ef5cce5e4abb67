"""Mails come in, from files as mail programs wrote them: what each becomes, and that none is lost or counted twice."""

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from time import process_time

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from crm.channels import Channel
from crm.models import Customer, Event, Shop, Suppression, User
from support import tickets
from support.mail.letter import read
from support.mail.receive import Outcome, file_waiting, receive
from support.mail.send import new_message_id
from support.mail.text import cleaned_html, from_html, without_quotes
from support.models import Message, RawMail, Ticket
from tests.support.conftest import MAILS

Get = Callable[..., Outcome]


def told() -> list[str]:
    return list(Event.objects.filter(app="support").order_by("at", "id").values_list("kind", flat=True))


def test_a_question_becomes_a_ticket_of_a_new_customer(get: Get) -> None:
    outcome = get("question")
    ticket = Ticket.objects.get(number=outcome.ticket)
    customer = Customer.objects.get(public_id=outcome.customer)
    assert (outcome.kind, outcome.reason) == ("ticket", "")
    assert (customer.name, customer.email, customer.source) == ("Nguyễn Thị Hồng Ánh", "honganh@example.vn", "mail")
    assert customer.registered_at.isoformat() == "2026-11-21T09:20:00+00:00"
    assert not customer.consents.exists()
    assert (ticket.subject, ticket.state, ticket.kind) == ("Hộp trà bị móp", "open", "question")
    assert ticket.messages.get().text.startswith("Hộp trà bị móp một góc")
    assert told() == ["ticket_opened"]


def test_the_customer_is_found_by_address_whatever_its_case_and_of_several_the_latest(get: Get) -> None:
    now = timezone.now()
    Customer.objects.create(name="Old", email="HONGANH@example.vn", registered_at=now)
    latest = Customer.objects.create(name="New", email="honganh@example.vn", registered_at=now)
    assert get("question").customer == str(latest.public_id)
    assert Customer.objects.count() == 2


def test_the_same_mail_twice_is_one(get: Get) -> None:
    assert get("question") == get("question")
    assert Ticket.objects.count() == Message.objects.count() == RawMail.objects.count() == 1


def test_the_same_mail_by_another_way_is_one(get: Get) -> None:
    get("question")
    raw = (MAILS / "question.eml").read_bytes().replace(b"by mx.tramoc.example", b"by backup.tramoc.example")
    receive(raw.replace(b"\n", b"\r\n"))
    assert Ticket.objects.count() == 1


def test_another_letter_with_the_same_message_id_is_another(get: Get) -> None:
    get("question")
    assert get("same-id-other-letter").kind == "ticket"
    assert Ticket.objects.count() == 2


def test_a_reply_is_found_by_any_of_its_references_and_its_quotes_are_cut(get: Get) -> None:
    ticket = get("question").ticket
    outcome = get("reply")
    assert (outcome.kind, outcome.ticket) == ("reply", ticket)
    message = Message.objects.latest("id")
    assert message.text == "Em gửi ảnh như shop nhờ ạ."
    assert message.quoted.startswith("Vào Th 7")
    assert told() == ["ticket_opened", "ticket_message"]


def test_a_reply_reopens_a_solved_ticket(get: Get, phuong: User) -> None:
    ticket = Ticket.objects.get(number=get("question").ticket)
    tickets.solve(ticket, phuong)
    get("reply")
    ticket.refresh_from_db()
    assert ticket.state == "open"
    assert [change.state for change in ticket.changes.all()] == ["solved", "open"]
    assert "ticket_reopened" in told()


@pytest.mark.parametrize(("sender", "kind"), [(b"honganh@example.vn", "reply"), (b"eve@example.org", "ticket")])
def test_a_number_in_the_subject_counts_only_if_the_sender_belongs_to_it(get: Get, sender: bytes, kind: str) -> None:
    number = get("question").ticket
    outcome = get("by-number", **{"from": sender, "number": str(number).encode()})
    assert outcome.kind == kind
    assert (outcome.ticket == number) == (kind == "reply")


def test_a_mail_that_was_passed_on_starts_its_own_ticket_and_says_so(get: Get) -> None:
    number = get("question").ticket
    outcome = get("passed-on")
    assert outcome.kind == "ticket"
    note = Message.objects.get(ticket__number=outcome.ticket, direction="note")
    assert f"#{number}" in note.text


def test_our_token_in_the_address_finds_the_ticket(get: Get, shop: Shop, settings: pytest.FixtureRequest) -> None:
    from support.mail.addresses import reply_to

    settings.REPLY_WITH_TOKEN = True
    number = get("question").ticket
    [address] = reply_to(shop, number)
    mail = "From: HONGANH@example.vn\nTo: {}\nSubject: no thread\nMessage-ID: <{}@x>\n\nHello again"
    assert receive(mail.format(address, "good").encode()).ticket == number
    forged = address.replace(address[-20:-15], "00000")
    assert receive(mail.format(forged, "forged").encode()).kind == "ticket"


@pytest.mark.parametrize(
    ("name", "subject", "text"),
    [
        ("cp1258", "Trà sen", "Trà sen có còn không?"),
        ("iso-2022-jp", "お茶について", "在庫はありますか。"),
        ("wrong-label", "Trà không đúng nhãn", "Trà ô long còn không?"),
        ("unknown-charset", "Hi", "Café au lait?"),
        ("no-subject", "Do you open on Sunday?", "Do you open on Sunday?"),
        ("nul", "NUL", "Before after."),
        ("broken-mime", "Broken", ""),
        ("bad-base64", "Hello shop", "Hello shop"),
    ],
)
def test_odd_mails_are_read_as_far_as_they_can_be(get: Get, name: str, subject: str, text: str) -> None:
    outcome = get(name)
    assert outcome.kind == "ticket"
    ticket = Ticket.objects.get(number=outcome.ticket)
    assert ticket.subject == subject
    assert text in ticket.messages.get().text


@pytest.mark.parametrize("name", ["no-sender", "garbage"])
def test_what_cannot_be_read_is_kept_with_a_reason(get: Get, name: str) -> None:
    outcome = get(name)
    assert outcome.kind == "kept"
    assert outcome.reason == "It names no sender."
    assert bytes(RawMail.objects.kept().get().raw) == (MAILS / f"{name}.eml").read_bytes()


@given(raw=st.binary(max_size=400) | st.from_regex(rb"From: .{0,30}@.{0,30}\n(.{0,60}\n){0,8}\n.{0,60}"))
@how(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.django_db
def test_no_bytes_make_receiving_fail(raw: bytes) -> None:
    assert receive(raw).kind in ("ticket", "reply", "bounce", "auto_reply", "kept")


def test_a_huge_mail_and_a_deep_one_are_not_lost(shop: Shop) -> None:
    head = b"From: lan@example.vn\nMessage-ID: <%s@x>\n"
    assert receive(head % b"huge" + b"\n" + b"tea " * 1_000_000).kind == "ticket"
    assert len(Message.objects.get().text) <= 200_000
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(3000))
    assert receive(head % b"deep" + deep + b"\nhello").kind in ("ticket", "kept")


def test_html_is_cleaned_and_said_in_plain_text_too(get: Get) -> None:
    get("html")
    message = Message.objects.get()
    assert message.text == "Hello shop,\nis the tea still there?"
    for bad in ("script", "steal", "iframe", "form", "onload", "javascript", "<style", "password"):
        assert bad not in message.html
    assert "<b>shop</b>" in message.html
    assert 'rel="noopener noreferrer"' in message.html


def test_attachments_are_named_without_their_folders_and_never_taken_for_the_text(get: Get) -> None:
    get("attachments")
    message = Message.objects.get()
    assert [file["name"] for file in message.files] == ["hop-tra.jpg", "photo.jpg.exe", "message/rfc822"]
    assert message.text == "Two files, see there."
    assert "Inner words" not in message.text + message.html


@pytest.mark.parametrize(
    ("subject", "header"),
    [
        ("Away", "Auto-Submitted: auto-replied"),
        ("Away", "X-Autoreply: yes"),
        ("Away", "Precedence: bulk"),
        ("Away", "List-Id: <news.example.vn>"),
        ("Away", "X-Regulars: ticket 1"),
        ("Automatic reply: the box", "X-Nothing: here"),
        ("Trả lời tự động: hộp trà", "X-Nothing: here"),
    ],
)
def test_an_automatic_reply_is_no_answer(get: Get, subject: str, header: str) -> None:
    ticket = Ticket.objects.get(number=get("question").ticket)
    Ticket.objects.update(state="solved")
    outcome = get("absence", subject=subject.encode(), header=header.encode())
    assert (outcome.kind, outcome.ticket) == ("auto_reply", ticket.number)
    assert outcome.reason
    ticket.refresh_from_db()
    assert ticket.state == "solved"
    assert ticket.messages.count() == 1


def test_our_own_mail_that_comes_back_is_no_ticket(shop: Shop) -> None:
    raw = b"From: SHOP@tramoc.example\nTo: shop@tramoc.example\nSubject: loop\nMessage-ID: <l@x>\n\nround and round"
    assert receive(raw).kind == "auto_reply"


def answered(get: Get, by: User) -> Message:
    ticket = Ticket.objects.get(number=get("question").ticket)
    return tickets.answer(ticket, "Sorry!", by, message_id=new_message_id(ticket))


def test_a_bounce_is_shown_on_the_answer_and_opens_the_ticket(get: Get, phuong: User) -> None:
    message = answered(get, phuong)
    outcome = get("bounce", original=message.message_id.encode(), action=b"failed", status=b"5.1.1")
    assert (outcome.kind, outcome.ticket) == ("bounce", message.ticket.number)
    message.refresh_from_db()
    assert (message.delivery, message.ticket.state) == ("failed", "open")
    assert "no such user" in message.error
    assert Suppression.objects.get().address == "honganh@example.vn"
    assert told() == ["ticket_opened"]


@pytest.mark.parametrize(("action", "status", "fails"), [("delayed", "4.4.1", False), ("failed", "5.7.1", True)])
def test_only_an_address_that_does_not_exist_is_suppressed(
    get: Get, phuong: User, action: str, status: str, fails: bool
) -> None:
    message = answered(get, phuong)
    get("bounce", original=message.message_id.encode(), action=action.encode(), status=status.encode())
    message.refresh_from_db()
    assert (message.delivery == "failed") == fails
    assert not Suppression.objects.exists()


def test_a_bounce_of_nothing_we_sent_changes_nothing(get: Get) -> None:
    outcome = get("bounce", original=b"<nobody@example.org>", action=b"failed", status=b"5.1.1")
    assert outcome == Outcome("bounce", None, None, outcome.reason)
    assert not Suppression.objects.exists()
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(("days", "believed"), [(-3, True), (2, False), (-900, False)])
def test_the_date_of_a_mail_is_believed_within_reason(get: Get, days: int, believed: bool) -> None:
    date = timezone.now().replace(microsecond=0) + timedelta(days=days)
    get("future", date=format_datetime(date).encode())
    message = Message.objects.get()
    assert (message.at == date) == believed
    assert message.at <= timezone.now()


def test_a_flood_from_one_address_is_kept_not_filed(get: Get) -> None:
    kinds = [get("lots", n=str(n).encode()).kind for n in range(23)]
    assert kinds == ["ticket"] * 20 + ["kept"] * 3
    assert RawMail.objects.kept().count() == 3


def test_a_mail_that_was_stored_before_a_crash_is_filed_later(shop: Shop) -> None:
    from support.mail.keep import keep

    mail = keep((MAILS / "question.eml").read_bytes(), "support")
    RawMail.objects.filter(pk=mail.pk).update(received_at=timezone.now() - timedelta(minutes=2))
    file_waiting()
    file_waiting()
    assert Ticket.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_mail_at_once_is_one_and_two_of_a_new_sender_make_one_customer(shop: Shop) -> None:
    mails = [b"From: new@example.vn\nMessage-ID: <%d@x>\n\nhello %d" % (n % 2, n % 2) for n in range(8)]

    def take(raw: bytes) -> str:
        try:
            return receive(raw).kind
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(take, mails)) == {"ticket"}
    assert Ticket.objects.count() == 2
    assert Customer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_command_prints_json(shop: Shop, process_environment: dict[str, str]) -> None:
    root = Path(__file__).resolve().parents[2]
    with (MAILS / "question.eml").open() as mail:
        done = subprocess.run(
            [sys.executable, "manage.py", "receive_mail"],
            stdin=mail, capture_output=True, cwd=root, env=process_environment, check=True,
        )  # fmt: skip
    printed = json.loads(done.stdout)
    ticket = Ticket.objects.get()
    assert printed == {
        "kind": "ticket",
        "ticket": ticket.number,
        "customer": str(ticket.customer.public_id),
        "reason": "",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Thanks.\n\nOn Mon, Nov 23, 2026 at 10:00 AM Shop <a@b.vn> wrote:\n> Dear Lan", "Thanks."),
        ("Cảm ơn.\n\nVào Th 2, 24 thg 11, 2026 vào lúc 10:00 Shop <a@shop.vn> đã viết:\n> Chào", "Cảm ơn."),
        ("Ok ạ\n\n---------- Forwarded message ---------\nTừ: Shop\n", "Ok ạ"),
        ("Just this, no quote.", "Just this, no quote."),
        ("> only a quote", "> only a quote"),
    ],
)
def test_the_quoted_mail_is_cut_off(text: str, said: str) -> None:
    assert without_quotes(text)[0] == said


def test_the_channel_of_a_mail_is_mail(get: Get) -> None:
    get("question")
    assert Event.objects.get().channel == Channel.EMAIL


NOT_LONG = 3.0  # seconds, on a machine that has other things to do; each of these took minutes or all the memory


@pytest.mark.parametrize(
    "text",
    ["a" + "\n" * 200_000 + "b", "Vào " + "viết " * 40_000, "On " * 60_000, ">" * 199_000, "-" * 199_000 + "\nTừ: x"],
)
def test_a_text_that_is_made_to_be_slow_is_not_read_slowly(text: str) -> None:
    begin = process_time()
    without_quotes(text)
    assert process_time() - begin < NOT_LONG


def test_html_that_would_grow_when_it_is_read_is_shown_as_text() -> None:
    bomb = "<p>" + "".join(f"<b a={number}>" for number in range(10_000)) + "<p>x" * 20_000
    begin = process_time()
    assert cleaned_html(bomb) == ""
    assert from_html(bomb).count("x") > 10_000
    assert process_time() - begin < NOT_LONG
    newsletter = "<table>" + "<tr><td><font color=red>Trà</font> <b style='x'>sen</b></td></tr>" * 150 + "</table>"
    assert cleaned_html(newsletter).count("Trà") == 150
    assert "<b>sen</b>" in cleaned_html(newsletter)


def test_a_header_of_a_megabyte_is_read_as_far_as_it_is_sensible() -> None:
    begin = process_time()
    mail = b"From: lan@example.vn\r\nSubject: " + b"=?a?q?" * 160_000 + b"\r\n\r\nHello"
    _mime, letter = read(mail, timezone.now())
    assert letter.text == "Hello"
    assert process_time() - begin < NOT_LONG
