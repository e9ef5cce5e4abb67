"""A line a request, an id in it, and nothing about customers."""

import json
import logging

import pytest


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture):
    """The request lines that were logged."""
    caplog.set_level(logging.INFO, logger="regulars.request")
    return lambda: [record.msg for record in caplog.records if record.name == "regulars.request"]


def test_every_answer_carries_an_id_and_the_log_has_it(client, db, lines):
    answer = client.get("/accounts/login/")
    (line,) = lines()
    assert line["request_id"] == answer["X-Request-ID"]
    assert (line["method"], line["route"], line["status"], line["user"]) == ("GET", "accounts/login/", 200, None)


def test_the_proxys_id_is_kept_if_it_looks_like_one(client, db):
    assert client.get("/health/live", headers={"X-Request-ID": "abc-12345678"})["X-Request-ID"] == "abc-12345678"
    assert client.get("/health/live", headers={"X-Request-ID": "x\\ny: <script>"})["X-Request-ID"].isalnum()


def test_what_was_searched_and_paths_with_tokens_are_not_logged(client, db, lines):
    client.get("/accounts/login/?q=lan@example.com")
    client.get("/accounts/password/reset/key/abc-token/")
    assert "lan@example.com" not in json.dumps(lines())
    assert "abc-token" not in json.dumps(lines())


def test_health_is_not_logged(client, lines):
    client.get("/health/live")
    assert lines() == []
