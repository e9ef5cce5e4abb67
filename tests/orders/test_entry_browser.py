"""An order by phone, with the keyboard only, in a real browser."""

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from crm.models import Customer
from orders.models import Order, Product

pytestmark = pytest.mark.browser


@pytest.fixture
def page(
    live: str, browser_page: Page, staff: Callable[..., Client], lan: Customer, lotus: Product, shan: Product
) -> Page:
    session = staff("Sales").cookies["sessionid"].value
    browser_page.context.add_cookies([{"name": "sessionid", "value": session, "url": live}])
    browser_page.goto(f"{live}/orders/new")
    return browser_page


def test_an_order_for_a_known_customer_by_keyboard(page: Page, lan: Customer) -> None:
    keyboard = page.keyboard
    expect(page.locator("#o-find")).to_be_focused()
    keyboard.type("0903 418")
    keyboard.press("Enter")  # faster than the answer: it is taken when it comes
    expect(page.locator("#o-who")).to_contain_text("Nguyễn Thị Lan")
    expect(page.locator("#o-product")).to_be_focused()
    keyboard.type("3 × sen")
    keyboard.press("Enter")
    expect(page.locator("#o-lines")).to_contain_text("Trà sen Tây Hồ 100 g")
    keyboard.type("tra")
    expect(page.locator("#o-products [role=option]")).to_have_count(2)
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")  # round to the first again
    keyboard.press("Enter")
    expect(page.locator("#o-lines tbody tr")).to_have_count(2)
    keyboard.press("Alt+4")
    expect(page.locator("#o-discount")).to_be_focused()
    keyboard.type("10%")
    expect(page.locator("#o-sum")).to_contain_text("1.620.000")
    with page.expect_navigation():
        keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("DH-")
    order = Order.objects.with_value().get()
    assert (order.customer, order.value) == (lan, 1_620_000)
    assert {line.product.sku: int(line.quantity) for line in order.lines.all()} == {"TS-100": 3, "ST-200": 1}


def test_a_new_customer_is_entered_on_the_way(page: Page) -> None:
    keyboard = page.keyboard
    keyboard.type("Trần Bảo")
    expect(page.locator("#o-customers [role=option]")).to_contain_text(["New customer “Trần Bảo”"])
    keyboard.press("Enter")
    expect(page.locator("#o-name")).to_be_focused()
    expect(page.locator("#o-name")).to_have_value("Trần Bảo")
    keyboard.press("Enter")
    expect(page.locator("#o-phone")).to_be_focused()
    keyboard.type("0912 345 678")
    keyboard.press("Enter")
    expect(page.locator("#o-product")).to_be_focused()
    keyboard.type("TS-100")
    keyboard.press("Enter")
    expect(page.locator("#o-lines")).to_contain_text("Trà sen Tây Hồ 100 g")
    with page.expect_navigation():
        keyboard.press("Control+Enter")
    assert Order.objects.get().customer.name == "Trần Bảo"


def test_a_quantity_is_changed_and_a_line_taken_out(page: Page) -> None:
    for text in ("sen", "shan"):
        page.locator("#o-product").fill("")
        page.locator("#o-product").press_sequentially(text)
        page.keyboard.press("Enter")
        expect(page.locator("#o-lines tbody tr")).to_have_count(1 if text == "sen" else 2)
    page.get_by_label("Quantity of Trà sen Tây Hồ 100 g").fill("4")
    page.keyboard.press("Tab")
    expect(page.locator("#o-sum")).to_contain_text("2.250.000")
    page.get_by_role("button", name="Remove Trà shan tuyết 200 g").click()
    expect(page.locator("#o-sum")).to_contain_text("1.800.000")


def test_the_quick_look_opens_closes_and_opens_again(page: Page, live: str, buy: Callable[..., Order]) -> None:
    order = buy()
    page.goto(f"{live}/orders/")
    for _time in range(2):
        page.get_by_role("button", name=f"Quick look at {order.external_id}").click()
        expect(page.locator("#side-panel")).to_contain_text("Trà sen Tây Hồ 100 g")
        page.keyboard.press("Escape")
        expect(page.locator("#side-panel")).to_be_hidden()


def test_the_worth_of_what_comes_back_is_shown_while_typing(page: Page, live: str, buy: Callable[..., Order]) -> None:
    order = buy()
    page.goto(f"{live}{order.get_absolute_url()}")
    page.get_by_role("link", name="Take back Trà sen Tây Hồ 100 g").click()
    expect(page.locator("#refund")).to_contain_text("416.666")
    page.get_by_label("Trà sen Tây Hồ 100 g", exact=True).fill("2")
    expect(page.locator("#refund")).to_contain_text("833.333")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Worth now")).to_be_visible()
