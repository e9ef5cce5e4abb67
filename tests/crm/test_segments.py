"""Segments: rules, who meets them, who entered and left (docs/domain.md; crm/segments)."""

import pytest
from django.db import connection

from crm.models import Consent, Customer, Membership, MembershipChange, Segment, User
from crm.scoring.rescore import rescore, rescore_due
from crm.segments import compile, reading, refresh
from crm.segments.conditions import Scope, conditions
from crm.segments.explain import explain
from crm.segments.rules import RulesError, as_json, check, in_words, parse
from orders.models import Category, Product
from tests.crm.scoring_world import answer, at, customer, give_back, order, visit

pytestmark = pytest.mark.django_db
NOW = at("2026-11-24 10:00")


def leaf(condition, **params):
    return {"condition": condition, **params}


def orders_at_least(number):
    return leaf("orders", compare="at_least", number=number)


def who(*rules, join="all"):
    """Names of the customers who meet the rules, asked of all and of a few: both must agree."""
    node = parse({join: list(rules)})
    found = {each.name: each.pk for each in compile.members(node, Scope(NOW))}
    few = list(Customer.objects.values_list("pk", flat=True))
    assert {each.name for each in compile.members(node, Scope(NOW, few))} == set(found)
    return set(found)


@pytest.fixture
def people():
    """Lan: three orders, the last this month, answers. Minh: one old order. Hoa: none, came back. A visitor."""
    lan = customer("Lan", city="Hà Nội", registered="2026-01-01", tags=["tea"], email="lan@example.com")
    for when in ("2026-02-01", "2026-08-01", "2026-11-20"):
        order(lan, when, 100_000)
    answer(lan, "2026-11-21")
    minh = customer("Minh", city="Huế", registered="2024-01-01", source="till")
    order(minh, "2024-01-01", 3_000_000)
    hoa = customer("Hoa", city="Hồ Chí Minh", registered="2026-11-01")
    visit(hoa, "2026-11-10")
    visit(customer("Visitor", registered=None), "2026-11-10")
    rescore(NOW)
    return {"lan": lan, "minh": minh, "hoa": hoa}


# Conditions


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (leaf("kind", kind="person"), {"Lan", "Minh", "Hoa"}),
        (leaf("name", text="LÁN"), {"Lan"}),
        (leaf("city", cities="ha noi, HUẾ"), {"Lan", "Minh"}),
        (leaf("source", source="Till"), {"Minh"}),
        (leaf("tag", tag="tea"), {"Lan"}),
        (leaf("registered", when="within", days=30), {"Hoa"}),
        (leaf("registered", when="over", days=365), {"Minh"}),
        (leaf("registered_on", side="before", day="2026-01-01"), {"Minh"}),
        (leaf("orders", compare="at_least", number=1), {"Lan", "Minh"}),
        (leaf("orders", compare="exactly", number=0), {"Hoa"}),
        (leaf("orders", compare="at_most", number=1), {"Minh", "Hoa"}),
        (leaf("orders_year", compare="at_least", number=3), {"Lan"}),
        (leaf("revenue", compare="at_least", amount="300000.5"), {"Minh"}),
        (leaf("average", compare="at_most", amount=100_000), {"Lan"}),
        (leaf("last_order", when="within", days=30), {"Lan"}),
        (leaf("first_order", when="over", days=365), {"Minh"}),
        (leaf("score", measure="r", model="threshold", compare="at_least", **{"class": 5}), {"Lan"}),
        (leaf("stage", stages=["4", "6"]), {"Minh", "Hoa"}),
        (leaf("event", kind="page", compare="at_least", times=1), {"Hoa"}),
        (leaf("event", kind="page", compare="at_most", times=0), {"Lan", "Minh"}),
        (leaf("event", kind="mail_opened", compare="at_least", times=1, days=2), set()),
        (leaf("ordered", compare="at_least", times=2, days=120), {"Lan"}),
        (leaf("ordered", compare="exactly", times=1), {"Minh"}),
        (leaf("ordered", compare="at_most", times=0, days=365), {"Minh", "Hoa"}),
        (leaf("spent", compare="at_least", amount=200_000, days=120), {"Lan"}),
        (leaf("spent", compare="at_most", amount=200_000), {"Hoa"}),
        (leaf("spent", compare="exactly", amount=0), {"Hoa"}),
    ],
)
def test_condition_finds_the_customers_it_says(people, rule, expected):
    assert who(rule) == expected


def test_opens_of_machines_are_no_behaviour_of_the_customer(people):
    answer(people["minh"], "2026-11-21", agent="machine")
    answer(people["hoa"], "2026-11-21", agent="unknown")
    assert who(leaf("event", kind="mail_opened", compare="at_least", times=1)) == {"Lan"}
    assert who(leaf("event", kind="mail_opened", compare="at_most", times=0)) == {"Minh", "Hoa"}
    opened = parse(leaf("event", kind="mail_opened", compare="at_least", times=1))
    assert explain(opened, people["minh"]).verdicts[0].fact == "Never"


