"""The segment pages as people use them: the list, the builder with and without htmx, explanations."""

import pytest
from django.contrib.auth.models import Group
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from crm.models import Membership, Segment, User
from crm.roles import Role
from crm.scoring.rescore import rescore
from crm.segments import builder, refresh
from tests.crm.scoring_world import customer, order

pytestmark = pytest.mark.django_db
NEW = "/segments/new"
BUYERS = {"join:": "all", "condition:0": "orders", "value:0:compare": "at_least", "value:0:number": "1"}


@pytest.fixture
def people():
    lan = customer("Lan", email="lan@example.com")
    lan.consents.create(channel="email", state="granted", source="web form")
    for day in ("01", "02", "03"):
        order(lan, f"2026-10-{day}")
    order(customer("Minh"), "2026-01-01")
    customer("Hoa")
    rescore()
    return lan


def staff(role: Role) -> Client:
    user = User.objects.create_user(f"{role}@example.com", name=str(role))
    user.groups.add(Group.objects.get(name=role.value))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def marketing():
    return staff(Role.MARKETING)


def test_draft_is_read_from_the_form_it_was_drawn_as():
    draft = {
        "any": [
            {"condition": "orders", "compare": "at_least", "number": "2"},
            {"none": [{"condition": "stage", "stages": ["6"]}, {"all": []}]},
        ]
    }
    form = QueryDict(mutable=True)
    for row in builder.each(builder.rows(draft)):
        if row.join:
            form[f"join:{row.path}"] = row.join
        else:
            form[f"condition:{row.path}"] = row.condition
            for word in row.words:
                if word.parameter:
                    form.setlist(word.name, word.chosen)
    assert builder.read(form) == draft


def test_condition_is_added_set_counted_and_removed_without_script(people, marketing):
    page = marketing.post(NEW, {"join:": "all", "new:": "orders", "do": "add:"})
    assert page.context["rows"].rows[0].condition == "orders"
    assert "Number is missing" in page.content.decode()
    assert "This field is required" not in page.content.decode()
    assert "DatabaseDefault" not in page.content.decode()
    page = marketing.post(NEW, {**BUYERS, "do": "count"})
    assert (page.context["now"].customers, page.context["now"].of) == (2, 3)
    assert page.context["now"].reach[0] == ("E-mail", 1)
    assert page.context["rows"].rows[0].passes == 2
    page = marketing.post(NEW, {**BUYERS, "do": "group:"})
    assert page.context["rows"].rows[1].join == "any"
    page = marketing.post(NEW, {**BUYERS, "do": "remove:0"})
    assert page.context["rows"].rows == []


def test_saved_segment_holds_its_customers(people, marketing):
    answer = marketing.post(NEW, {**BUYERS, "name": "Buyers", "do": "save"})
    segment = Segment.objects.get()
    assert answer.url == segment.get_absolute_url()
    assert segment.rules == {"all": [{"condition": "orders", "compare": "at_least", "number": 1}]}
    assert Membership.objects.filter(segment=segment).count() == segment.size == 2
    assert segment.created_by.email == "Marketing@example.com"
    changed = {**BUYERS, "value:0:number": "3", "name": "Buyers", "do": "save"}
    marketing.post(segment.get_absolute_url(), changed)
    segment.refresh_from_db()
    assert segment.size == 1
    page = marketing.get(segment.get_absolute_url()).content.decode()
    assert "1 left" in page
    assert f"?segment={segment.public_id}" in page


def test_wrong_condition_is_told_at_its_row_and_nothing_is_saved(people, marketing):
    answer = marketing.post(NEW, {**BUYERS, "value:0:number": "many", "name": "Buyers", "do": "save"})
    assert answer.status_code == 422
    assert answer.context["rows"].rows[0].error == "“many” is not a number."
    assert answer.context["form"]["name"].value() == "Buyers"
    assert not Segment.objects.exists()


def test_name_is_asked_for_and_must_be_new(people, marketing):
    assert marketing.post(NEW, {**BUYERS, "do": "save"}).status_code == 422
    marketing.post(NEW, {**BUYERS, "name": "Buyers", "do": "save"})
    assert marketing.post(NEW, {**BUYERS, "name": "Buyers", "do": "save"}).status_code == 422


