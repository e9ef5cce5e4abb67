"""Lift and its interval against numbers worked out by hand, and what counts as an order of a campaign."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import results
from campaigns.models import DeliveryState
from campaigns.results.statistics import Group, lift_in_buyers, lift_in_revenue, student
from tests.campaigns import world


def test_lift_in_buyers_is_the_difference_of_shares_with_the_wald_interval():
    # 409 of 12,040 (3.397 %) against 16 of 1,338 (1.196 %): 2.201 points; the error is
    # √(0.033970 · 0.966030 / 12,040 + 0.011958 · 0.988042 / 1,338) = √(2.7256e-6 + 8.8305e-6) = 0.33994 points.
    lift = lift_in_buyers(Group(12_040, 409, 0, 0), Group(1_338, 16, 0, 0))
    assert lift.value == pytest.approx(0.0220118, abs=1e-6)
    assert lift.standard_error == pytest.approx(0.0033994, abs=1e-6)
    assert (lift.low, lift.high) == pytest.approx((0.015349, 0.028674), abs=2e-5)
    assert lift.proven


def test_lift_that_may_be_chance_is_not_proven():
    assert not lift_in_buyers(Group(1_000, 30, 0, 0), Group(100, 3, 0, 0)).proven


def test_few_buyers_prove_nothing_however_narrow_the_interval():
    lift = lift_in_buyers(Group(100, 20, 0, 0), Group(10, 0, 0, 0))
    assert lift.low > 0
    assert not lift.proven


def test_without_a_hold_out_there_is_no_lift():
    assert lift_in_buyers(Group(100, 20, 0, 0), Group(0, 0, 0, 0)) is None
    assert lift_in_revenue(Group(100, 20, 0, 0), Group(1, 0, 0, 0)) is None


def test_lift_in_revenue_has_welchs_interval():
    # Reached 10, 0, 20, 30 (mean 15, s² = 500/3, s²/n = 41.667); held out 0, 0, 6 (mean 2, s² = 12, s²/n = 4).
    # Error √45.667 = 6.7577; degrees of freedom 45.667² / (41.667²/3 + 4²/2) = 2085.4 / 586.7 = 3.5546; t = 2.920.
    lift = lift_in_revenue(Group(4, 3, 60, 1_400), Group(3, 1, 6, 36))
    assert lift.value == pytest.approx(13)
    assert lift.standard_error == pytest.approx(6.7577, abs=1e-3)
    assert lift.high - lift.value == pytest.approx(2.920 * 6.7577, rel=0.005)


@pytest.mark.parametrize(("freedom", "table"), [(3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (1000, 1.962)])
def test_quantiles_of_student_agree_with_the_table(freedom, table):
    assert student(freedom) == pytest.approx(table, rel=0.003)


# What counts


@pytest.mark.django_db
def test_only_counted_orders_within_the_window_count_and_by_group():
    sent = world.launched(days_ago=10, window_days=7)
    start, day = sent.launched_at, timedelta(days=1)
    people = [world.customer() for _ in range(6)]
    held_out = world.customer()
    for person in people:
        world.delivery(sent, person)
    world.delivery(sent, held_out, DeliveryState.HELD_OUT)
    world.order(people[0], start, 100)
    world.order(people[0], start + 6.9 * day, 50)
    world.order(people[1], start - timedelta(seconds=1), 100)
    world.order(people[2], start + 7 * day, 100)
    returned = world.order(people[3], start + day, 100)
    world.give_back(returned, start + 8 * day, 100)
    in_part = world.order(people[4], start + day, 100)
    world.give_back(in_part, start + 9 * day, 40)
    world.order(held_out, start + day, 70)

    result = results.of(sent).result

    assert (result.reached, result.buyers, result.orders, result.revenue) == (6, 2, 3, 210)
    assert result.revenue_squares == 150**2 + 60**2
    assert (result.held_out, result.held_out_buyers, result.held_out_orders, result.held_out_revenue) == (1, 1, 1, 70)


@pytest.mark.django_db
def test_everyone_drawn_counts_and_who_was_left_out_does_not():
    sent = world.launched()
    for state in DeliveryState:
        person = world.customer()
        world.delivery(sent, person, state)
        world.order(person, sent.launched_at + timedelta(hours=1))
    result = results.of(sent).result
    assert result.audience == len(DeliveryState) - 1
    assert (result.reached, result.buyers) == (len(DeliveryState) - 2, len(DeliveryState) - 2)
    assert result.held_out_buyers == 1


@pytest.mark.django_db
def test_opens_of_machines_are_apart():
    sent = world.launched()
    at = sent.launched_at
    world.delivery(sent, world.customer(), opened_at=at, machine_opened_at=at, clicked_at=at)
    world.delivery(sent, world.customer(), machine_opened_at=at, machine_clicked_at=at)
    world.delivery(sent, world.customer(), unsubscribed_at=at)
    result = results.of(sent).result
    assert (result.sent, result.opened, result.machine_opened) == (3, 1, 1)
    assert (result.clicked, result.machine_clicked, result.unsubscribed) == (1, 1, 1)


@pytest.mark.django_db
def test_days_count_the_first_order_of_each_customer():
    sent = world.launched(days_ago=3.5, window_days=7)
    person, held_out = world.customer(), world.customer()
    world.delivery(sent, person)
    world.delivery(sent, held_out, DeliveryState.HELD_OUT)
    for hours in (30, 50):
        world.order(person, sent.launched_at + timedelta(hours=hours))
    world.order(held_out, sent.launched_at + timedelta(hours=80))
    assert [(day.reached, day.held_out, day.reached_so_far) for day in results.days(sent)] == [
        (0, 0, 0), (1, 0, 1), (0, 0, 1), (0, 1, 1),
    ]  # fmt: skip


@pytest.mark.django_db
def test_due_are_running_windows_each_minute_and_settling_ones_each_day():
    now = timezone.now()
    running, settling, old = world.launched(1), world.launched(20), world.launched(90)
    for each in (running, settling, old):
        world.delivery(each, world.customer())
    assert results.refresh_due(now) == 3
    assert results.refresh_due(now + timedelta(seconds=30)) == 0
    assert results.refresh_due(now + timedelta(minutes=2)) == 1
    assert results.refresh_due(now + timedelta(days=1, minutes=1)) == 2
