"""`send`: a campaign from its launch to its end, beside Postfix's smtp-source with two connections to the same sink.

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
from django.utils import timezone

from campaigns.messages.placeholders import values
from campaigns.messages.prepare import Prepared
from campaigns.models import Campaign, CampaignState
from campaigns.sending.accounts import accounts
from campaigns.sending.smtp import Connection
from config.embedded import die_with_parent
from config.embedded.valkey import Valkey
from crm.models import Consent, Customer, Segment, Shop
from crm.models.consent import ConsentState

ROOT = Path(__file__).resolve().parent.parent.parent
MOST = 30_000  # mails: enough for a steady pace
GOAL = 3.0
BLOCK = (
    "<mj-text>Chào {{ customer.first_name | default: 'bạn' }}, trà mới của tháng này đã về: hái trên núi cao, thơm và dịu."
    '</mj-text><mj-button href="https://shop.example/p/%s">Xem</mj-button>'
)
MJML = "<mjml><mj-body><mj-section><mj-column>%s</mj-column></mj-section></mj-body></mjml>" % "".join(
    BLOCK % number for number in range(4)
)


def run(scale: int) -> list[dict[str, object]]:
    """One row: seconds for the same number of mails, ours and the limit's."""
    number = min(scale, MOST)
    campaign = make_campaign(number)
    with sink() as port:
        _point_to(port)
        limit = _limit(campaign, number, port)
        ours = _ours(campaign, number)
    ratio = ours / limit
    return [
        {
            "work": "send", "scale": scale, "ours": round(ours, 3), "limit": round(limit, 3),
            "unit": f"s for {number:,} mails ({number / ours:,.0f}/s; limit {number / limit:,.0f}/s)",
            "ratio": round(ratio, 2), "goal": GOAL, "met": ratio <= GOAL,
        }
    ]  # fmt: skip


def make_campaign(number: int) -> Campaign:
    """A campaign to `number` customers who agreed, made for this."""
    stamp = f"{time.time():.0f}"
    customers = Customer.objects.bulk_create(
        (
            Customer(name=f"Nguyễn Thị Lan {n}", email=f"bench{n}.{stamp}@example.vn", tags=["bench", stamp], registered_at=timezone.now())
            for n in range(number)
        ),
        batch_size=5_000,
    )
    Consent.objects.bulk_create(
        (
            Consent(customer=each, channel="email", purpose="marketing", state=ConsentState.GRANTED, source="bench")
            for each in customers
        ),
        batch_size=5_000,
    )
    rules = {"all": [{"condition": "tag", "tag": stamp}]}
    segment = Segment.objects.create(name=f"bench {stamp}", rules=rules)
    return Campaign.objects.create(
        name="Bench", segment=segment, subject="Trà mới cho {{ customer.first_name }}", mjml=MJML, holdout_share="0"
    )


def _ours(campaign: Campaign, number: int) -> float:
    """Seconds from the workers' call to the end of the campaign. The workers have started before."""
    from campaigns.sending import launch
    from config.celery import app

    call, launch.call_workers = launch.call_workers, lambda campaign_id: None
    try:
        campaign.launch(None, timezone.now())
    finally:
        launch.call_workers = call
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "-c", "2", "--without-gossip", "--without-mingle"]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"EMAIL_URL": f"smtp://127.0.0.1:{settings.EMAIL_PORT}"},
        stdin=subprocess.DEVNULL, preexec_fn=die_with_parent(Valkey.stop_signal),
    ) as worker:  # fmt: skip
        while not app.control.ping(timeout=0.5):
            if worker.poll() is not None:
                raise RuntimeError("The Celery worker ended at once.")
        began = time.perf_counter()
        launch.call_workers(campaign.pk)
        while Campaign.objects.get(pk=campaign.pk).state != CampaignState.FINISHED:
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        worker.terminate()
    found = accounts(campaign)
    if found.sent != number:
        raise RuntimeError(f"The bench's campaign did not go out whole: {found}")
    return seconds


def _limit(campaign: Campaign, number: int, port: int) -> float:
    """Seconds for as many messages of the same size over two kept-open connections, without anything around them."""
    message = sample(campaign)
    program = _postfix("smtp-source")
    began = time.perf_counter()
    if program:
        command = [program, "-s", "2", "-d", "-m", str(number), "-l", str(len(message)), f"127.0.0.1:{port}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    else:
        halves = [multiprocessing.Process(target=_bare, args=(message, number // 2)) for _half in range(2)]
        for half in halves:
            half.start()
        for half in halves:
            half.join()
    return time.perf_counter() - began


def sample(campaign: Campaign) -> bytes:
    """A message of the campaign, as a customer gets it, but for links, which the launch fixes."""
    customer = Customer.objects.filter(tags__contains=["bench"]).order_by("-pk")[0]
    prepared = Prepared(campaign, Shop.current())
    prepared.link_ids = list(range(1, 5))
    return prepared.message(1, customer.email, values([customer.pk])[customer.pk])


def _bare(message: bytes, number: int) -> None:
    connection = Connection()
    for _mail in range(number):
        connection.send("shop@example.com", "lan@example.vn", message)
    connection.close()


def _point_to(port: int) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False


@contextlib.contextmanager
def sink() -> Iterator[int]:
    """The port of an SMTP server that takes everything and keeps nothing."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = _postfix("smtp-sink")
    as_root = ["-u", "nobody"] if os.getuid() == 0 else []
    ours = [sys.executable, "-m", "tests.bench.sink", str(port)]
    command = [program, *as_root, f"127.0.0.1:{port}", "1000"] if program else ours
    with subprocess.Popen(command, cwd=ROOT, preexec_fn=die_with_parent(Valkey.stop_signal)) as server:
        while not _answers(port):
            if server.poll() is not None:
                raise RuntimeError(f"{command[0]} ended at once.")
            time.sleep(0.02)
        try:
            yield port
        finally:
            server.terminate()


def _postfix(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postfix/sbin")


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False
