"""Pages and the search while typing, as server time; the limit is the bare SQL of the same rows on the same connection."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from crm.models import Customer, User
from tests.bench.measure import Row, p95

TIMES = 60
BARE_CUSTOMER = [
    "select * from crm_customer where public_id = %s",
    "select f.* from crm_facts f join crm_customer c on c.id = f.customer_id where c.public_id = %s",
    "select s.* from crm_score s join crm_customer c on c.id = s.customer_id where c.public_id = %s",
    "select e.* from crm_event e where customer_id = (select id from crm_customer where public_id = %s) order by at desc, id desc limit 50",
]
BARE_CUSTOMERS = [
    "select c.*, f.* from crm_customer c join crm_facts f on f.customer_id = c.id where c.registered_at is not null"
    " order by f.revenue desc, c.id desc limit 50",
    "select count(*) from crm_customer where registered_at is not null",
]
BARE_SEARCH = "select * from crm_customer where search_name like '%%' || crm_fold(%s) || '%%' limit 10"


def customer(scale: int) -> Iterator[Row]:
    client, chosen = staff(), sample()
    ours = [timed(lambda pk=pk: ok(client, reverse("crm:customer", args=[pk]))) for pk in chosen]
    limit = [timed(lambda pk=pk: [query(sql, [pk]) for sql in BARE_CUSTOMER]) for pk in chosen]
    yield Row("page:customer", scale, p95(ours) * 1000, p95(limit) * 1000, "ms", 10)


def customers(scale: int) -> Iterator[Row]:
    client = staff()
    ours = [timed(lambda: ok(client, reverse("crm:customers"))) for _ in range(TIMES)]
    limit = [timed(lambda: [query(sql) for sql in BARE_CUSTOMERS]) for _ in range(TIMES)]
    yield Row("page:customers", scale, p95(ours) * 1000, p95(limit) * 1000, "ms", 10)


def growth(scale: int) -> Iterator[Row]:
    """The list of customers here, beside the same list of a shop with a thousand."""
    command = [sys.executable, "-m", "tests.bench", "page:customers", "--scale", "1000", "--json"]
    small = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]["ours"]
    (here,) = customers(scale)
    yield Row("page:growth", scale, here.ours, small, "ms", 1.5)


def search(scale: int) -> Iterator[Row]:
    client = staff()
    names = list(Customer.objects.filter(public_id__in=sample(100)).exclude(name="").values_list("name", flat=True))
    words = [" ".join(name.split()[-2:]) for name in names]
    ours = [
        timed(lambda w=w: ok(client, reverse("crm:search"), {"q": w}, headers={"HX-Request": "true"})) for w in words
    ]
    limit = [timed(lambda w=w: query(BARE_SEARCH, [w])) for w in words]
    yield Row("search", scale, p95(ours) * 1000, p95(limit) * 1000, "ms", 5)


def staff() -> Client:
    settings.ALLOWED_HOSTS.append("testserver")
    client = Client()
    client.force_login(User.objects.filter(groups__name="Manager").first())
    ok(client, reverse("crm:customers"))  # templates are compiled at first use
    return client


def sample(size: int = TIMES) -> list[str]:
    ids = list(Customer.objects.identified().order_by("-pk").values_list("pk", flat=True)[:1])
    picked = random.Random(7).sample(range(1, ids[0]), min(size * 2, ids[0] - 1))
    return list(Customer.objects.identified().filter(pk__in=picked).values_list("public_id", flat=True)[:size])


def ok(client: Client, address: str, *args: object, **more: object) -> None:
    response = client.get(address, *args, **more)
    if response.status_code != 200:
        raise SystemExit(f"{address} answered {response.status_code}")


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def query(statement: str, parameters: list[object] | None = None) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
