"""Answers go out through a real SMTP server, failures are seen, and the customer's reply comes back into the ticket."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import Customer, Event, Shop, User
from support import tickets
from support.mail.receive import Outcome, receive
from support.mail.send import new_message_id, retry, send, send_waiting
from support.models import Message, Ticket

Get = Callable[..., Outcome]


@pytest.fixture
def ticket(get: Get) -> Ticket:
    return Ticket.objects.get(number=get("question").ticket)


def answer(ticket: Ticket, by: User, text: str = "Xin lỗi chị ạ.") -> Message:
    return tickets.answer(ticket, text, by, message_id=new_message_id(ticket))


def reply_to(sent: EmailMessage, text: str, sender: str = "honganh@example.vn") -> bytes:
    """What a mail program makes of Reply."""
    reply = EmailMessage()
    reply["From"], reply["To"] = sender, sent["Reply-To"] or sent["From"]
    reply["Subject"] = sent["Subject"]
    reply["Message-ID"] = "<the-reply@example.vn>"
    reply["In-Reply-To"] = sent["Message-ID"]
    reply["References"] = f"{sent['References'] or ''} {sent['Message-ID']}"
    reply.set_content(text)
    return reply.as_bytes()


def test_an_answer_threads_under_the_question_and_its_reply_comes_back(
    ticket: Ticket, phuong: User, smtp_server: Any
) -> None:
    message = answer(ticket, phuong)
    send(message.pk)
    sent = smtp_server.messages[0].message
    assert sent["To"] == "honganh@example.vn"
    assert sent["From"] == "Trà Mộc <shop@tramoc.example>"
    assert sent["Subject"] == f"Re: Hộp trà bị móp [#{ticket.number}]"
    assert sent["In-Reply-To"] == sent["References"] == "<question-1@example.vn>"
    assert sent["Message-ID"] == message.message_id
    text = sent.get_content()
    assert text.startswith("Xin lỗi chị ạ.")
    assert "> Hộp trà bị móp một góc" in text

    outcome = receive(reply_to(sent, "Cảm ơn shop!"))
    assert (outcome.kind, outcome.ticket) == ("reply", ticket.number)
    assert list(Event.objects.order_by("at", "id").values_list("kind", flat=True)) == [
        "ticket_opened",
        "ticket_answered",
        "ticket_message",
    ]


def test_a_second_answer_refers_to_the_whole_thread(ticket: Ticket, phuong: User, smtp_server: Any) -> None:
    first = answer(ticket, phuong)
    send(first.pk)
    receive(reply_to(smtp_server.messages[0].message, "And the second box?"))
    send(answer(ticket, phuong).pk)
    references = smtp_server.messages[1].message["References"].split()
    assert references == ["<question-1@example.vn>", first.message_id, "<the-reply@example.vn>"]


def test_an_answer_is_sent_once_by_two_workers(ticket: Ticket, phuong: User, smtp_server: Any) -> None:
    message = answer(ticket, phuong)
    send(message.pk)
    send(message.pk)
    send_waiting()
    assert len(smtp_server.messages) == 1


def test_a_refused_answer_is_shown_and_opens_the_ticket_and_can_be_sent_again(
    ticket: Ticket, phuong: User, smtp_server: Any
) -> None:
    smtp_server.refuse["honganh@example.vn"] = "550 5.1.1 no such user"
    message = answer(ticket, phuong)
    ticket.refresh_from_db()
    assert ticket.state == "waiting"
    send(message.pk)
    message.refresh_from_db()
    ticket.refresh_from_db()
    assert (message.delivery, ticket.state) == ("failed", "open")
    assert "no such user" in message.error
    assert not Event.objects.filter(kind="ticket_answered").exists()

    smtp_server.refuse.clear()
    retry(message)
    send(message.pk)
    message.refresh_from_db()
    assert (message.delivery, len(smtp_server.messages)) == ("sent", 1)
    assert Event.objects.filter(kind="ticket_answered").exists()


def test_what_may_pass_is_tried_again_later_with_the_same_message_id(
    ticket: Ticket, phuong: User, smtp_server: Any
) -> None:
    smtp_server.refuse["honganh@example.vn"] = "451 4.7.1 come back later"
    message = answer(ticket, phuong)
    send(message.pk)
    message.refresh_from_db()
    assert (message.delivery, message.attempts) == ("queued", 1)
    assert message.try_at > timezone.now()
    send_waiting()
    assert not smtp_server.messages

    smtp_server.refuse.clear()
    Message.objects.update(try_at=timezone.now() - timedelta(seconds=1))
    send_waiting()
    assert smtp_server.messages[0].message["Message-ID"] == message.message_id


def test_without_a_server_it_is_tried_five_times_and_then_fails_for_all_to_see(
    ticket: Ticket, phuong: User, smtp_server: Any, settings: Any
) -> None:
    settings.EMAIL_PORT = 1
    message = answer(ticket, phuong)
    for _try in range(6):
        Message.objects.update(try_at=timezone.now() - timedelta(seconds=1))
        send(message.pk)
    message.refresh_from_db()
    assert message.delivery == "failed"
    assert "was not reached" in message.error


def test_nothing_goes_out_while_sending_is_held(ticket: Ticket, phuong: User, smtp_server: Any) -> None:
    Shop.objects.update(sending_held=True)
    message = answer(ticket, phuong)
    send(message.pk)
    assert not smtp_server.messages
    Shop.objects.update(sending_held=False)
    send_waiting()
    assert len(smtp_server.messages) == 1


def test_the_mail_speaks_the_customers_language(ticket: Ticket, phuong: User, smtp_server: Any) -> None:
    Customer.objects.update(language="en")
    send(answer(ticket, phuong).pk)
    assert "Nguyễn Thị Hồng Ánh wrote:" in smtp_server.messages[0].message.get_content()


def test_a_subject_with_line_ends_cannot_add_headers(get: Get, phuong: User, smtp_server: Any) -> None:
    ticket = Ticket.objects.get(number=get("question").ticket)
    Ticket.objects.update(subject="Hi\r\nBcc: all@example.org")
    send(answer(Ticket.objects.get(pk=ticket.pk), phuong).pk)
    assert smtp_server.messages[0].recipients == ["honganh@example.vn"]
    assert smtp_server.messages[0].message["Bcc"] is None


@pytest.mark.usefixtures("celery_worker")
def test_a_worker_sends_what_the_page_took(
    shop: Shop, phuong: User, smtp_server: Any, wait_until: Callable[..., Any]
) -> None:
    raw = b"From: lan@example.vn\nSubject: Tea?\nMessage-ID: <q@example.vn>\n\nIs it there?"
    number = receive(raw).ticket
    desk = Client()
    desk.force_login(phuong)
    seen = Message.objects.latest("id").pk
    desk.post(reverse("support:ticket_answer", args=[number]), {"text": "Yes.", "seen": seen, "do": "send"})
    wait_until(lambda: smtp_server.messages, what="the answer")
    wait_until(lambda: Message.objects.filter(delivery="sent").exists(), what="the answer to be marked")
    assert smtp_server.messages[0].message.get_content().startswith("Yes.")
