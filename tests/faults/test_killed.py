"""What is left when processes are killed -9: nobody gets a mail twice, nothing is lost without being told."""

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.answers import doors
from campaigns.models import Campaign, CampaignState, Delivery, Link
from campaigns.sending.accounts import accounts
from campaigns.tasks import look_after_campaigns
from config import embedded
from crm.collect import ingest
from crm.models import Consent, Customer, Event
from tests.campaigns.sending_world import campaign, customer, launch, send
from tests.campaigns.test_tracking import CHROME, Answer

ROOT = Path(__file__).resolve().parent.parent.parent
WORKER = [
    sys.executable,
    "-m",
    "celery",
    "-A",
    "config.celery",
    "worker",
    "-c",
    "2",
    "--without-gossip",
    "--without-mingle",
]
COLLECTOR = [sys.executable, "manage.py", "collect"]


@contextmanager
def process(command: list[str], environment: dict[str, str], log: Path):
    """A program of ours in a process group of its own, killed -9 with all its children at the end."""
    with log.open("ab") as out:
        started = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield started
    finally:
        kill(started)


def kill(started: subprocess.Popen) -> None:
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def stopped_amid_a_batch(worker: subprocess.Popen) -> bool:
    """Hold the worker's processes; if none has claimed anything at this moment, let them go on."""
    os.killpg(worker.pid, signal.SIGSTOP)
    if Delivery.objects.filter(state="sending").exists():
        return True
    os.killpg(worker.pid, signal.SIGCONT)
    return False


def many_customers(number: int) -> None:
    made = Customer.objects.bulk_create(
        Customer(name=f"Lan {n}", email=f"lan{n}@many.example", registered_at=timezone.now()) for n in range(number)
    )
    Consent.objects.bulk_create(
        Consent(customer=each, channel="email", purpose="marketing", state="granted", source="test") for each in made
    )


@pytest.mark.slow
def test_a_worker_killed_amid_a_campaign_of_2000_sends_nothing_twice_and_loses_nothing_silently(
    transactional_db, valkey, smtp_server, process_environment, wait_until, tmp_path
):
    many_customers(2_000)
    launched = launch(campaign(share="0.1"))
    with process(WORKER, process_environment, tmp_path / "worker.log") as worker:
        wait_until(lambda: len(smtp_server.messages) > 500 and stopped_amid_a_batch(worker), 60, "500 mails")
        kill(worker)
    held = Delivery.objects.filter(state="sending")
    assert Delivery.objects.filter(state="queued").exists()
    held.update(lease=timezone.now() - timedelta(seconds=1))  # five minutes pass

    def finished() -> bool:
        look_after_campaigns.delay()  # as beat does
        return Campaign.objects.get(pk=launched.pk).state == CampaignState.FINISHED

    with process(WORKER, process_environment, tmp_path / "worker.log"):
        wait_until(finished, 90, "the end of the campaign")
    arrived = Counter(recipient for message in smtp_server.messages for recipient in message.recipients)
    assert max(arrived.values()) == 1, "somebody got the mail twice"
    found = accounts(launched)
    assert found.audience == 2_000
    assert found.held_out == 200
    assert found.open == 0
    assert found.sent + found.in_doubt == 1_800
    assert 1 <= found.in_doubt <= 100
    by_state = {state: set(rows(launched, state)) for state in ("sent", "in_doubt", "held_out")}
    assert by_state["sent"] <= set(arrived), "said to be sent, and was not"
    assert set(arrived) <= by_state["sent"] | by_state["in_doubt"], "arrived, and nobody knows of it"
    assert Event.objects.filter(kind="mail_sent").count() == found.sent


def rows(of: Campaign, state: str) -> list[str]:
    return list(Delivery.objects.filter(campaign=of, state=state).values_list("address", flat=True))


@pytest.mark.slow
def test_acknowledged_opens_and_clicks_outlive_the_killing_of_collector_and_valkey(
    transactional_db, valkey, smtp_server, process_environment, settings, wait_until, tmp_path
):
    customer()
    send(launch(campaign()))
    delivery, link = Delivery.objects.get(), Link.objects.first()
    socket = tmp_path / "s"
    environment = {**process_environment, "REDIS_URL": f"unix://{socket}"}
    settings.REDIS_URL = environment["REDIS_URL"]
    ingest._valkey.cache_clear()
    ingest._lost = 0
    server = embedded.valkey_command(tmp_path, socket)
    log = tmp_path / "log"

    def hit(times: int) -> None:
        for _time in range(times):
            assert Answer(doors.open_path(delivery.pk), CHROME).status == 200
            assert Answer(doors.click_path(delivery.pk, link.pk), CHROME).status == 302

    def collected(kind: str) -> int:
        return Event.objects.filter(kind=kind).count()

    try:
        with process(server, environment, log) as first_valkey:
            wait_until(lambda: embedded.pings(socket), 30, "Valkey")
            for round_ in range(1, 4):
                with process(COLLECTOR, environment, log) as collector:
                    wait_until(
                        lambda: collector.poll() is None and collected("mail_opened"), 20
                    ) if round_ > 1 else None
                    hit(200)
                    kill(collector)
            hit(50)
            assert ingest._lost == 0
            # A disk that is busy may hold Valkey's writes back: what is promised is said in ingest.py.
            wait_until(lambda: ingest._valkey().info("persistence")["aof_buffer_length"] == 0, 10, "Valkey's writing")
            kill(first_valkey)
        hit(5)
        assert ingest._lost == 10, "what could not be kept is counted"
        socket.unlink(missing_ok=True)
        with process(server, environment, log), process(COLLECTOR, environment, log):
            wait_until(
                lambda: collected("mail_opened") + collected("mail_clicked") >= 1_300, 90, "all acknowledged hits"
            )
            assert (collected("mail_opened"), collected("mail_clicked")) == (650, 650)
    finally:
        ingest._valkey.cache_clear()
        connection.close()
