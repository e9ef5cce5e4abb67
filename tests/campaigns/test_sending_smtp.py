"""The connection to the mail server, with one that says and does what a test tells it."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from shutil import which

import pytest

from campaigns.models import CampaignState
from campaigns.sending.smtp import Answer, Connection, Lost, ServerAway, Stage
from campaigns.sending.verdict import Fate, judge
from tests.campaigns.sending_world import campaign, customer, launch, send, states

EXTENSIONS = {True: b"250-test\r\n250-PIPELINING\r\n250 8BITMIME\r\n", False: b"250-test\r\n250 8BITMIME\r\n"}
HANG_UP = b"hang up"


class Server:
    """Answers each command as `says` tells, by its first four letters ("." for a message); hangs up at HANG_UP."""

    def __init__(self, pipelining: bool, says: dict[str, list[bytes]]) -> None:
        self.pipelining, self.says = pipelining, says
        self.messages: list[bytes] = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with client, client.makefile("rb") as lines:
                client.sendall(b"220 test\r\n")
                while (line := lines.readline()) and self._answer(client, lines, line):
                    pass

    def _answer(self, client: socket.socket, lines, line: bytes) -> bool:
        command = line[:4].decode().strip().upper()
        usual = {"EHLO": EXTENSIONS[self.pipelining], "DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}
        answer = self._said(command) or usual.get(command, b"250 ok\r\n")
        if answer == HANG_UP:
            return False
        client.sendall(answer)
        if answer.startswith(b"354"):
            message = []
            while (part := lines.readline()) != b".\r\n":
                if not part:
                    return False
                message.append(part[1:] if part.startswith(b".") else part)
            self.messages.append(b"".join(message))
            answer = self._said(".") or b"250 taken\r\n"
            if answer == HANG_UP:
                return False
            client.sendall(answer)
        return command != "QUIT"

    def _said(self, command: str) -> bytes | None:
        waiting = self.says.get(command)
        if not waiting:
            return None
        answer = waiting.pop(0)
        return answer if answer != b"usual" else None


@contextmanager
def server(settings, pipelining: bool = True, **says: list[bytes]) -> Iterator[Server]:
    started = Server(
        pipelining, {"." if name == "message" else name.upper(): list(said) for name, said in says.items()}
    )
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_USER = "127.0.0.1", started.port, ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 5
    yield started
    started.listener.close()


both = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelining", "in turn"])


@both
def test_mails_go_over_one_connection_and_arrive_byte_for_byte(settings, pipelining):
    with server(settings, pipelining) as there:
        connection = Connection()
        texts = [b"Subject: a\r\n\r\n.\r\n..dots\r\n", b"Subject: b\r\n\r\nb\r\n"]
        answers = [connection.send("a@b.vn", "c@d.vn", text) for text in texts]
        connection.close()
    assert all(answer.accepted for answer in answers)
    assert there.messages == texts
    assert there.connections == 1


@both
def test_after_a_refused_recipient_the_next_mail_goes_out_on_the_same_connection(settings, pipelining):
    # With pipelining the server says 354 to DATA all the same, which asks for an empty message.
    with server(settings, pipelining, rcpt=[b"550 5.1.1 nobody here\r\n"], message=[b"554 no recipients\r\n"]) as there:
        if not pipelining:
            there.says["."] = []
        connection = Connection()
        refused = connection.send("a@b.vn", "gone@d.vn", b"first\r\n")
        taken = connection.send("a@b.vn", "c@d.vn", b"second\r\n")
        connection.close()
    assert refused == Answer(Stage.RECIPIENT, 550, "5.1.1 nobody here")
    assert refused.enhanced == "5.1.1"
    assert taken.accepted
    assert there.messages[-1] == b"second\r\n"
    assert b"first\r\n" not in there.messages
    assert there.connections == 1


@both
@pytest.mark.parametrize(("where", "in_doubt"), [("mail", False), ("rcpt", False), ("data", False), ("message", True)])
def test_a_connection_lost_before_the_message_leaves_it_unsent_and_after_it_in_doubt(
    settings, pipelining, where, in_doubt
):
    with server(settings, pipelining, **{where: [HANG_UP]}):
        connection = Connection()
        with pytest.raises(Lost) as lost:
            connection.send("a@b.vn", "c@d.vn", b"text\r\n")
        connection.close()
    assert lost.value.in_doubt is in_doubt


def test_the_next_mails_envelope_travels_behind_the_message_and_is_forgotten_if_nothing_follows(settings):
    with server(settings) as there:
        connection = Connection()
        first = connection.send("a@b.vn", "c@d.vn", b"first\r\n", following="e@d.vn")
        second = connection.send("a@b.vn", "e@d.vn", b"second\r\n", following="f@d.vn")
        with pytest.raises(Lost) as lost:
            connection.send("a@b.vn", "somebody.else@d.vn", b"third\r\n")
        connection.close()
    assert first.accepted
    assert second.accepted
    assert not lost.value.in_doubt
    assert there.messages == [b"first\r\n", b"second\r\n"]


def test_a_server_that_is_not_there_is_named(settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    with pytest.raises(ServerAway, match=r"127\.0\.0\.1:1 cannot be reached"):
        Connection()


@pytest.mark.parametrize(
    ("stage", "code", "text", "fate", "reason", "dead"),
    [
        ("message", 250, "2.0.0 queued", Fate.SENT, "", False),
        ("recipient", 550, "5.1.1 user unknown", Fate.FAILED, "unknown_address", True),
        ("recipient", 556, "5.1.10 takes no mail", Fate.FAILED, "unknown_address", True),
        ("recipient", 550, "no such user", Fate.FAILED, "unknown_address", True),
        ("message", 550, "no such user", Fate.FAILED, "refused", False),
        ("recipient", 550, "5.7.1 user unknown to our blocklist", Fate.STOP, "", False),
        ("message", 554, "5.7.1 spam", Fate.STOP, "", False),
        ("sender", 553, "5.1.8 bad sender", Fate.STOP, "", False),
        ("recipient", 552, "5.2.2 over quota", Fate.FAILED, "mailbox_full", False),
        ("recipient", 450, "4.2.1 try later", Fate.LATER, "not_taken", False),
        ("recipient", 421, "4.7.0 too much", Fate.LATER, "not_taken", False),
        ("message", 554, "transaction failed", Fate.FAILED, "refused", False),
    ],
)
def test_answers_are_judged_by_their_exact_code_before_the_plain_one(stage, code, text, fate, reason, dead):
    verdict = judge(Answer(Stage(stage), code, text))
    assert (verdict.fate, verdict.reason, verdict.address_is_dead) == (fate, reason, dead)


@pytest.mark.skipif(not which("openssl"), reason="a certificate is made with openssl")
@pytest.mark.parametrize("at_once", [True, False])
def test_no_password_goes_to_a_server_whose_certificate_nobody_vouches_for(settings, tmp_path, at_once):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener, heard = socket.create_server(("127.0.0.1", 0)), []

    def serve() -> None:
        client, _address = listener.accept()
        with suppress(OSError), client:
            if not at_once:
                client.sendall(b"220 test\r\n")
                client.recv(1000)
                client.sendall(b"250-test\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n")
                client.recv(1000)
                client.sendall(b"220 go on\r\n")
            with context.wrap_socket(client, server_side=True) as safe:
                safe.sendall(b"220 test\r\n" if at_once else b"")
                heard.append(safe.recv(1000))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", listener.getsockname()[1]
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "secret"
    settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = at_once, not at_once
    with pytest.raises(ServerAway, match=r"(?i)certificate"):
        Connection()
    thread.join(10)
    listener.close()
    assert not any(heard)


# In a campaign


@pytest.mark.django_db
def test_a_cut_connection_touches_one_delivery_and_the_others_go_out_over_a_new_one(settings, valkey):
    customers = [customer() for _number in range(6)]
    launched = launch(campaign())
    with server(settings, message=[b"usual", HANG_UP]) as there:
        send(launched)
    found = states(launched)
    assert found[customers[1].pk] == "in_doubt: connection_lost"
    assert sorted(found.values()) == ["in_doubt: connection_lost"] + ["sent"] * 5
    assert there.connections == 2
    assert len(there.messages) == 6
    assert launched.state == CampaignState.FINISHED


@pytest.mark.django_db
def test_a_server_that_puts_off_one_after_the_other_is_left_alone_for_a_while(settings, valkey):
    for _number in range(20):
        customer()
    launched = launch(campaign())
    with server(settings, rcpt=[b"451 4.3.2 not now\r\n"] * 100) as there:
        there.says["."] = [b"554 no recipients\r\n"] * 100
        send(launched)
    assert sorted(states(launched).values()) == ["queued"] * 20
    assert len(there.says["RCPT"]) == 95
    assert launched.state == CampaignState.SENDING


@pytest.mark.django_db
def test_what_a_server_accepts_before_it_hangs_up_with_421_is_sent(settings, valkey):
    customers = [customer() for _number in range(3)]
    launched = launch(campaign())
    with server(settings, pipelining=False, mail=[b"usual", b"421 4.3.2 going down\r\n"]) as there:
        send(launched)
    assert [states(launched)[each.pk] for each in customers] == ["sent", "queued", "sent"]
    assert there.connections == 2
