"""What bin/demo needs of the database before anything else runs, in one process: starting Django twice takes seconds."""

import io
import json
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from crm.models import Customer


class Command(BaseCommand):
    help = "Migrate and make the demo's log-ins; print them, and whether the shop is empty, as JSON. For bin/demo."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, skip_checks=True)
        users = io.StringIO()
        call_command("demo_users", stdout=users)
        self.stdout.write(json.dumps({"empty": not Customer.objects.exists(), "users": json.loads(users.getvalue())}))