def test_groups_nest(people):
    either = {"any": [leaf("city", cities="Huế"), leaf("tag", tag="tea")]}
    assert who(either, {"none": [leaf("orders", compare="at_least", number=2)]}) == {"Minh"}
    assert who(leaf("city", cities="Huế"), leaf("tag", tag="tea"), join="none") == {"Hoa"}


def test_consent_is_asked_by_channel(people):
    Consent.objects.create(customer=people["lan"], channel="email", state="granted", source="web form")
    assert who(leaf("consent", state="agreed", channel="email")) == {"Lan"}
    assert who(leaf("consent", state="not", channel="email")) == {"Minh", "Hoa"}
    assert who(leaf("consent", state="agreed", channel="phone")) == set()


def test_what_came_back_whole_was_not_bought(people):
    tea, oolong = Category.objects.create(name="Tea"), Product.objects.create(sku="T-1", name="Oolong")
    Product.objects.filter(pk=oolong.pk).update(category=tea)
    order(people["hoa"], "2026-11-02", 100, oolong)
    returned = order(people["lan"], "2026-11-02", 100, oolong)
    line = give_back(returned, "2026-11-03", 100)
    line.product = oolong
    line.save()
    for rule in (leaf("bought_product", product="T-1"), leaf("bought_category", category=str(tea.pk))):
        assert who(rule | {"compare": "at_least", "times": 1}) == {"Hoa"}
        assert who(rule | {"compare": "at_most", "times": 0}) == {"Lan", "Minh"}
    assert who(leaf("spent_product", product="T-1", compare="at_least", amount=1)) == {"Hoa"}


def test_every_condition_says_itself_and_gives_a_fact(people):
    other = Segment.objects.create(name="Others", rules={"all": [orders_at_least(1)]})
    Product.objects.create(sku="T-1", name="Oolong")
    Category.objects.create(name="Tea")
    User.objects.create_user("staff@example.com")
    for condition in conditions.values():
        values = {each.name: example(each) for each in condition.parameters}
        node = parse({"all": [{"condition": condition.name, **values}]})
        assert in_words(node)
        assert "{" not in in_words(node)
        explained = explain(node, people["lan"])
        assert explained.verdicts[0].true in (True, False)
        assert compile.members(node, Scope(NOW)).count() >= 0
    assert other.pk


def example(parameter):
    choices = parameter.choices()
    if choices:
        return [choices[0][0]] if parameter.widget == "checks" else choices[0][0]
    return {"number": 2, "date": "2026-01-01", "product": "T-1", "text": "Lan"}[parameter.widget]


# Rules that cannot be


@pytest.mark.parametrize(
    ("rules", "says", "path"),
    [
        ({"all": []}, "first condition", ""),
        ({"all": [{"any": []}]}, "empty", "0"),
        ({"some": [orders_at_least(1)]}, "all", ""),
        ({"all": [orders_at_least("many")]}, "“many” is not a number", "0"),
        ({"all": [orders_at_least("")]}, "Number is missing", "0"),
        ({"all": [orders_at_least(1.5)]}, "not a whole number", "0"),
        ({"all": [orders_at_least("1e400")]}, "not between", "0"),
        ({"all": [orders_at_least(1), {"any": [leaf("last_order", when="within", days=-1)]}]}, "not between 1", "1-0"),
        ({"all": [leaf("bought_product", product="X", compare="at_least", times=1)]}, "no product", "0"),
        ({"all": [leaf("registered_on", side="since", day="yesterday")]}, "is not a day", "0"),
        ({"all": [leaf("segment", segment="00000000-0000-0000-0000-000000000000")]}, "exists no more", "0"),
        ({"all": [leaf("mood")]}, "no condition “mood”", "0"),
        ({"all": [orders_at_least(1)] * 101}, "100 conditions", ""),
    ],
)
def test_rules_that_cannot_be_are_refused_with_a_sentence_at_the_place(rules, says, path):
    with pytest.raises(RulesError, match=says) as refused:
        check(rules)
    assert refused.value.path == path


def test_groups_lie_five_deep_at_most():
    rules = orders_at_least(1)
    for _ in range(5):
        rules = {"all": [rules]}
    check(rules)
    with pytest.raises(RulesError, match="5 deep"):
        check({"all": [rules]})


def test_checked_rules_are_kept_as_they_are():
    rules = {"all": [orders_at_least(2), {"none": [leaf("event", kind="page", compare="at_most", times=3)]}]}
    assert as_json(parse(rules)) == rules
    assert as_json(parse({"all": [orders_at_least("2")]})) == {"all": [orders_at_least(2)]}


