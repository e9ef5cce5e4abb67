"""Fills an empty database with the demo shop: rows are made in Python by seed and written by COPY, in chunks."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import Any

from django.db import connection, transaction
from psycopg import sql
from psycopg.types.json import Jsonb

from campaigns.messages.starters import starter
from campaigns.models import Campaign, Delivery, Link
from config.demo_shop import catalogue, desk, names, segments
from config.demo_shop.people import DAY, People, Person
from crm import events
from crm.models import Consent, Customer, Event, Note, Shop, User
from orders.models import Category, Location, Order, OrderChange, OrderLine, Product, SalesChannel

CHUNK = 10_000
# The columns that are written, by table, in the order of the rows.
COLUMNS: dict[str, list[str]] = {
    Customer._meta.db_table: [
        "id", "kind", "name", "email", "phone", "address", "city", "country", "language", "source",
        "preferred_channel", "preferred_style", "tags", "owner_id", "registered_at",
    ],
    Consent._meta.db_table: ["customer_id", "channel", "purpose", "state", "at", "source", "wording"],
    Order._meta.db_table: [
        "id", "source", "external_id", "customer_id", "placed_at", "state", "channel", "sales_channel_id", "location_id", "currency",
    ],
    OrderLine._meta.db_table: [
        "id", "order_id", "customer_id", "kind", "at", "product_id", "quantity", "unit_price", "discount", "value",
        "takes_back_id", "reason",
    ],
    OrderChange._meta.db_table: ["order_id", "state", "at", "by_id", "reason"],
    Delivery._meta.db_table: [
        "id", "campaign_id", "customer_id", "address", "state", "reason", "sent_at",
        "opened_at", "clicked_at", "machine_opened_at", "unsubscribed_at",
    ],
    Event._meta.db_table: ["customer_id", "at", "kind", "channel", "app", "object_id", "properties"],
    Note._meta.db_table: ["customer_id", "text", "by_id", "at"],
}  # fmt: skip
MJML = """<mjml lang="vi"><mj-body background-color="#f4f1ea"><mj-section background-color="#ffffff"><mj-column>
<mj-text font-size="22px" font-weight="700">%s</mj-text>
<mj-text line-height="24px">{{ customer.name | default: 'Bạn' }} thân mến,
mùa này nhà Mộc có những mẻ trà vừa hái, ủ kỹ và gói trong hộp giấy.</mj-text>
<mj-button href="https://tramoc.example/tra-moi" background-color="#2f5d43">Xem trà mới</mj-button>
<mj-text><a href="https://tramoc.example/cua-hang">Tìm cửa hàng gần bạn</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""
LINKS = ["https://tramoc.example/tra-moi", "https://tramoc.example/cua-hang"]


