"""Customers who agreed, a segment of all of them and a campaign to it, in a line each."""

from itertools import count

from django.utils import timezone

from campaigns.models import Campaign, Delivery
from campaigns.sending import worker
from crm import consent
from crm.channels import Channel
from crm.models import Customer, Segment

MJML = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Chào {{ customer.first_name | default: 'bạn' }}</mj-text>"
    '<mj-button href="https://shop.example/new?a=1&amp;b=trà">Xem</mj-button>'
    '<mj-button href="https://shop.example/old">Cũ</mj-button><mj-button href="https://shop.example/sale">Sale</mj-button>'
    "</mj-column></mj-section></mj-body></mjml>"
)
EVERYBODY = {"all": [{"condition": "registered_on", "side": "since", "day": "2000-01-01"}]}
numbers = count(1)


def customer(
    name: str = "Nguyễn Thị Lan", email: str | None = None, *, agreed: bool = True, **fields: object
) -> Customer:
    address = f"lan{next(numbers)}@example.vn" if email is None else email
    made = Customer.objects.create(name=name, email=address, registered_at=timezone.now(), **fields)
    if agreed:
        consent.grant(made, Channel.EMAIL, source="test")
    return made


def campaign(subject: str = "Trà mới", mjml: str = MJML, share: str = "0", **fields: object) -> Campaign:
    segment, _made = Segment.objects.get_or_create(name="Everybody", defaults={"rules": EVERYBODY})
    return Campaign.objects.create(
        name="Tết", segment=segment, subject=subject, mjml=mjml, holdout_share=share, **fields
    )


def launch(of: Campaign) -> Campaign:
    of.launch(None, timezone.now())
    return of


def send(of: Campaign) -> Campaign:
    """A worker's turn, here and now."""
    worker.take_turn(of.pk)
    of.refresh_from_db()
    return of


def states(of: Campaign) -> dict[int, str]:
    """By customer id: the state, with the reason behind a colon where there is one."""
    rows = Delivery.objects.filter(campaign=of).values_list("customer", "state", "reason")
    return {customer: f"{state}: {reason}" if reason else state for customer, state, reason in rows}
