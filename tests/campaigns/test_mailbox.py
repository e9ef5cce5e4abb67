"""The demo's mailbox: the catcher takes mails as they come, the pages show them and let one answer as the customer."""

import signal
import smtplib
import socket
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.urls import clear_url_caches, reverse, set_urlconf

from campaigns import mailbox
from campaigns.messages.placeholders import values
from campaigns.messages.prepare import Prepared
from campaigns.models import Link
from crm.models import Event, Shop
from tests.campaigns import urls_with_mailbox, world
from tests.conftest import ROOT, free_port, wait_until


def mail(to="lan@example.com", subject="Trà mới", html="<p>Chào <img src='http://127.0.0.1/t/o/x.gif'></p>") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Shop <shop@example.com>", f"Lan <{to}>", subject
    message.set_content("Chào")
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


@pytest.fixture
def folder(tmp_path, settings):
    """A mailbox's folder, with the mailbox's addresses, which settings without MAILBOX_DIR do not have."""
    settings.MAILBOX_DIR = str(tmp_path)
    settings.ROOT_URLCONF = urls_with_mailbox.__name__
    clear_url_caches()
    set_urlconf(None)
    yield tmp_path
    clear_url_caches()


def urls(name, *args):
    return reverse(f"mailbox:{name}", args=args)


# The catcher


def test_catcher_takes_mails_and_ends_when_asked(tmp_path):
    port = free_port()
    catcher = subprocess.Popen(
        [sys.executable, ROOT / "manage.py", "mailcatcher", "--port", str(port), "--dir", tmp_path / "caught"], cwd=ROOT
    )
    try:
        wait_until(lambda: answers(port), 20, "the catcher")
        with smtplib.SMTP("127.0.0.1", port) as server:
            for number in range(100):
                server.sendmail("shop@example.com", [f"c{number}@example.com"], mail(f"c{number}@example.com"))
        caught = sorted((tmp_path / "caught").iterdir())
        assert len(caught) == 100
        assert caught[0].name.endswith("c0@example.com.eml")
        assert "Subject: =?utf-8?" in caught[0].read_text()
    finally:
        catcher.send_signal(signal.SIGTERM)
        assert catcher.wait(10) == 0


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_mails_of_the_same_moment_are_both_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("campaigns.mailbox.time.time_ns", lambda: 1_700_000_000_000_000_000)
    paths = {mailbox.keep(mail(), "a@example.com", tmp_path) for _ in range(3)}
    assert len(paths) == 3


def test_recipient_cannot_lead_out_of_the_folder(tmp_path):
    path = mailbox.keep(mail(), "../../etc/passwd", tmp_path)
    assert path.parent == tmp_path


# The pages


@pytest.mark.django_db
def test_list_is_newest_first_and_found_by_recipient(client, folder):
    for name in ("first", "second"):
        mailbox.keep(mail(subject=f"To {name}"), f"{name}@example.com", folder)
    page = client.get(urls("mails")).content.decode()
    assert page.index("To second") < page.index("To first")
    found = client.get(urls("mails"), {"q": "FIRST@"}).content.decode()
    assert "To first" in found
    assert "To second" not in found


@pytest.mark.django_db
def test_long_list_is_shown_in_pages(client, folder):
    for number in range(45):
        mailbox.keep(mail(subject=f"N{number:02d}"), "a@example.com", folder)
    first = client.get(urls("mails")).content.decode()
    assert first.count('class="r-ticket"') == 40
    before = list(mailbox.caught())[39].number
    rest = client.get(urls("mails"), {"before": before}).content.decode()
    assert rest.count('class="r-ticket"') == 5
    assert "N04" in rest


@pytest.mark.django_db
def test_letter_runs_nothing_and_loads_pictures_only_when_asked(client, folder):
    mailbox.keep(mail(html="<script>x</script><img alt='' src='http://127.0.0.1/t/o/x.gif'>"), "a@example.com", folder)
    number = next(mailbox.caught()).number
    closed, opened = client.get(urls("letter", number)), client.get(urls("letter", number), {"pictures": 1})
    assert "img-src 'none'" in closed["Content-Security-Policy"]
    assert " src=" not in closed.content.decode()
    assert "img-src http: https:" in opened["Content-Security-Policy"]
    assert " src='http://127.0.0.1/t/o/x.gif'" in opened.content.decode()
    for answer in (closed, opened):
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
        assert "allow-scripts" not in policy


@pytest.mark.django_db
def test_broken_mails_are_shown_all_the_same(client, folder):
    for raw in (b"", b"\xff\xfe nothing", b"Content-Type: text/html; charset=nowhere\n\n<p>x</p>"):
        mailbox.keep(raw, "a@example.com", folder)
    assert client.get(urls("mails")).status_code == 200
    for each in mailbox.caught():
        assert client.get(urls("mail", each.number)).status_code == 200
        assert client.get(urls("letter", each.number)).status_code == 200
        assert client.get(urls("source", each.number)).status_code == 200


@pytest.mark.django_db
def test_mail_of_a_campaign_shows_what_was_noticed_and_lets_one_unsubscribe(client, folder):
    sent = world.launched(name="Winter teas")
    person = world.customer("Lan")
    delivery = world.delivery(sent, person)
    Link.objects.create(campaign=sent, position=1, url="https://shop.example/tea")
    Event.objects.create(
        customer=person, at=sent.launched_at, kind="mail_opened", app="campaigns", object_id=delivery.pk,
        properties={"agent": "human", "campaign": "Winter teas"},
    )  # fmt: skip
    raw = Prepared(sent, Shop.current()).message(delivery.pk, person.email, values([person.pk])[person.pk])
    mailbox.keep(raw, person.email, folder)
    (caught,) = mailbox.caught()
    page = client.get(urls("mail", caught.number)).content.decode()
    assert "Counts as a person." in page
    assert "Winter teas" in page
    assert f'action="{caught.unsubscribe_url}"' in page
    assert client.post(caught.unsubscribe_url, {"List-Unsubscribe": "One-Click"}).status_code == 200
    delivery.refresh_from_db()
    assert delivery.unsubscribed_at


@pytest.mark.django_db
def test_answer_of_the_customer_becomes_a_ticket(client, folder):
    from django.apps import apps

    mailbox.keep(mail("lan@example.com"), "lan@example.com", folder)
    number = next(mailbox.caught()).number
    response = client.post(urls("reply", number), {"text": "Do you have sen tea?"})
    assert response.url == urls("mail", number)
    ticket = apps.get_model("support", "Ticket").objects.get()
    assert ticket.subject.endswith("Trà mới")
    assert ticket.customer.email == "lan@example.com"


@pytest.mark.django_db
def test_mails_that_are_gone_are_not_found(client, folder):
    assert client.get(urls("mail", 5)).status_code == 404


@pytest.mark.django_db
def test_without_a_folder_there_is_no_mailbox(client):
    assert not django_settings.MAILBOX_DIR
    assert client.get("/mailbox/").status_code == 404
    assert Path(ROOT, "config/urls.py").read_text().count("if settings.MAILBOX_DIR:") == 1