class DemoShop:
    """The shop, `customers` strong. `now` is the end of its history."""

    def __init__(
        self, customers: int, *, now: datetime, seed: int = 2026, say: Callable[[str], None] = lambda text: None
    ) -> None:
        self.size, self.now, self.random, self.say = customers, now, Random(seed), say  # noqa: S311 - no secrets here
        self.people = People(self.random, now)
        self.rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.order_id = self.line_id = self.delivery_id = self.customer_id = 0

    @transaction.atomic
    def fill(self) -> None:
        """Write everything. The database must hold no customer."""
        if Customer.objects.exists():
            raise ValueError("The demo shop needs an empty database: there are customers already.")
        self._settings()
        self._months()
        recent: list[Person] = []
        for number in range(self.size):
            person = self.people.customer(self._next_customer())
            self._write(person)
            if self.random.random() < 0.03 and recent:
                self._write(self.people.again(self.random.choice(recent), self._next_customer()), twin=True)
            if self.random.random() < 0.06:
                self._visitor()
            recent = [*recent[-20:], person]
            if number % CHUNK == CHUNK - 1:
                self.say(f"{number + 1:,} of {self.size:,} customers")
                self._flush()
        self._walk_ins()
        self._flush()
        self._sequences()
        self._desk()
        self.say("Putting everything on the time line")
        for app in events.sources:
            fill_events(app)

    def _settings(self) -> None:
        Shop.objects.update(
            name=catalogue.SHOP_NAME,
            sender_name=catalogue.SHOP_NAME,
            sender_email="chao@tramoc.example",
            postal_address="12 Hàng Bông, Hoàn Kiếm, Hà Nội",
        )
        self.staff: list[int | None] = [*User.objects.order_by("pk").values_list("pk", flat=True)] or [None]
        self.channels = [
            SalesChannel.objects.get_or_create(name=name, defaults={"channel": channel})[0]
            for name, channel, _share in catalogue.SALES_CHANNELS
        ]
        self.channel_shares = list(accumulate(share for _name, _channel, share in catalogue.SALES_CHANNELS))
        self.locations = [Location.objects.get_or_create(name=name)[0] for name in catalogue.LOCATIONS]
        self.products, weights = [], []
        for category_name, products in catalogue.CATALOGUE.items():
            category, _made = Category.objects.get_or_create(name=category_name)
            for sku, name, thousands, weight in products:
                defaults = {"name": name, "category": category, "price": thousands * 1000}
                self.products.append(Product.objects.get_or_create(sku=sku, defaults=defaults)[0])
                weights.append(weight)
        self.product_weights = list(accumulate(weights))
        self._campaigns()

    def _campaigns(self) -> None:
        everyone, regulars, *_others = segments.write(User.objects.order_by("pk").first())
        self.campaigns = []
        for days, name, subject in catalogue.CAMPAIGNS:
            at = (self.now - days * DAY).replace(hour=2, minute=0, second=0, microsecond=0)
            self.campaigns.append(
                Campaign.objects.create(
                    name=name,
                    segment=everyone,
                    subject=subject,
                    mjml=MJML % name,
                    holdout_share=Decimal("0.1"),
                    state="finished",
                    launched_at=at,
                    finished_at=at + timedelta(minutes=4),
                    created_at=at - timedelta(days=1),
                )
            )
        Link.objects.bulk_create(
            Link(campaign=campaign, position=position, url=url)
            for campaign in self.campaigns
            for position, url in enumerate(LINKS, 1)
        )
        # And one to go on with.
        subject, mjml = starter("vi")
        Campaign.objects.create(
            name="Quà Tết cho khách quen",
            segment=regulars,
            subject=subject,
            mjml=mjml,
            holdout_share=Decimal("0.1"),
            created_at=self.now - timedelta(hours=2),
        )

    def _months(self) -> None:
        events.prepare_months((self.now - 3 * 366 * DAY).date(), (self.now + 62 * DAY).date())

    def _next_customer(self) -> int:
        self.customer_id += 1
        return self.customer_id

    def _write(self, person: Person, *, twin: bool = False) -> None:
        random = self.random
        owner = random.choice(self.staff) if random.random() < 0.4 else None
        self.rows[Customer._meta.db_table].append(
            (
                person.id,
                person.kind,
                person.name,
                person.email,
                person.phone,
                person.address,
                person.city,
                "VN",
                person.language,
                person.source,
                person.preferred_channel,
                person.preferred_style,
                Jsonb(person.tags),
                owner,
                person.registered_at,
            )
        )
        if not twin:  # an audience is unique on the address
            self._answers(person)
        if person.consents:
            wording = "Tôi đồng ý nhận tin của Trà Mộc qua e-mail."
            self._consent(person, "granted", person.registered_at, "demo", wording)
        for at in self._order_times(person):
            self._order(person, at)
        self._pages(person)
        if random.random() < 0.05:
            at = self._between(person.registered_at, self.now)
            self.rows[Note._meta.db_table].append(
                (person.id, random.choice(names.NOTES), random.choice(self.staff), at)
            )

    def _consent(self, person: Person, state: str, at: datetime | None, source: str, wording: str) -> None:
        self.rows[Consent._meta.db_table].append((person.id, "email", "marketing", state, at, source, wording))

    def _order_times(self, person: Person) -> list[datetime]:
        """A first order soon after registering (or never), then by the person's own rate and the season, until they stop."""
        random = self.random
        times: list[datetime] = []
        if random.random() < 0.22 or person.registered_at is None or person.until is None:
            return times
        at = person.registered_at + timedelta(days=random.expovariate(1 / 6.0))
        end = min(person.until, self.now)
        while at < end and len(times) < 200:
            times.append(at)
            pace = person.rate * catalogue.SEASON[at.month] + 0.15
            at += timedelta(days=random.expovariate(pace / 365) + 0.5)
        return times

    def _order(self, person: Person | None, at: datetime) -> None:
        random = self.random
        self.order_id += 1
        channel = random.choices(self.channels, cum_weights=self.channel_shares)[0] if person else self.channels[-1]
        at = at.replace(
            hour=random.randrange(1, 15), minute=random.randrange(60), second=random.randrange(60), microsecond=0
        )
        at = min(at, self.now - timedelta(minutes=1))
        age = (self.now - at).days
        dice = random.random()
        state = (
            "cancelled" if dice < 0.03 and age > 1 else "delivered" if age > 4 else "confirmed" if age > 0 else "placed"
        )
        customer = person.id if person else None
        location = random.choice(self.locations).pk if channel is self.channels[-1] else None
        self.rows[Order._meta.db_table].append(
            (
                self.order_id,
                "demo",
                f"DH-{self.order_id:05d}",
                customer,
                at,
                state,
                channel.channel,
                channel.pk,
                location,
                "VND",
            )
        )
        sold = [self._line(customer, at, person) for _ in range(random.choices([1, 2, 3, 4], [55, 27, 12, 6])[0])]
        taken_at = at + timedelta(hours=random.randrange(2, 90))
        if taken_at < self.now:
            if state == "cancelled":
                for line in sold:
                    self._back(line, customer, "cancel", taken_at, line[1], random.choice(names.REASONS))
            elif state == "delivered" and random.random() < 0.04:
                line = sold[0]
                self._back(line, customer, "return", taken_at + 5 * DAY, 1, random.choice(names.RETURN_REASONS))
        if age < 400:
            self._changes(at, state, taken_at)

    def _line(self, customer: int | None, at: datetime, person: Person | None) -> tuple[int, int, Decimal, int]:
        random = self.random
        if person and random.random() < 0.35:
            product = self.products[person.favourite % len(self.products)]
        else:
            product = random.choices(self.products, cum_weights=self.product_weights)[0]
        self.line_id += 1
        quantity = max(1, round(random.expovariate(1.4) * (person.spends if person else 1)))
        price = Decimal(product.price)
        discount = price * quantity / 10 if random.random() < 0.12 else Decimal(0)
        self.rows[OrderLine._meta.db_table].append(
            (
                self.line_id,
                self.order_id,
                customer,
                "sale",
                at,
                product.pk,
                quantity,
                price,
                discount,
                price * quantity - discount,
                None,
                "",
            )
        )
        return self.line_id, quantity, (price * quantity - discount) / quantity, product.pk

    def _back(
        self,
        line: tuple[int, int, Decimal, int],
        customer: int | None,
        kind: str,
        at: datetime,
        quantity: int,
        reason: str,
    ) -> None:
        sold_id, _sold, each, product = line
        if at >= self.now:
            return
        self.line_id += 1
        self.rows[OrderLine._meta.db_table].append(
            (
                self.line_id,
                self.order_id,
                customer,
                kind,
                at,
                product,
                -quantity,
                each,
                0,
                -each * quantity,
                sold_id,
                reason,
            )
        )

    def _changes(self, at: datetime, state: str, cancelled_at: datetime) -> None:
        steps = {
            "placed": [],
            "confirmed": ["confirmed"],
            "delivered": ["confirmed", "delivered"],
            "cancelled": ["cancelled"],
        }[state]
        for number, step in enumerate(steps):
            when = cancelled_at if step == "cancelled" else at + timedelta(hours=2 + 40 * number)
            reason = self.random.choice(names.REASONS) if step == "cancelled" else ""
            if when < self.now:
                self.rows[OrderChange._meta.db_table].append(
                    (self.order_id, step, when, self.random.choice(self.staff), reason)
                )

    def _answers(self, person: Person) -> None:
        """Past campaigns to this person, with opens, clicks, what they brought, and the end of it where they unsubscribe."""
        random = self.random
        if not person.consents or not person.email or person.registered_at is None:
            return
        for campaign in self.campaigns:
            at = campaign.launched_at or self.now
            if at < person.registered_at or random.random() < 0.35:
                continue
            self.delivery_id += 1
            if random.random() < 0.1:
                self._delivery(campaign, person, "held_out")
                continue
            if random.random() < 0.012:
                self._delivery(campaign, person, "failed", "unknown_address")
                continue
            sent = at + timedelta(seconds=random.randrange(240))
            opened: datetime | None = None
            clicked: datetime | None = None
            machine: datetime | None = None
            left: datetime | None = None
            if random.random() < 0.18:
                machine = sent + timedelta(seconds=random.randrange(2, 9))
                self._collected(person, "mail_opened", machine, {"agent": "machine", "campaign": campaign.name})
            if random.random() < person.answers:
                opened = min(sent + timedelta(minutes=random.expovariate(1 / 300)), self.now)
                self._collected(person, "mail_opened", opened, {"agent": "human", "campaign": campaign.name})
                if random.random() < 0.3:
                    clicked = min(opened + timedelta(seconds=random.randrange(5, 240)), self.now)
                    position = random.choice([1, 1, 2])
                    properties = {
                        "agent": "human",
                        "campaign": campaign.name,
                        "link": position,
                        "url": LINKS[position - 1],
                    }
                    self._collected(person, "mail_clicked", clicked, properties)
                if random.random() < 0.06 + (0.25 if clicked else 0):
                    self._order(person, opened + random.random() * 4 * DAY)
                if random.random() < 0.008:
                    left = min(opened + timedelta(minutes=2), self.now)
            self._delivery(campaign, person, "sent", "", sent, opened, clicked, machine, left)
            if left:
                self._consent(person, "withdrawn", left, f"link in {campaign.name}", "")
                return

    def _delivery(
        self, campaign: Campaign, person: Person, state: str, reason: str = "", *times: datetime | None
    ) -> None:
        self.rows[Delivery._meta.db_table].append(
            (self.delivery_id, campaign.pk, person.id, person.email.lower(), state, reason, *(times or [None] * 5))
        )

    def _collected(self, person: Person, kind: str, at: datetime, properties: dict[str, object]) -> None:
        self.rows[Event._meta.db_table].append(
            (person.id, at, kind, "email", "campaigns", self.delivery_id, Jsonb(properties))
        )

    def _pages(self, person: Person) -> None:
        random = self.random
        if random.random() < 0.5:
            return
        for _ in range(1 + int(random.expovariate(0.7))):
            at = self._between(max(person.registered_at or self.now, self.now - 300 * DAY), self.now)
            product = random.choices(self.products, cum_weights=self.product_weights)[0]
            self._page(person.id, at, product)

    def _page(self, customer: int, at: datetime, product: Product) -> None:
        properties = Jsonb({"title": product.name, "url": f"https://tramoc.example/{product.sku.lower()}"})
        self.rows[Event._meta.db_table].append((customer, at, "page", "website", "crm", 0, properties))

    def _visitor(self) -> None:
        visitor = self.people.visitor(self._next_customer())
        self.rows[Customer._meta.db_table].append(
            (visitor.id, "person", "", "", "", "", "", "", "", visitor.source, "", "", Jsonb([]), None, None)
        )
        for _ in range(self.random.choice([1, 1, 2, 3])):
            at = self._between(self.now - 60 * DAY, self.now)
            self._page(visitor.id, at, self.random.choice(self.products))

    def _walk_ins(self) -> None:
        """Orders at the till without a name: they count in the shop's revenue alone."""
        for _ in range(self.size // 10):
            self._order(None, self._between(self.now - 3 * 365 * DAY, self.now))

    def _between(self, first: datetime | None, last: datetime) -> datetime:
        first = first or last
        return first + (last - first) * self.random.random()

    def _flush(self) -> None:
        _current_consents(self.rows[Consent._meta.db_table])
        with connection.cursor() as cursor:
            for table, columns in COLUMNS.items():
                rows, self.rows[table] = self.rows[table], []
                extra = ["current"] if table == Consent._meta.db_table else []
                copy(cursor, table, columns + extra, rows)

    def _desk(self) -> None:
        asking = Customer.objects.exclude(email="").exclude(orders=None).distinct().order_by("-pk")
        desk.write(
            list(asking.values_list("pk", "name", "email")[: max(15, self.size // 60)]),
            self.staff,
            self.now,
            self.random,
        )

    def _sequences(self) -> None:
        """Ids were written by hand: the next ones follow them."""
        tables = {Customer: self.customer_id, Order: self.order_id, OrderLine: self.line_id, Delivery: self.delivery_id}
        with connection.cursor() as cursor:
            for model, last in tables.items():
                cursor.execute(
                    "select setval(pg_get_serial_sequence(%s, 'id'), %s)", [model._meta.db_table, max(last, 1)]
                )
            cursor.execute("select setval('orders_number_seq', %s)", [max(10_001, self.order_id + 1)])


def _current_consents(rows: list[tuple[Any, ...]]) -> None:
    """Only the last line of each customer is current; they were written in any order."""
    last: dict[int, datetime] = {}
    for row in rows:
        last[row[0]] = max(last.get(row[0], row[4]), row[4])
    rows[:] = [(*row, row[4] == last[row[0]]) for row in rows]


def copy(cursor: Any, table: str, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
    statement = sql.SQL("copy {} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as out:
        for row in rows:
            out.write_row(row)


def fill_events(app: str) -> None:
    """All derived events of an app into a time line that has none: `events.derive` without the comparison."""
    columns = sql.SQL("customer_id, at, kind, channel, app, object_id, properties, value")
    view = sql.Identifier(f"{app}_event_source")
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("insert into crm_event ({c}) select {c} from {view}").format(c=columns, view=view))