def test_htmx_gets_the_part_below_the_crumbs(people, marketing):
    part = marketing.post(NEW, {**BUYERS, "do": "count"}, headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<div id="segment"') or '<div id="segment">' in part
    assert "<html" not in part


def test_cell_of_the_heat_map_becomes_a_segment(people, marketing):
    page = marketing.get(f"{NEW}?model=statistical&r=5&f=4,5&compare=exactly&stage=5")
    first, second, third = page.context["rows"].rows
    assert first.condition == "score"
    assert second.join == "any"
    assert third.condition == "stage"
    assert "now" in page.context


def test_ready_made_segments_can_be_saved_as_they_are(people, marketing):
    for each in marketing.get(reverse("crm:segments")).context["ready"]:
        page = marketing.get(f"{NEW}?ready={each.key}")
        assert page.context["now"].customers >= 0
        assert all(not row.error for row in builder.each(page.context["rows"]))


def test_page_says_why_someone_is_in_or_not(people, marketing):
    segment = Segment.objects.create(
        name="Buyers", rules={"all": [{"condition": "orders", "compare": "at_least", "number": 1}]}
    )
    refresh.refresh(segment)
    page = marketing.get(segment.get_absolute_url(), {"why": "hoa"}).content.decode()
    assert "Not in" in page
    assert "No order so far" in page
    page = marketing.get(segment.get_absolute_url(), {"why": str(people.public_id)}).content.decode()
    assert "3 orders" in page
    assert "No customer is found" in marketing.get(segment.get_absolute_url(), {"why": "nobody"}).content.decode()


def test_sales_see_segments_and_cannot_change_them(people):
    segment = Segment.objects.create(
        name="Buyers", rules={"all": [{"condition": "orders", "compare": "at_least", "number": 1}]}
    )
    sales = staff(Role.SALES)
    page = sales.get(segment.get_absolute_url()).content.decode()
    assert "ordered at least 1 × so far" in page
    assert "rules-form" not in page
    assert sales.post(segment.get_absolute_url(), {**BUYERS, "do": "save"}).status_code == 403
    assert sales.get(NEW).status_code == 403
    assert staff(Role.SUPPORT).get(segment.get_absolute_url()).status_code == 403


def test_segment_in_use_is_not_deleted(people, marketing):
    used = Segment.objects.create(
        name="Buyers", rules={"all": [{"condition": "orders", "compare": "at_least", "number": 1}]}
    )
    user = Segment.objects.create(
        name="More", rules={"any": [{"condition": "segment", "segment": str(used.public_id)}]}
    )
    marketing.post(reverse("crm:segment_delete", args=[used.public_id]))
    assert Segment.objects.count() == 2
    marketing.post(reverse("crm:segment_delete", args=[user.public_id]))
    marketing.post(reverse("crm:segment_delete", args=[used.public_id]))
    assert Segment.objects.count() == 0


def test_list_costs_the_same_whatever_the_number_of_segments(people, marketing, django_assert_max_num_queries):
    for number in range(20):
        refresh.refresh(
            Segment.objects.create(
                name=f"S {number}", rules={"all": [{"condition": "orders", "compare": "at_least", "number": 1}]}
            )
        )
    with django_assert_max_num_queries(12):
        page = marketing.get(reverse("crm:segments")).content.decode()
    assert page.count("+2") == 20


def test_hostile_form_is_answered(people, marketing):
    for fields in (
        {"join:": "sideways", "condition:0": "mood", "do": "count"},
        {"condition:": "orders", "do": "add:0-9-9"},
        {"join:": "all", "join:0-0-0-0-0-0-0-0": "all", "condition:x": "orders", "do": "remove:7"},
        {"join:": "all", "new:": "no such", "do": "add:"},
        {**BUYERS, "value:0:number": "9" * 300, "do": "save", "name": "x\0y"},
        {**BUYERS, "condition:1": "name", "value:1:text": "<script>\0", "do": "count"},
    ):
        assert marketing.post(NEW, fields).status_code in (200, 422)
