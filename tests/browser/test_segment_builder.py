"""The segment builder in a browser: the count follows each change, and saving leads to the saved segment."""

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect

from crm.models import Segment, User
from crm.roles import Role
from crm.scoring.rescore import rescore
from tests.crm.scoring_world import customer, order

pytestmark = pytest.mark.browser
PASSWORD = "khach quen rat lau"


@pytest.fixture
def page(live, browser_page) -> Page:
    user = User.objects.create_user("lan@shop.example", PASSWORD, name="Đinh Lan Phương")
    user.groups.add(Group.objects.get(name=Role.MARKETING))
    for name, orders in (("Lan", 3), ("Minh", 1), ("Hoa", 0)):
        person = customer(name)
        for day in range(orders):
            order(person, f"2026-10-0{day + 1}")
    rescore()
    browser_page.goto(f"{live}/segments/new")
    browser_page.get_by_label("E-mail").fill("lan@shop.example")
    browser_page.get_by_label("Password", exact=True).fill(PASSWORD)
    browser_page.get_by_role("button", name="Sign in").click()
    return browser_page


def test_the_count_follows_each_change_and_saving_keeps_it(page):
    page.get_by_label("Condition to add").select_option("orders")
    page.get_by_role("button", name="Condition", exact=True).click()
    expect(page.get_by_label("comparison")).to_have_value("at_least")
    expect(page.get_by_text("Number is missing").first).to_be_visible()
    page.get_by_label("number", exact=True).fill("1")
    page.get_by_label("number", exact=True).press("Tab")
    expect(page.locator(".r-big")).to_have_text("2")
    page.get_by_label("number", exact=True).fill("2")
    page.get_by_label("number", exact=True).press("Tab")
    expect(page.locator(".r-big")).to_have_text("1")
    expect(page.get_by_role("link", name="Lan", exact=True)).to_be_visible()
    page.get_by_label("Name").fill("Regulars")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Regulars", level=1)).to_be_visible()
    assert Segment.objects.get().size == 1
    page.get_by_role("button", name="Remove: Orders so far").click()
    expect(page.get_by_text("Nobody is asked for yet").first).to_be_visible()


def test_what_is_typed_while_a_count_runs_is_kept_and_counted(page):
    page.get_by_label("Condition to add").select_option("orders")
    page.get_by_role("button", name="Condition", exact=True).click()
    expect(page.get_by_text("Number is missing").first).to_be_visible()
    waiting = []
    page.route("**/segments/new", lambda route: waiting.append(route))
    page.get_by_label("comparison").select_option("at_most")  # its answer is on its way ...
    page.get_by_label("number", exact=True).press_sequentially("1")
    with page.expect_response("**/segments/new"):
        waiting.pop().continue_()
    page.unroute("**/segments/new")
    expect(page.get_by_label("number", exact=True)).to_have_value("1")  # ... and knows nothing of this
    page.get_by_label("number", exact=True).press("Tab")
    expect(page.locator(".r-big")).to_have_text("2")