def test_segment_cannot_ask_for_itself_through_another(people):
    first = Segment.objects.create(name="First", rules={"all": [orders_at_least(1)]})
    second = Segment.objects.create(name="Second", rules={"all": [leaf("segment", segment=str(first.public_id))]})
    with pytest.raises(RulesError, match="round and round"):
        check({"all": [leaf("segment", segment=str(second.public_id))]}, first)


# Refresh


def segment(*rules, name="Regulars"):
    return Segment.objects.create(name=name, rules={"all": list(rules)})


def members(of):
    return set(Membership.objects.filter(segment=of).values_list("customer__name", flat=True))


def test_refresh_records_who_entered_and_who_left(people):
    buyers = segment(orders_at_least(1))
    assert refresh.refresh(buyers) == refresh.Refreshed(2, 2, 0)
    assert members(buyers) == {"Lan", "Minh"}
    buyers.rules = {"all": [orders_at_least(2)]}
    buyers.save()
    assert refresh.refresh(buyers) == refresh.Refreshed(1, 0, 1)
    assert list(MembershipChange.objects.order_by("pk").values_list("customer__name", "entered")) in (
        [("Lan", True), ("Minh", True), ("Minh", False)],
        [("Minh", True), ("Lan", True), ("Minh", False)],
    )
    buyers.refresh_from_db()
    assert (buyers.size, buyers.error) == (1, "")


def test_changed_customers_enter_and_leave_within_the_minute(people):
    buyers, fans = segment(orders_at_least(1)), segment(orders_at_least(3), name="Fans")
    refresh.refresh_all()
    give_back(order(people["hoa"], "2026-11-23", 50), "2026-11-23", 10)
    give_back(people["lan"].orders.first(), "2026-11-23", 100_000)
    rescore_due(refresh.follow)
    assert members(buyers) == {"Lan", "Minh", "Hoa"}
    assert members(fans) == set()
    buyers.refresh_from_db()
    fans.refresh_from_db()
    assert (buyers.size, fans.size) == (3, 0)


def test_failing_refresh_keeps_the_last_good_members_and_says_why(people):
    Product.objects.create(sku="T-1", name="Oolong")
    fans = segment(leaf("bought_product", product="T-1", compare="at_most", times=0))
    refresh.refresh(fans)
    Product.objects.all().delete()
    assert "no product" in refresh.refresh(fans).error
    fans.refresh_from_db()
    assert "no product" in fans.error
    assert members(fans) == {"Lan", "Minh", "Hoa"}


def test_segment_of_a_segment_is_refreshed_after_it(people):
    later = Segment(name="A later one")
    first = segment(orders_at_least(1), name="Z first")
    later.rules = {"all": [leaf("segment", segment=str(first.public_id)), leaf("city", cities="Huế")]}
    later.save()
    refresh.refresh_all()
    assert members(later) == {"Minh"}


def test_count_that_takes_too_long_is_given_up(people, monkeypatch):
    monkeypatch.setattr(reading, "PREVIEW_MILLISECONDS", 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into crm_customer (name, registered_at) select 'n' || n, now() from generate_series(1, 30000) n"
        )
    heavy = parse({"any": [leaf("name", text=letter) for letter in "abcdefghijklmnop"]})
    with pytest.raises(reading.TooHeavy, match="Too heavy"):
        reading.right_now(heavy)
    assert Segment.objects.count() == 0  # the connection lives on


# Explanations


def test_explanation_gives_each_condition_its_answer_and_the_fact(people):
    node = parse({"all": [orders_at_least(1), leaf("city", cities="Huế"), leaf("last_order", when="within", days=30)]})
    explained = explain(node, people["minh"])
    assert [verdict.true for verdict in explained.verdicts] == [True, True, False]
    assert not explained.belongs
    assert explained.verdicts[2].fact.startswith("1 order, ")
    assert explained.verdicts[1].fact == "Huế"


def test_a_line_end_in_the_text_of_a_rule_ends_nothing(people):
    """The query stands in a named statement, where a comment ends with its line."""
    odd = Segment.objects.create(name="Odd", rules={"all": [leaf("name", text="x\n; drop table crm_savedview; --")]})
    assert refresh.refresh(odd) == refresh.Refreshed()


def test_text_of_a_rule_is_never_code(people):
    nasty = """'; drop table crm_customer; -- %s %(x)s {want} <script>"""
    rules = {
        "any": [leaf(name, **{key: nasty}) for name, key in (("name", "text"), ("city", "cities"), ("tag", "tag"))]
    }
    odd = Segment.objects.create(name="Odd", rules=rules)
    assert refresh.refresh(odd) == refresh.Refreshed()
    people["hoa"].tags = [nasty]
    people["hoa"].save()
    assert refresh.refresh(odd) == refresh.Refreshed(1, 1, 0)
