"""A small shop for tests of campaigns."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

from django.contrib.auth.models import Group
from django.utils import timezone

from campaigns.models import Campaign, Delivery, DeliveryState
from crm.models import Consent, Customer, Membership, Segment, User
from crm.roles import Role
from orders.models import LineKind, Order, OrderLine
from tests.campaigns.sending_world import EVERYBODY

NUMBERS = count(1)
MJML = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ customer.name | default: 'friend' }}</mj-text>"
    '<mj-button href="https://shop.example/tea">Tea</mj-button></mj-column></mj-section></mj-body></mjml>'
)


def staff(role: Role) -> User:
    user = User.objects.create_user(
        f"{role.value.lower()}{next(NUMBERS)}@shop.example", "secret-password", name=role.value
    )
    user.groups.add(Group.objects.get(name=role.value))
    return user


def customer(
    name: str = "Lan", *, consent: bool = True, email: str | None = None, segment: Segment | None = None
) -> Customer:
    number = next(NUMBERS)
    email = f"c{number}@example.com" if email is None else email
    made = Customer.objects.create(name=name, email=email, registered_at=timezone.now() - timedelta(days=90))
    made.refresh_from_db()
    if consent:
        Consent.objects.create(customer=made, channel="email", state="granted", source="test")
    if segment:
        Membership.objects.create(customer=made, segment=segment)
    return made


def segment(name: str = "Everyone") -> Segment:
    return Segment.objects.create(name=name, rules=EVERYBODY)


def campaign(segment_: Segment | None = None, **fields: object) -> Campaign:
    defaults = {"name": "Winter teas", "subject": "New tea", "mjml": MJML, "holdout_share": Decimal("0.1")}
    made = Campaign.objects.create(segment=segment_ or segment(f"Segment {next(NUMBERS)}"), **{**defaults, **fields})
    made.refresh_from_db()
    return made


def launched(days_ago: float = 1, **fields: object) -> Campaign:
    at = timezone.now() - timedelta(days=days_ago)
    return campaign(state="finished", launched_at=at, finished_at=at, progress_at=at, **fields)


def delivery(campaign: Campaign, customer: Customer, state: str = DeliveryState.SENT, **fields: object) -> Delivery:
    sent_at = campaign.launched_at if state == DeliveryState.SENT else None
    return Delivery.objects.create(
        campaign=campaign, customer=customer, address=customer.email, state=state, **{"sent_at": sent_at, **fields}
    )


def order(customer: Customer, at: datetime, value: float = 100) -> Order:
    made = Order.objects.create(
        source="test", external_id=f"T{next(NUMBERS)}", customer=customer, placed_at=at, currency="VND"
    )
    OrderLine.objects.create(order=made, customer=customer, at=at, quantity=1, unit_price=value, value=value)
    return made


def give_back(order: Order, at: datetime, value: float) -> None:
    OrderLine.objects.create(
        order=order, customer=order.customer, kind=LineKind.RETURN, at=at, quantity=-1, unit_price=value, value=-value
    )
