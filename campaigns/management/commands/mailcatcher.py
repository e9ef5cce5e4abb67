"""bin/manage mailcatcher --port N --dir DIR: take every mail and put it into a folder. For the demo alone."""

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from django.core.management.base import BaseCommand

from campaigns import mailbox


class Catcher:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mailbox.keep(content, envelope.rcpt_tos[0], self.folder)
        return "250 2.0.0 Caught"


class Command(BaseCommand):
    help = "Take every mail that is sent to this port of 127.0.0.1, and put it into a folder as a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--dir", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["dir"]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        catcher = Controller(Catcher(folder), hostname="127.0.0.1", port=options["port"], decode_data=False)
        catcher.start()
        self.stdout.write(f"Catching mails at port {options['port']} into {folder}")
        stop.wait()
        catcher.stop()
