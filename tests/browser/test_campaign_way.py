"""The README's way, in the real demo: heat map, segment, campaign, the mail in the mailbox, a click, time line, result."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import wait_until
from tests.platform.test_demo import Terminal, terminal  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SOON = 15_000  # worker, collector and page each look again every few seconds


@pytest.fixture
def demo(terminal: Terminal) -> dict[str, str]:  # noqa: F811
    """Address, and the marketing person's e-mail and password."""
    terminal.start("--customers", "300").wait_until_ready(120)
    told = json.loads((terminal.var / "demo.json").read_text())
    return {"url": told["url"], "mail": told["mail_url"], **next(u for u in told["users"] if u["role"] == "marketing")}


def test_from_the_heat_map_to_an_answered_campaign(demo, browser_page):
    page: Page = browser_page
    page.set_default_timeout(20_000)
    sign_in(page, demo)
    make_segment(page)
    launch_campaign(page, demo["url"])

    expect(page.get_by_text(re.compile(r"^Finished "))).to_be_visible(timeout=60_000)
    campaign = page.url
    said = page.locator(".r-accounts > div").filter(has_text="Sent").locator("dd").first.inner_text()
    assert int(said.replace(".", "")) > 0

    customer = answer_as_the_customer(page, demo)
    see_it_on_the_time_line(page, customer)
    see_it_in_the_result(page, campaign)


def sign_in(page: Page, demo: dict[str, str]) -> None:
    page.goto(demo["url"])
    page.get_by_label("E-mail").fill(demo["email"])
    page.get_by_label("Password", exact=True).fill(demo["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Campaigns", level=1)).to_be_visible()


def make_segment(page: Page) -> None:
    page.get_by_role("link", name="Scores").first.click()
    page.locator("table.r-heat a").first.click()
    expect(page.get_by_role("heading", name="Customers", level=1)).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Make a segment").click()
    page.get_by_label("name").fill("The best of all")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Use").click()


def launch_campaign(page: Page, url: str) -> None:
    expect(page.get_by_role("combobox", name="segment")).to_have_text(re.compile("The best of all"))
    page.get_by_label("name").fill("Thank you, regulars")
    page.get_by_role("button", name="Go on to the message").click()
    letter = page.get_by_label("Letter, in MJML")
    letter.fill(letter.input_value().replace("https://example.com/hang-moi", f"{url}/contact/"))
    expect(page.get_by_text("Saved at")).to_be_visible(timeout=SOON)
    expect(page.frame_locator(".r-preview-frame").get_by_role("link", name="Xem hàng mới")).to_be_visible()
    page.get_by_role("button", name="Save, go on to the check list").click()
    page.get_by_role("button", name=re.compile("Send to")).click()
    page.get_by_role("button", name="Send it now").click()


def answer_as_the_customer(page: Page, demo: dict[str, str]) -> str:
    """Open the newest mail, its pictures, and its link. Returns the address of the customer's page."""
    page.goto(demo["mail"])
    page.locator("a.r-ticket").first.click()
    page.get_by_role("link", name="Open with pictures").click()
    noticed = page.get_by_label("What Regulars noticed")
    expect(noticed.get_by_text("Opened")).to_be_visible(timeout=SOON)
    with page.expect_popup() as shop:
        page.frame_locator(".r-mail-frame").get_by_role("link", name="Xem hàng mới").click()
    shop.value.wait_for_url(f"{demo['url']}/contact/")
    shop.value.close()
    expect(noticed.get_by_text("Clicked")).to_be_visible(timeout=SOON)
    expect(noticed.get_by_text("Counts as a person.")).to_have_count(2)
    with page.expect_popup() as gone:
        page.get_by_role("button", name="Unsubscribe").click()
    gone.value.wait_for_load_state()
    gone.value.close()
    expect(noticed.get_by_text("Unsubscribed")).to_be_visible(timeout=SOON)
    return demo["url"] + str(page.locator(".r-talk-facts a").get_attribute("href"))


def see_it_on_the_time_line(page: Page, customer: str) -> None:
    page.goto(customer)
    time_line = page.locator("ol.r-timeline").first
    for said in ("Opened Thank you, regulars", "Campaign Thank you, regulars"):
        expect(time_line.get_by_text(said)).to_be_visible()
    expect(time_line.get_by_text(re.compile("Clicked .*/contact"))).to_be_visible()
    expect(page.locator("section", has=page.locator("#panel-campaigns")).get_by_text("Left the list")).to_be_visible()


def see_it_in_the_result(page: Page, campaign: str) -> None:
    page.goto(campaign)
    page.get_by_role("link", name="Result", exact=True).first.click()

    def people(step: str) -> str:
        row = page.locator("ol.r-funnel > li").filter(has_text=step)
        return row.locator("b").inner_text()

    def counted() -> bool:
        page.reload()
        return (people("Opened"), people("Clicked")) == ("1", "1")

    wait_until(counted, 30, "the result to count the answers")
    expect(page.get_by_text("/contact")).to_be_visible()
    expect(page.get_by_role("heading", name="Left out before the start")).to_be_visible()
