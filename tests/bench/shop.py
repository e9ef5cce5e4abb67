"""The measured shop: the demo's, at any size, made once."""

import sys

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from config.demo_shop.shop import DemoShop
from crm.models import Customer
from crm.scoring.rescore import rescore
from crm.segments.refresh import refresh_all


def make(customers: int) -> None:
    call_command("migrate", verbosity=0)
    if Customer.objects.exists():
        return
    say(f"Making a shop of {customers:,} customers, once")
    call_command("demo_users", stdout=sys.stderr)
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")  # the rows are sound: no foreign key is checked a row
        DemoShop(customers, now=timezone.now(), say=say).fill()
        cursor.execute("set session_replication_role = origin")
        cursor.execute("vacuum analyze")
    rescore()
    refresh_all()
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
