"""bin/manage collect: the collector, a process of its own (crm/collect/collector.py)."""

import signal
import threading
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from crm.collect import collector


class Command(BaseCommand):
    help = (
        "Copies opens, clicks and visits from the stream into the database, until it is told to stop (Ctrl-C, SIGTERM)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="collect what is there and end")

    def handle(self, *, once: bool, **options: object) -> None:
        if once:
            self.stdout.write(f"{collector.collect_all()} hits collected.")
            return
        stop = threading.Event()
        for sig in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sig, lambda *_: stop.set())
        collector.run(stop)
