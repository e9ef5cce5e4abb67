"""`send`: a campaign from the workers' call to its end, beside Postfix's smtp-source with two connections to the same sink.

Ours is everything: claims and their commits, contactability, filled messages, events. Where Postfix is not installed, the
limit is a bare sender of ours: two processes that send one finished message again and again.
"""

import contextlib
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from campaigns.messages.placeholders import values
from campaigns.messages.prepare import Prepared
from campaigns.models import Campaign, CampaignState
from campaigns.sending import launch
from campaigns.sending.accounts import accounts
from campaigns.sending.smtp import Connection
from config import embedded
from config.celery import app
from crm.models import Customer, Segment, Shop
from tests.bench.measure import Row, seconds

ROOT = Path(__file__).resolve().parent.parent.parent
MOST = 30_000  # mails: enough for a steady pace
GOAL = 3.0
BLOCK = (
    "<mj-text>Chào {{ customer.first_name | default: 'bạn' }}, trà mới của tháng này đã về: hái trên núi cao, thơm và dịu."
    '</mj-text><mj-button href="https://shop.example/p/%s">Xem</mj-button>'
)
BLOCKS = "".join(BLOCK % number for number in range(4))
MJML = f"<mjml><mj-body><mj-section><mj-column>{BLOCKS}</mj-column></mj-section></mj-body></mjml>"
WORKER = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "--concurrency", "2"]
TAG = """
update crm_customer set tags = tags || '["bench"]' where id in (
    select customer_id from crm_consent join crm_customer on crm_customer.id = customer_id
    where current and channel = 'email' and state = 'granted' and email <> '' order by customer_id limit %s)
"""
TIDY = """
delete from crm_event e using campaigns_delivery d
where d.campaign_id = %(campaign)s and e.customer_id = d.customer_id and e.at = d.sent_at and e.object_id = d.id and e.kind = 'mail_sent';
delete from campaigns_delivery where campaign_id = %(campaign)s;
delete from campaigns_link where campaign_id = %(campaign)s;
delete from campaigns_campaign where id = %(campaign)s;
update crm_customer set tags = tags - 'bench' where tags @> '["bench"]';
"""


def send(scale: int) -> Iterator[Row]:
    campaign = make_campaign(scale)
    try:
        with sink() as port, workers():
            _launch(campaign)
            number = accounts(campaign).audience
            ours = seconds(lambda: _send(campaign))
            if accounts(campaign).sent != number:
                raise RuntimeError(f"The campaign did not go out whole: {accounts(campaign)}")
            limit = seconds(lambda: _bare(campaign, number, port))
        yield Row("send", scale, number / ours, number / limit, "mail/s", GOAL)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(TIDY, {"campaign": campaign.pk})


def make_campaign(scale: int) -> Campaign:
    with connection.cursor() as cursor:
        cursor.execute(TAG, [min(scale, MOST)])
    rules = {"all": [{"condition": "tag", "tag": "bench"}]}
    segment, _made = Segment.objects.get_or_create(name="bench: send", defaults={"rules": rules})
    subject = "Trà mới cho {{ customer.first_name }}"
    return Campaign.objects.create(name="Bench", segment=segment, subject=subject, mjml=MJML, holdout_share=0)


def _launch(campaign: Campaign) -> None:
    """Freeze the audience, and leave the workers uncalled."""
    call, launch.call_workers = launch.call_workers, lambda campaign_id: None
    try:
        campaign.launch(None, timezone.now())
    finally:
        launch.call_workers = call


def _send(campaign: Campaign) -> None:
    launch.call_workers(campaign.pk)
    while Campaign.objects.get(pk=campaign.pk).state == CampaignState.SENDING:
        time.sleep(0.1)


def _bare(campaign: Campaign, number: int, port: int) -> None:
    """As many messages of the same size over two kept-open connections, without anything around them."""
    message = _sample(campaign)
    if source := _postfix("smtp-source"):
        command = [source, "-s", "2", "-d", "-m", str(number), "-l", str(len(message)), f"127.0.0.1:{port}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return
    halves = [multiprocessing.Process(target=_repeat, args=(message, number // 2)) for _half in range(2)]
    for half in halves:
        half.start()
    for half in halves:
        half.join()


def _sample(campaign: Campaign) -> bytes:
    customer = Customer.objects.filter(deliveries__campaign=campaign)[0]
    return Prepared(campaign, Shop.current()).message(1, customer.email, values([customer.pk])[customer.pk])


def _repeat(message: bytes, number: int) -> None:
    server = Connection()
    for _mail in range(number):
        server.send("shop@example.com", "lan@example.vn", message)
    server.close()


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """The port of an SMTP server that takes everything and keeps nothing; settings point to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_USER = "127.0.0.1", port, ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    command = [sys.executable, "-m", "tests.bench.sink", str(port)]
    if program := _postfix("smtp-sink"):
        as_root = ["-u", "nobody"] if os.getuid() == 0 else []
        command = [program, *as_root, f"127.0.0.1:{port}", "1000"]
    with _running(command) as server:
        while not _answers(port):
            if server.poll() is not None:
                raise RuntimeError(f"{command[0]} ended at once.")
            time.sleep(0.02)
        yield port


@contextlib.contextmanager
def workers() -> Iterator[None]:
    """Two Celery processes, started and waiting."""
    app.control.purge()
    with _running(
        [*WORKER, "--without-gossip", "--without-mingle"], EMAIL_URL=f"smtp://127.0.0.1:{settings.EMAIL_PORT}"
    ):
        while not app.control.ping(timeout=0.5):
            pass
        yield


@contextlib.contextmanager
def _running(command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        preexec_fn=embedded.die_with_parent(embedded.Valkey.stop_signal),
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()


def _postfix(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin")


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False
