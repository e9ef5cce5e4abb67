"""Unsubscribing in a browser, as the customer."""

import pytest

from campaigns.answers import doors
from campaigns.models import Delivery
from crm.models import Consent, Shop
from tests.campaigns.sending_world import campaign, customer, launch, send


@pytest.mark.browser
def test_a_customer_unsubscribes_with_one_button(live, smtp_server, browser_page):
    Shop.objects.update(name="Trà Mộc", language="en", postal_address="18 Hàng Điếu, Hà Nội")
    customer("Lan", "lan@example.vn")
    send(launch(campaign()))
    browser_page.goto(live + doors.unsubscribe_path(Delivery.objects.get().pk))
    browser_page.get_by_role("button", name="Unsubscribe").click()
    browser_page.get_by_role("heading", name="You are unsubscribed").wait_for()
    assert Consent.objects.get(current=True).state == "withdrawn"
    # Reading the page again, even reloading the answer, keeps it so.
    browser_page.reload()
    browser_page.get_by_role("heading", name="You are unsubscribed").wait_for()
