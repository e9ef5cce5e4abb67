"""bin/manage receive_mail < FILE: what a mail server or a fetcher calls for each mail that comes in."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from support.mail.receive import receive


class Command(BaseCommand):
    help = (
        "Take in one mail from standard input: stored first, then filed. "
        "Prints JSON: kind (ticket, reply, bounce, auto_reply, kept), ticket, customer, reason."
    )

    stealth_options = ("raw",)  # the mail itself, for callers within Python

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mailbox", default="support", help="the mailbox that it came to (default: support)")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = options.get("raw") or sys.stdin.buffer.read()
        if not raw.strip():
            raise CommandError("There is no mail on standard input. Use: bin/manage receive_mail < FILE")
        self.stdout.write(json.dumps(receive(raw, options["mailbox"]).as_dict(), ensure_ascii=False))
