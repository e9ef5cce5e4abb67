"""What /health says, and to whom."""

import pytest

from config import health


@pytest.fixture(autouse=True)
def forget() -> None:
    health.migrations.cache_clear()
    health.broker_client.cache_clear()


def test_alive_asks_nothing_of_the_database(client):
    assert client.get("/health/live").json() == {"status": "ok"}


def test_ready_when_everything_shows_that_it_lives(client, db, valkey):
    valkey.set(health.BEAT_KEY, 1)
    valkey.set(health.collector_loop.ALIVE_KEY, 1)
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert set(answer.json()["checks"].values()) == {"ok"}


def test_not_ready_without_beat_and_says_so(client, db, valkey):
    valkey.set(health.collector_loop.ALIVE_KEY, 1)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["beat"].startswith("no sign of beat")
    assert answer.json()["checks"]["database"] == "ok"


def test_not_ready_without_broker_and_names_no_address(client, db, valkey, settings):
    settings.REDIS_URL = "unix:///tmp/no-such-socket"
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"] == "failed (ConnectionError)"
    assert "no-such-socket" not in answer.content.decode()


def test_not_ready_while_a_migration_is_missing(client, db, valkey):
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder.Migration.objects.filter(app="orders").delete()
    assert client.get("/health/ready").json()["checks"]["migrations"].startswith("migrations are missing")


def test_health_is_not_kept_by_caches_and_not_changed_by_posts(client, db):
    assert "no-store" in client.get("/health/live")["Cache-Control"]
    assert client.post("/health/live").status_code == 405
