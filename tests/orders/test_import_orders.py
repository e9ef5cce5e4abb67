"""What rows of a file become (docs/domain.md 4, "what counts"), each rule with a small file."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.models import Consent, Customer, Event, ExchangeRate, Facts, Import, ScoringModel, Shop
from orders import orders
from orders.models import Order, OrderLine, Product
from tests.orders.importing import import_file

pytestmark = pytest.mark.django_db
Written = Callable[..., Path]
RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
PLAIN = "id,customer,date,amount"


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(*rows: str, name: str = "orders.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("".join(f"{row}\n" for row in rows).encode(encoding))
        return path

    return write


def command(path: Path, *arguments: str) -> dict:
    out = StringIO()
    call_command("import_orders", str(path), "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def values() -> dict[str, Decimal]:
    return dict(Order.objects.with_value().values_list("external_id", "value"))


def rejected(work: Import) -> list[tuple[int, str, str]]:
    return list(work.rejections.order_by("line").values_list("line", "value", "problem"))


def snapshot() -> dict[str, list]:
    """Every row of every table but the list of imports itself."""
    with connection.cursor() as cursor:
        cursor.execute("select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace")
        tables = sorted(name for (name,) in cursor.fetchall() if name not in ("crm_import", "crm_rejection"))
        found = {}
        for table in tables:
            cursor.execute(f'select t::text from "{table}" t order by 1')
            found[table] = cursor.fetchall()
    return found


# What an order is


def test_rows_with_one_number_are_one_order_worth_the_sum_of_its_lines_placed_at_the_earliest(written: Written) -> None:
    work = import_file(
        written(
            RETAIL,
            "536365,85123A,HEART,6,2010-12-01 08:27:00,2.55,17850,United Kingdom",
            "536365,71053,LANTERN,2,2010-12-01 08:26:00,3.39,17850,United Kingdom",
        ),
        "online-retail",
    )
    order = Order.objects.with_value().get()
    assert (order.value, order.external_id, order.currency) == (Decimal("22.08"), "536365", "GBP")
    assert order.placed_at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert (work.result["orders"], work.result["products"], work.result["customers"]) == (1, 2, 1)


def test_times_are_in_the_zone_of_the_file(written: Written) -> None:
    import_file(written(RETAIL, "1,A,A,1,2011-07-01 12:00:00,1,7,EIRE"), "online-retail")
    assert Order.objects.get().placed_at == datetime(2011, 7, 1, 11, 0, tzinfo=UTC)


def test_an_amount_alone_is_an_order_of_one_line(written: Written) -> None:
    import_file(written(PLAIN, "A1,7,2026-01-02,150000"))
    line = OrderLine.objects.get()
    assert (line.quantity, line.unit_price, line.value, line.product) == (1, 150_000, 150_000, None)


def test_a_discount_lowers_its_line(written: Written) -> None:
    import_file(written("id,customer,date,quantity,price,discount", "A1,7,2026-01-02,3,100000,50000"))
    assert values() == {"A1": Decimal(250_000)}


def test_an_order_without_customer_is_anonymous_and_has_no_event(written: Written) -> None:
    work = import_file(written(PLAIN, "A1,,2026-01-02,5", "A2,7,2026-01-02,5"))
    assert (work.result["orders"], work.result["anonymous_orders"]) == (2, 1)
    assert Order.objects.get(customer=None).external_id == "A1"
    assert Event.objects.filter(kind="order_placed").count() == 1


# What comes back


def retail(*rows: str) -> list[str]:
    return [RETAIL, *(f"{row},United Kingdom" for row in rows)]


def test_a_cancellation_belongs_to_the_latest_order_before_it_with_the_whole_quantity_left(written: Written) -> None:
    work = import_file(
        written(
            *retail(
                "1,A,TEA,10,2011-01-01 10:00,2.5,7",
                "2,A,TEA,3,2011-01-02 10:00,2.5,7",
                "3,A,TEA,10,2011-01-04 10:00,2.5,7",
                "C4,A,TEA,-5,2011-01-03 10:00,2.5,7",
                "C5,A,TEA,-3,2011-01-03 11:00,2.5,7",
                "C6,A,TEA,-6,2011-01-03 12:00,2.5,7",
            )
        ),
        "online-retail",
    )
    # C4 passes 2 (only 3 sold) for 1; C5 takes 2; C6 finds only 5 left of 1.
    assert values() == {"1": Decimal("12.5"), "2": Decimal(0), "3": Decimal(25)}
    assert (work.result["returns"], work.result["credits"], work.result["orders"]) == (2, 1, 3)
    credit = OrderLine.objects.get(kind="credit")
    assert (credit.order, credit.customer, credit.value) == (None, Customer.objects.get(), Decimal(-15))


@pytest.mark.parametrize(
    "cancellation",
    [
        pytest.param("C2,B,TEA,-1,2011-01-02 10:00,2.5,7", id="another product"),
        pytest.param("C2,A,TEA,-1,2011-01-02 10:00,2.4,7", id="another price"),
        pytest.param("C2,A,TEA,-1,2011-01-02 10:00,2.5,8", id="another customer"),
        pytest.param("C2,A,TEA,-1,2011-01-01 10:00,2.5,7", id="at the same time"),
        pytest.param("C2,A,TEA,-1,2011-01-02 10:00,2.5,", id="nobody"),
    ],
)
def test_a_cancellation_that_fits_no_order_is_a_credit(written: Written, cancellation: str) -> None:
    work = import_file(written(*retail("1,A,TEA,1,2011-01-01 10:00,2.5,7", cancellation)), "online-retail")
    assert values() == {"1": Decimal("2.5")}
    assert (work.result["returns"], work.result["credits"]) == (0, 1)
    whose = OrderLine.objects.get(kind="credit").customer
    assert (str(whose) if whose else "") == cancellation.split(",")[-1]


def test_of_orders_at_one_time_the_higher_number_is_meant_and_of_its_lines_the_first(written: Written) -> None:
    import_file(
        written(
            *retail(
                "11,A,TEA,2,2011-01-01 10:00,1,7",
                "12,A,TEA,2,2011-01-01 10:00,1,7",
                "12,A,TEA,2,2011-01-01 10:00,1,7",
                "C9,A,TEA,-2,2011-01-02 10:00,1,7",
            )
        ),
        "online-retail",
    )
    back = OrderLine.objects.get(kind="return")
    assert back.order.external_id == "12"
    assert back.takes_back == OrderLine.objects.filter(order__external_id="12", kind="sale").order_by("id")[0]


def test_a_cancellation_with_a_matched_and_an_unmatched_line_counts_in_both(written: Written) -> None:
    work = import_file(
        written(
            *retail(
                "1,A,TEA,2,2011-01-01 10:00,1,7", "C9,A,TEA,-2,2011-01-02 10:00,1,7", "C9,B,POT,-1,2011-01-02 10:00,9,7"
            )
        ),
        "online-retail",
    )
    assert (work.result["returns"], work.result["credits"]) == (1, 1)


def test_a_refund_lowers_the_order_it_names(written: Written) -> None:
    work = import_file(
        written("id,customer,date,amount,kind", "A1,7,2026-01-02,500,sale", "A1,7,2026-01-05,200,hoàn tiền")
    )
    assert values() == {"A1": Decimal(300)}
    assert OrderLine.objects.get(kind="refund").value == -200
    assert work.result["returns"] == 1


def test_a_cancelled_order_is_worth_nothing_until_a_newer_file_says_otherwise(written: Written) -> None:
    header = "id,customer,date,amount,status"
    import_file(written(header, "A1,7,2026-01-02,500,Đã hủy"))
    assert (values(), Order.objects.get().state) == ({"A1": Decimal(0)}, "cancelled")
    again = import_file(written(header, "A1,7,2026-01-02,500,Hoàn thành"))
    assert (values(), Order.objects.get().state, again.result["changed"]) == ({"A1": Decimal(500)}, "delivered", 1)


def test_a_refund_and_then_a_cancellation_or_a_return_take_no_more_than_the_order_is_worth(written: Written) -> None:
    import_file(written("id,customer,date,amount,kind,status", "A1,7,2026-01-02,500,,", "A1,7,2026-01-03,200,refund,"))
    import_file(written("id,customer,date,amount,status", "A1,7,2026-01-02,500,Đã hủy"))
    assert values() == {"A1": Decimal(0)}
    header = "id,customer,date,amount,sku,quantity,price,kind"
    import_file(
        written(
            header,
            "A2,8,2026-01-02,500,T1,1,500,",
            "A2,8,2026-01-03,200,,,,refund",
            "R2,8,2026-01-04,,T1,1,500,trả hàng",
        )
    )
    assert values() == {"A1": Decimal(0), "A2": Decimal(0)}


def test_what_staff_did_by_hand_stands_whatever_a_file_says_of_the_state(written: Written, django_user_model) -> None:
    path = written("id,customer,date,amount,status", "A1,7,2026-01-02,500,placed")
    import_file(path)
    orders.cancel(Order.objects.get(), "Khách đổi ý", django_user_model.objects.create_user("ha@shop.vn"))
    again = import_file(path)
    assert (values(), Order.objects.get().state, again.result["changed"]) == ({"A1": Decimal(0)}, "cancelled", 0)


# The same file again, and newer ones


FULL = [
    "id,customer,date,quantity,price,sku,product,category,discount,channel,location,currency,email,phone,name,country,status,kind",
    "A1,7,2026-01-02 10:00,2,100000,T1,Trà sen,Trà,5000,Shopee,Hà Nội,VND,lan@example.vn,0903 418 265,Lan,Việt Nam,Hoàn thành,",
    "A1,7,2026-01-02 10:00,2,100000,T1,Trà sen,Trà,5000,Shopee,Hà Nội,VND,lan@example.vn,0903 418 265,Lan,Việt Nam,Hoàn thành,",
    "A2,,2026-01-03,1,50000,T2,Trà nhài,,,,,,,0903.418.265,Lan,,,",
    "A3,,2026-01-03,1,50000,T2,Trà nhài,,,,,,,,,,Đã hủy,",
    "R1,7,2026-02-03,1,100000,T1,,,,,,,,,,,,trả hàng",
    "R2,7,2026-02-03,1,777,T9,,,,,,,,,,,,trả hàng",
    "A9,7,2026-02-03,0,777,T9,,,,,,,,,,,,",
]


def test_the_same_file_again_changes_no_row_of_any_table(written: Written) -> None:
    path = written(*FULL)
    first = import_file(path)
    assert first.result["created"] == {"orders": 3, "customers": 1, "products": 3}
    before = snapshot()
    again = import_file(path)
    assert snapshot() == before
    assert again.result["created"] == {"orders": 0, "customers": 0, "products": 0}
    assert again.result["changed"] == 0
    same = ("lines", "orders", "anonymous_orders", "returns", "credits", "customers", "products", "rejected")
    assert {name: again.result[name] for name in same} == {name: first.result[name] for name in same}


def test_equal_lines_are_told_apart_and_missing_ones_added(written: Written) -> None:
    line = "A1,7,2026-01-02,1,100,T1"
    header = "id,customer,date,quantity,price,sku"
    import_file(written(header, line, line))
    work = import_file(written(header, line, line, line))
    assert values() == {"A1": Decimal(300)}
    assert work.result["changed"] == 1
    import_file(written(header, line))
    assert values() == {"A1": Decimal(300)}


def test_customer_fields_take_the_newer_file_but_empty_cells_take_nothing_away(written: Written) -> None:
    header = "id,customer,date,amount,name,email"
    import_file(written(header, "A1,7,2026-01-02,5,Lan,lan@example.vn"))
    work = import_file(written(header, "A2,7,2025-06-01,5,Nguyễn Thị Lan,"))
    lan = Customer.objects.get()
    assert (lan.name, lan.email) == ("Nguyễn Thị Lan", "lan@example.vn")
    assert lan.registered_at == datetime(2025, 5, 31, 17, tzinfo=UTC)
    assert work.result["changed"] == 1


ROW = st.tuples(
    st.sampled_from(["A1", "A2", "A3"]),
    st.sampled_from(["", "7", "8"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)).map(lambda at: at.strftime("%Y-%m-%d %H:%M")),
    st.integers(1, 3).map(str),
    st.sampled_from(["1", "2.5", "10"]),
    st.sampled_from(["T1", "T2"]),
    st.sampled_from(["sale", "sale", "return", "refund"]),
    st.sampled_from(["", "lan@example.vn", "minh@example.vn"]),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=12))
def test_any_file_imported_twice_is_imported_once(written: Written, rows: list[tuple[str, ...]]) -> None:
    path = written("id,customer,date,quantity,price,sku,kind,email", *map(",".join, rows))
    with transaction.atomic():
        import_file(path, numbers="point")
        before = snapshot()
        again = import_file(path, numbers="point")
        assert snapshot() == before
        assert (again.result["created"], again.result["changed"]) == ({"orders": 0, "customers": 0, "products": 0}, 0)
        transaction.set_rollback(True)  # each example begins with an empty shop


# Customers


def test_unknown_customers_come_in_the_order_of_their_ids_without_consent_since_their_earliest_row(
    written: Written,
) -> None:
    import_file(
        written(
            *retail(
                "3,A,TEA,1,2011-01-03 10:00,1,9", "1,A,TEA,1,2011-01-02 10:00,1,8", "C2,A,TEA,-1,2011-01-01 10:00,1,9"
            )
        ),
        "online-retail",
    )
    assert [str(c) for c in Customer.objects.order_by("id")] == ["8", "9"]
    assert Customer.objects.get(references__external_id="9").registered_at == datetime(2011, 1, 1, 10, tzinfo=UTC)
    assert not Consent.objects.exists()
    assert Customer.objects.filter(country="GB", name="").count() == 2


def test_a_generic_file_finds_customers_by_reference_then_e_mail_then_phone(written: Written) -> None:
    lan = Customer.objects.create(name="Lan", email="Lan@Example.vn")
    minh = Customer.objects.create(name="Minh", phone="+84912345678")
    import_file(
        written(
            "id,customer,date,amount,email,phone",
            "A1,7,2026-01-01,5,lan@example.vn,",
            "A2,,2026-01-01,5,,0912 345 678",
            "A3,8,2026-01-01,5,lan@example.vn,",  # another id in the same system is another customer
        )
    )
    assert Order.objects.get(external_id="A1").customer == lan
    assert Order.objects.get(external_id="A2").customer == minh
    assert Order.objects.get(external_id="A3").customer not in (lan, minh)


# The shop


def test_the_first_file_sets_currency_zone_and_bounds_of_an_empty_shop(written: Written) -> None:
    work = import_file(written(*retail("1,A,TEA,1,2011-01-03 10:00,1,9")), "online-retail")
    shop = Shop.current()
    assert (shop.currency, shop.timezone, work.result["set_shop"]) == ("GBP", "Europe/London", True)
    assert ScoringModel.threshold().monetary_bounds == [10, 30, 50, 100]


def test_another_currency_needs_a_stored_rate_which_the_order_keeps(written: Written) -> None:
    import_file(written(PLAIN, "A1,7,2026-01-02,150000"))
    row = written(*retail("1,A,TEA,2,2011-01-03 10:00,1.5,9"))
    assert rejected(import_file(row, "online-retail")) == [(2, "GBP", "no_rate")]
    ExchangeRate.objects.create(currency="GBP", rate=33_000)
    assert import_file(row, "online-retail").result["rejected"] == 0
    order = Order.objects.with_value().get(source="online-retail")
    assert (order.currency, order.rate, order.value) == ("GBP", 33_000, 99_000)
    assert Shop.current().currency == "VND"


def test_everybody_is_scored_at_once(written: Written) -> None:
    import_file(written(PLAIN, "A1,7,2026-01-02,150000", "A2,7,2026-01-03,50000"))
    facts = Facts.objects.get()
    assert (facts.orders, facts.revenue) == (2, 200_000)
    assert facts.customer.score_set.count() == 2


# Rows that are left out


@pytest.mark.parametrize(
    ("row", "value", "problem"),
    [
        (",A,TEA,1,2011-01-03 10:00,1,9", "", "no_id"),
        ("1,A,TEA,1,,1,9", "", "no_date"),
        ("1,A,TEA,1,2011-02-30 10:00,1,9", "2011-02-30 10:00", "bad_date"),
        ("1,A,TEA,1,soon,1,9", "soon", "bad_date"),
        ("1,A,TEA,1,2011-01-03 10:00,cheap,9", "cheap", "bad_price"),
        ("1,A,TEA,1,2011-01-03 10:00,NaN,9", "NaN", "bad_price"),
        ("1,A,TEA,1,2011-01-03 10:00,-1.5,9", "-1.5", "negative_price"),
        ("1,A,TEA,1,2011-01-03 10:00,,9", "", "no_price"),
        ("1,A,TEA,0,2011-01-03 10:00,1,9", "0", "zero_quantity"),
        ("1,A,TEA,few,2011-01-03 10:00,1,9", "few", "bad_quantity"),
        ("1,A,TEA,-3,2011-01-03 10:00,1,9", "-3", "stock_adjustment"),
        ("C1,A,TEA,3,2011-01-03 10:00,1,9", "3", "positive_cancellation"),
    ],
)
def test_a_bad_row_is_left_out_with_line_value_and_reason(written: Written, row: str, value: str, problem: str) -> None:
    work = import_file(written(*retail("9,A,TEA,1,2011-01-03 10:00,1,9", row)), "online-retail")
    assert rejected(work) == [(3, value, problem)]
    assert work.rejections.get().row == [*row.split(","), "United Kingdom"]
    assert work.result["orders"] == Order.objects.count() == 1


def test_a_row_with_too_few_or_too_many_cells_is_left_out_and_kept_whole(written: Written) -> None:
    work = import_file(
        written(PLAIN, "A1,7,2026-01-02", "A2,7,2026-01-02,5,6", "A3,7,2026-01-02,5,", "A4,7,2026-01-02,5")
    )
    assert [(line, problem) for line, _value, problem in rejected(work)] == [(2, "ragged"), (3, "ragged")]
    assert [row.row for row in work.rejections.order_by("line")] == [
        ["A1", "7", "2026-01-02"],
        ["A2", "7", "2026-01-02", "5", "6"],
    ]


def test_the_line_of_a_row_is_where_it_begins_also_after_cells_of_several_lines(written: Written) -> None:
    work = import_file(
        written("id,customer,date,amount,note", 'A1,7,2026-01-02,5,"two', 'lines"', "", "A2,7,never,5,x")
    )
    assert rejected(work) == [(5, "never", "bad_date")]
    assert work.result["lines"] == 2


def test_unknown_currency_state_and_kind_are_refused_by_row(written: Written) -> None:
    work = import_file(
        written(
            "id,customer,date,amount,currency,status,kind",
            "A1,7,2026-01-02,5,XYZ,,",
            "A2,7,2026-01-02,5,,maybe,",
            "A3,7,2026-01-02,5,,,gift",
            "A4,7,2026-01-02,5,vnd,,",
        )
    )
    assert rejected(work) == [
        (2, "XYZ", "unknown_currency"),
        (3, "maybe", "unknown_state"),
        (4, "gift", "unknown_kind"),
    ]


# Dates and numbers


@pytest.mark.parametrize(
    ("dates", "told", "month"),
    [
        (["03/04/2026", "13/04/2026"], {}, 4),
        (["03/04/2026", "04/13/2026"], {}, 3),
        (["03/04/2026"], {"dates": "dmy"}, 4),
        (["03/04/2026"], {"dates": "mdy"}, 3),
        (["2026-04-03T10:00:00+07:00"], {}, 4),
        (["3.4.2026 10:05", "31.12.2025 23:59:59"], {}, 4),
        (["3/4/2026 1:05 PM", "12/31/2025 11:59 AM"], {}, 3),
    ],
)
def test_the_order_of_day_and_month_is_proved_on_all_rows_or_told(
    written: Written, dates: list[str], told: dict[str, str], month: int
) -> None:
    work = import_file(written(PLAIN, *(f"A{n},7,{date},5" for n, date in enumerate(dates))), **told)
    assert work.result["rejected"] == 0
    assert Order.objects.get(external_id="A0").placed_at.astimezone(Shop.current().zone).month == month


@pytest.mark.parametrize("dates", [["03/04/2026"], ["13/04/2026", "04/13/2026"]])
def test_dates_that_can_be_read_in_two_ways_are_asked_about(written: Written, dates: list[str]) -> None:
    work = import_file(written(PLAIN, *(f"A{n},7,{date},5" for n, date in enumerate(dates))))
    assert work.state == "failed"
    assert "--dates" in work.error
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("amounts", "told", "first"),
    [
        (['"1.250.000,5"'], {}, "1250000.5"),
        (['"1,250,000.5"'], {}, "1250000.5"),
        (["1.250", "1.5"], {}, "1.25"),
        (['"1,250"', "1.5"], {}, "1250"),
        (["1.250"], {}, "1250"),  # đồng have no decimals
        (["1.250"], {"numbers": "point"}, "1.25"),
        (["1.250"], {"numbers": "comma"}, "1250"),
        (["150.000 ₫"], {}, "150000"),
        (["£12.50"], {}, "12.5"),
    ],
)
def test_the_decimal_sign_is_proved_on_all_rows_or_told(
    written: Written, amounts: list[str], told: dict[str, str], first: str
) -> None:
    work = import_file(written(PLAIN, *(f"A{n},7,2026-01-02,{amount}" for n, amount in enumerate(amounts))), **told)
    assert work.state == "done", work.error
    assert values()["A0"] == Decimal(first)


def test_numbers_that_can_be_read_in_two_ways_are_asked_about(written: Written) -> None:
    path = written(PLAIN, "A1,7,2026-01-02,1.250")
    work = import_file(path, currency="GBP")
    assert work.state == "failed"
    assert "--numbers" in work.error


# Columns


def test_vietnamese_headers_are_known_in_any_usual_encoding(written: Written) -> None:
    rows = [
        "Mã đơn hàng;Mã khách hàng;Tên khách hàng;Ngày đặt hàng;Thành tiền",
        "DH1;KH1;Nguyễn Đức Ường;15/01/2026;150.000",
    ]
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        import_file(written(*rows, encoding=encoding))
    customer = Customer.objects.get()
    assert (customer.name, values()) == ("Nguyễn Đức Ường", {"DH1": Decimal(150_000)})


def test_a_column_can_be_told(written: Written) -> None:
    result = command(
        written("no,who,date,sum of it", "A1,7,2026-01-02,5"),
        "--map",
        "id=no",
        "--map",
        "customer=WHO",
        "--map",
        "amount=sum of it",
    )
    assert (result["orders"], result["created"]["customers"]) == (1, 1)


# The command


def test_the_json_of_the_command_tells_what_was_done(written: Written) -> None:
    rows = retail("1,A,TEA,1,2011-01-03 10:00,1,9", "2,A,TEA,1,2011-01-03 10:00,x,9")
    assert command(written(*rows), "--preset", "online-retail") == {
        "lines": 2,
        "orders": 1,
        "anonymous_orders": 0,
        "returns": 0,
        "credits": 0,
        "customers": 1,
        "products": 1,
        "created": {"orders": 1, "customers": 1, "products": 1},
        "changed": 0,
        "rejected": [{"line": 3, "value": "x", "reason": "the price is not a number"}],
        "currency": "GBP",
        "timezone": "Europe/London",
    }


def test_a_dry_run_says_the_same_numbers_and_writes_nothing(written: Written) -> None:
    path = written(*FULL)
    before = snapshot() | {"imports": list(Import.objects.all())}
    tried = command(path, "--dry-run")
    assert snapshot() | {"imports": list(Import.objects.all())} == before
    assert command(path) == tried


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(f"{PLAIN}\nA1,7,2026-01-02,5\n".encode()))
    assert command(path)["orders"] == 1


def test_a_file_that_cannot_be_read_ends_with_2_and_changes_nothing(tmp_path: Path) -> None:
    before = snapshot()
    with pytest.raises(CommandError) as missing:
        command(tmp_path / "nothing.csv")
    path = tmp_path / "orders.csv"
    path.write_bytes(b"PK\x03\x04 xl/workbook.xml")
    with pytest.raises(CommandError) as foreign:
        command(path)
    assert (missing.value.returncode, foreign.value.returncode) == (2, 2)
    assert "xlsx" in str(foreign.value)
    assert snapshot() == before


def test_products_are_named_by_the_last_row_that_sold_them(written: Written) -> None:
    import_file(
        written(
            *retail(
                "1,A,TEA,1,2011-01-03 10:00,1,9",
                "2,A,GREEN TEA,1,2011-01-04 10:00,2,9",
                "3,A,damaged,1,2011-01-05 10:00,0,",
            )
        ),
        "online-retail",
    )
    product = Product.objects.get()
    assert (product.name, product.price) == ("GREEN TEA", 2)
