"""The pages of orders, as staff use them: without script, with htmx, and who may not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.models import Customer
from orders import orders
from orders.models import Order, Product

Buy = Callable[..., Order]
Staff = Callable[..., Client]
pytestmark = pytest.mark.usefixtures("valkey")


def entry(**fields: Any) -> dict[str, Any]:
    return {"key": str(uuid4()), "channel": "phone", "product": ["TS-100"], "quantity": ["2"], **fields}


def test_an_order_is_entered_for_a_known_customer(staff: Staff, lan: Customer, lotus: Product) -> None:
    answer = staff().post(reverse("orders:order_new"), entry(customer=lan.public_id, discount="10%", note="ring twice"))
    order = Order.objects.with_value().get()
    assert answer.url == order.get_absolute_url()
    assert (order.customer, order.value, order.channel, order.note) == (lan, 810_000, "phone", "ring twice")
    assert order.entered_by.email == "sales@example.com"


def test_an_order_is_entered_for_a_new_customer(staff: Staff, lotus: Product) -> None:
    staff().post(reverse("orders:order_new"), entry(name="Trần Bảo", phone="0912 345 678"))
    customer = Customer.objects.get()
    assert (customer.name, customer.phone) == ("Trần Bảo", "+84912345678")
    assert customer.registered_at == Order.objects.get(customer=customer).placed_at
    assert not customer.consents.exists()


def test_the_form_sent_twice_makes_one_order_and_one_customer(staff: Staff, lotus: Product) -> None:
    fields, client = entry(name="Trần Bảo", phone="0912345678"), staff()
    first, second = (client.post(reverse("orders:order_new"), fields) for _time in range(2))
    assert first.url == second.url
    assert Order.objects.count() == Customer.objects.count() == 1


def test_without_script_a_phone_number_finds_the_customer_and_a_name_the_product(
    staff: Staff, lan: Customer, lotus: Product
) -> None:
    fields = entry(find="0903418265", product=["Trà sen Tây Hồ 100 g", "", ""], quantity=["1", "1", "1"])
    assert staff().post(reverse("orders:order_new"), fields).status_code == 302
    assert Order.objects.get().customer == lan


def test_a_name_that_fits_several_asks_who_it_is(staff: Staff, lan: Customer, lotus: Product) -> None:
    Customer.objects.create(name="Nguyễn Thị Lan", phone="+84911111111", registered_at=timezone.now())
    answer = staff().post(reverse("orders:order_new"), entry(find="nguyen thi lan"))
    assert answer.status_code == 422
    assert b"Several customers fit" in answer.content
    assert str(lan.public_id).encode() in answer.content
    assert not Order.objects.exists()


def test_a_number_that_somebody_has_asks_before_a_second_customer_is_made(
    staff: Staff, lan: Customer, lotus: Product
) -> None:
    client, fields = staff(), entry(name="Lan's mother", phone="0903418265")
    assert b"Somebody has this number already" in client.post(reverse("orders:order_new"), fields).content
    assert client.post(reverse("orders:order_new"), {**fields, "as_new": "on"}).status_code == 302
    assert Customer.objects.filter(phone=lan.phone).count() == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"product": ["NO-SUCH"]}, "There is no product “NO-SUCH”"),
        ({"quantity": ["0"]}, "“0” is no quantity"),
        ({"product": [], "quantity": []}, "An order needs at least one product"),
        ({"discount": "lots"}, "“lots” is no discount"),
        ({"discount": "900.001"}, "more than the goods cost"),
        ({"key": "x"}, "This page is too old"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    staff: Staff, lan: Customer, lotus: Product, fields: dict[str, Any], words: str
) -> None:
    answer = staff().post(reverse("orders:order_new"), entry(customer=lan.public_id, note="ring twice", **fields))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "ring twice" in answer.content.decode()
    assert not Order.objects.exists()


def test_products_are_found_without_marks_and_three_are_asked_for(staff: Staff, lotus: Product, shan: Product) -> None:
    page = staff().get(reverse("orders:entry_products"), {"product_find": "3 × sen tay"}).content.decode()
    assert "TS\\u002D100" in page or "TS-100" in page
    assert "ST-200" not in page
    assert "3 ×" in page


def test_the_sum_runs_on_the_server(staff: Staff, lotus: Product) -> None:
    fields = {"product": ["TS-100"], "quantity": ["2"], "add": "TS-100", "times": "3", "discount": "250.000"}
    page = staff().post(reverse("orders:entry_lines"), fields).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert 'value="5"' in page
    assert "2.000.000 ₫" in page


def test_the_way_of_an_order_is_walked_by_its_buttons(staff: Staff, buy: Buy) -> None:
    client, order = staff(), buy()
    for step in ("orders:order_confirm", "orders:order_deliver"):
        assert client.post(reverse(step, args=[order.public_id])).status_code == 302
    order.refresh_from_db()
    assert order.state == "delivered"
    answer = client.post(reverse("orders:order_confirm", args=[order.public_id]))
    assert answer.status_code == 422
    assert b"it cannot become confirmed" in answer.content


def test_an_item_is_taken_back_on_the_page_with_its_worth_while_typing(staff: Staff, buy: Buy) -> None:
    client, order = staff(), buy()
    line = order.lines.get(product__sku="TS-100")
    worth = client.get(reverse("orders:order_refund", args=[order.public_id]), {f"quantity-{line.pk}": "1"})
    for nonsense in ("quantity-²", f"quantity-{'9' * 5000}"):
        assert client.get(reverse("orders:order_refund", args=[order.public_id]), {nonsense: "1"}).status_code == 200
    assert "416.666" in worth.content.decode()
    fields = {f"quantity-{line.pk}": "1", "why": "Damaged on the way"}
    assert client.post(reverse("orders:order_take_back", args=[order.public_id]), fields).status_code == 302
    assert orders.worth(order) == 1_250_000 - 416_666
    page = client.get(order.get_absolute_url()).content.decode()
    assert "came back" in page
    assert "Damaged on the way" in page


def test_the_list_asks_twelve_queries_at_most_however_many_orders(staff: Staff, buy: Buy) -> None:
    client = staff("Manager")
    buy()
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(reverse("orders:orders")).status_code == 200
        counts.append(len(queries))
        for _order in range(30):
            buy()
    assert max(counts) <= 12


def test_pages_of_the_list_hold_every_order_once(staff: Staff, buy: Buy) -> None:
    made = {buy().external_id for _order in range(60)}
    client, url, seen = staff(), reverse("orders:orders"), []
    while url:
        answer = client.get(url)
        seen += [order.external_id for order in answer.context["page"].rows]
        after = answer.context["page"].after
        url = f"{reverse('orders:orders')}?after={after}" if after else ""
    assert len(seen) == 60
    assert set(seen) == made
    assert answer.context["total"] == 60


def test_the_list_is_filtered_by_state_channel_and_day(staff: Staff, buy: Buy, lan: Customer, lotus: Product) -> None:
    old = buy()
    Order.objects.filter(pk=old.pk).update(placed_at=timezone.now() - timedelta(days=40), state="delivered")
    new = buy()
    client = staff()

    def listed(**query: str) -> list[Order]:
        return client.get(reverse("orders:orders"), query).context["page"].rows

    assert listed(state="placed") == [new]
    assert listed(since=str(timezone.localdate() - timedelta(days=2))) == [new]
    assert listed(until=str(timezone.localdate() - timedelta(days=2))) == [old]
    assert listed(channel="fax") == []
    assert listed(customer=str(lan.public_id)) == [new, old]
    assert listed(state="nonsense", since="x", customer="x") == [new, old]


def test_a_whole_number_leads_straight_to_its_order(staff: Staff, buy: Buy) -> None:
    order = buy()
    assert staff().get(reverse("orders:orders"), {"q": order.external_id.lower()}).url == order.get_absolute_url()


def test_marketing_sees_orders_and_changes_none(staff: Staff, buy: Buy) -> None:
    client, order = staff("Marketing"), buy()
    page = client.get(order.get_absolute_url())
    assert page.status_code == 200
    assert b"Take back" not in page.content
    assert client.get(reverse("orders:order_new")).status_code == 403
    assert client.post(reverse("orders:order_confirm", args=[order.public_id])).status_code == 403


def test_a_product_is_added_with_a_price_as_people_type_it(staff: Staff) -> None:
    fields = {"name": "Trà ô long", "sku": "OL-200", "price": "320.000", "category_name": "Oolong"}
    staff().post(reverse("orders:product_new"), fields)
    product = Product.objects.get(sku="OL-200")
    assert (product.price, product.category.name) == (320_000, "Oolong")
    page = staff().get(reverse("orders:product", args=[product.public_id])).content.decode()
    assert 'value="320.000"' in page


def test_orders_stand_on_the_customer_page_the_overview_and_in_the_search(
    staff: Staff, buy: Buy, lan: Customer
) -> None:
    order, client = buy(), staff("Manager")
    for url in (lan.get_absolute_url(), reverse("crm:home")):
        assert order.get_absolute_url() in client.get(url).content.decode()
    found = client.get(reverse("crm:search"), {"q": order.external_id.lower()}, follow=True)
    assert order.external_id in found.content.decode()
