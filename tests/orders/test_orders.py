"""The way of an order by hand, and what its ledger says after each step."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from crm.channels import Channel
from crm.models import Customer, Due, Event, Facts, Stage
from crm.scoring import rescore
from orders import orders
from orders.models import Order, OrderState, Product
from orders.money import spread

Buy = Callable[..., Order]


def values(order: Order, kind: str = "sale") -> list[int]:
    return [int(line.value) for line in order.lines.filter(kind=kind).order_by("id")]


def told(customer: Customer) -> list[str]:
    return list(Event.objects.filter(customer=customer).order_by("at", "id").values_list("kind", flat=True))


def line_of(order: Order, sku: str) -> int:
    return order.lines.get(product__sku=sku, kind="sale").pk


def test_the_discount_of_an_order_is_spread_to_the_last_dong(buy: Buy) -> None:
    assert values(buy(lotuses=2, shans=1, discount=100_000)) == [833_333, 416_667]


@given(
    amount=st.integers(0, 10**9),
    weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any),
)
def test_parts_add_up_and_are_less_than_a_unit_off(amount: int, weights: list[int]) -> None:
    parts = spread(Decimal(amount), [Decimal(weight) for weight in weights], Decimal(1))
    assert sum(parts) == amount
    assert all(
        abs(part * sum(weights) - amount * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True)
    )


def test_an_order_is_told_on_the_time_line_and_its_customer_scored_again(buy: Buy, lan: Customer) -> None:
    order = buy()
    event = Event.objects.get(customer=lan)
    assert (event.kind, event.value, event.channel) == ("order_placed", 1_250_000, Channel.PHONE)
    assert event.properties == {"number": order.external_id}
    assert Due.objects.filter(customer_id=lan.pk).exists()


def test_facts_and_scores_follow_an_order_and_its_end(buy: Buy, lan: Customer) -> None:
    order = buy()
    rescore.rescore_due()
    facts = Facts.objects.get(customer=lan)
    assert (facts.orders, facts.revenue, facts.stage) == (1, 1_250_000, Stage.PURCHASED)
    assert lan.score_set.count() >= 1
    orders.cancel(order, "typo")
    rescore.rescore_due()
    facts.refresh_from_db()
    assert (facts.orders, facts.revenue, facts.stage) == (0, 0, Stage.NEW)
    assert not lan.score_set.filter(model__slug="threshold").exists()


def test_numbers_follow_each_other(buy: Buy) -> None:
    first, second = buy(), buy()
    assert int(second.external_id.removeprefix("DH-")) == int(first.external_id.removeprefix("DH-")) + 1


def test_an_order_goes_from_placed_to_delivered(buy: Buy, lan: Customer) -> None:
    order = orders.deliver(orders.confirm(buy()))
    assert order.state == OrderState.DELIVERED
    assert [change.state for change in order.changes.all()] == ["placed", "confirmed", "delivered"]
    assert told(lan) == ["order_placed", "order_confirmed", "order_delivered"]


@pytest.mark.parametrize("step", [orders.deliver, lambda order: orders.cancel(orders.cancel(order, "typo"), "typo")])
def test_a_step_out_of_turn_is_refused_with_a_sentence(buy: Buy, step: Callable[[Order], Order]) -> None:
    with pytest.raises(orders.Refused, match=r"DH-\d+ is .*: it cannot become"):
        step(buy())


def test_a_delivered_order_is_not_cancelled_but_taken_back(buy: Buy) -> None:
    order = orders.deliver(orders.confirm(buy()))
    with pytest.raises(orders.Refused, match="cannot become cancelled"):
        orders.cancel(order, "changed their mind")


def test_cancelling_takes_back_what_is_left(buy: Buy, lan: Customer) -> None:
    order = buy(lotuses=2, shans=1, discount=100_000)
    orders.take_back(order, {line_of(order, "TS-100"): Decimal(1)}, "dented")
    orders.cancel(order, "changed their mind")
    assert values(order, "cancel") == [-416_667, -416_667]
    assert orders.worth(order) == 0
    assert told(lan) == ["order_placed", "item_returned", "order_cancelled"]


def test_a_cancelled_order_is_worth_nothing_from_that_moment_on_only(buy: Buy) -> None:
    order = buy()
    orders.cancel(order, "typo")
    cancelled = order.changes.get(state="cancelled").at
    assert all(line.at == cancelled for line in order.lines.filter(kind="cancel"))
    assert sum(line.value for line in order.lines.filter(at__lt=cancelled)) == 1_250_000


def test_pieces_come_back_for_their_share_and_the_last_carries_the_rest(buy: Buy) -> None:
    order = buy(lotuses=2, shans=1, discount=100_000)
    line = line_of(order, "TS-100")
    for _piece in range(2):
        orders.take_back(order, {line: Decimal(1)}, "dented")
    assert values(order, "return") == [-416_666, -416_667]


def test_more_than_is_left_does_not_come_back(buy: Buy) -> None:
    order = buy(lotuses=2)
    line = line_of(order, "TS-100")
    orders.take_back(order, {line: Decimal(1)}, "dented")
    with pytest.raises(orders.Refused, match="1 can come back, not more"):
        orders.take_back(order, {line: Decimal(2)}, "dented")
    assert orders.worth(order) == 1_250_000 - 416_666


def test_a_line_of_another_order_does_not_come_back(buy: Buy) -> None:
    order, other = buy(), buy()
    with pytest.raises(orders.Refused, match="is not one of"):
        orders.take_back(order, {line_of(other, "TS-100"): Decimal(1)}, "dented")


def test_nothing_of_a_cancelled_order_comes_back(buy: Buy) -> None:
    order = orders.cancel(buy(), "typo")
    with pytest.raises(orders.Refused, match="nothing of it can come back"):
        orders.take_back(order, {line_of(order, "TS-100"): Decimal(1)}, "dented")


def test_a_discount_above_the_price_is_refused(buy: Buy) -> None:
    with pytest.raises(orders.Refused, match="more than the goods cost"):
        buy(lotuses=1, shans=0, discount=450_001)
    assert not Order.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_take_back_the_last_piece_at_once_take_it_once(buy: Buy) -> None:
    order = buy(lotuses=1, shans=0, discount=0)
    line = line_of(order, "TS-100")

    def take(_turn: int) -> bool:
        try:
            orders.take_back(order, {line: Decimal(1)}, "dented")
        except orders.Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(take, range(4)))
    assert taken.count(True) == 1
    assert orders.worth(order) == 0


@pytest.mark.django_db(transaction=True)
def test_an_order_sent_twice_at_once_is_one(lan: Customer, lotus: Product) -> None:
    from uuid import uuid4

    key = uuid4()

    def send(_turn: int) -> int:
        try:
            item = orders.Item(lotus, Decimal(1), lotus.price)
            return orders.enter(lan, [item], channel=Channel.PHONE, key=key).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(send, range(4)))) == 1
    assert Order.objects.count() == 1


@given(st.data())
def test_whatever_comes_back_the_ledger_never_goes_below_nothing(data: st.DataObject) -> None:
    """Pure: the worth of pieces taken back in any order adds up to the line's value, never more."""
    from orders.models import OrderLine
    from orders.orders import Left

    quantity, value = data.draw(st.integers(1, 9)), data.draw(st.integers(0, 10**7))
    line = OrderLine(quantity=Decimal(quantity), value=Decimal(value))
    left_quantity, left_value = Decimal(quantity), Decimal(value)
    while left_quantity:
        pieces = Decimal(data.draw(st.integers(1, int(left_quantity))))
        worth = Left(line, left_quantity, left_value).worth(pieces, Decimal(1))
        left_quantity, left_value = left_quantity - pieces, left_value - worth
        assert left_value >= 0
    assert left_value == 0
