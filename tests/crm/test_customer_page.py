"""The customer page: who it is, adding and changing, consent, notes, tags, the quick look."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm import consent
from crm.models import Consent, Customer, Due, Event, Facts, Note, Score, ScoringModel
from crm.models.event import Event as TimelineEvent

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def lan(db: None) -> Customer:
    customer = Customer.objects.create(
        name="Nguyễn Thị Lan", email="lan@example.vn", phone="+84903418265", city="Hà Nội", tags=["vip"],
        registered_at=timezone.now(),
    )  # fmt: skip
    customer.refresh_from_db()
    return customer


def filled(page: Any, **changes: str) -> dict[str, str]:
    """What a browser would send back of the form on the page, with some entries typed over."""
    form = page.context["form"]
    sent = {field.html_name: field.value() or "" for field in form}
    for line in page.context["consents"]:
        sent |= {line["agreed"].html_name: "on"} if line["agreed"].value() else {}
    return {**sent, **changes}


def edit(browser: Any, customer: Customer, **changes: str) -> Any:
    address = reverse("crm:customer_edit", args=[customer.public_id])
    return browser.post(address, filled(browser.get(address), **changes))


def test_the_page_shows_who_it_is_and_why_the_scores_are_what_they_are(lan, staff):
    Facts.objects.create(customer=lan, orders=2, revenue=900_000, last_order_at=timezone.now(), stage=7)
    for model in ScoringModel.objects.all():
        Score.objects.create(customer=lan, model=model, r=5, f=4, m=3)
    consent.grant(lan, "email", source="web form")
    text = staff().get(lan.get_absolute_url()).content.decode()
    for shown in ("Nguyễn Thị Lan", "0903 418 265", "900.000", "Hà Nội", "Why 5-4-3?", "Why this stage?", "web form"):
        assert shown in text, shown


def test_the_way_back_leads_to_the_same_place_of_the_list_and_nowhere_else(lan, staff):
    browser = staff()
    response = browser.get(lan.get_absolute_url(), {"list": "stage=5&sort=name&after=abc&next=//evil.example"})
    assert response.context["back"] == "/customers/?stage=5&sort=name&after=abc"
    link = browser.get("/customers/?city=Hà+Nội").content.decode()
    assert f"{lan.get_absolute_url()}?list=city%3DH%25C3%25A0" in link


@pytest.mark.parametrize("name", ["customer", "customer_edit", "customer_look", "customer_timeline"])
def test_an_unknown_customer_is_a_page_that_helps(name, staff):
    response = staff().get(reverse(f"crm:{name}", args=[uuid4()]), headers=HTMX)
    assert response.status_code == 404
    assert "404.html" in [template.name for template in response.templates]


def test_the_page_needs_the_same_few_queries_however_much_happened(lan, staff):
    browser, counts = staff("Admin"), []
    for many in (2, 300):
        for n in range(many):
            Note.objects.create(customer=lan, text=f"Note {n}")
        from crm import events

        events.derive("crm", [lan.pk])
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(lan.get_absolute_url()).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 24


def test_a_new_customer_needs_a_name_or_a_way_to_be_reached(staff):
    browser, address = staff(), reverse("crm:customer_new")
    response = browser.post(address, filled(browser.get(address), name="  "))
    assert response.status_code == 422
    assert "one of them is enough" in response.content.decode()
    decomposed = "Nguyễn  Ánh"
    import unicodedata

    response = browser.post(
        address,
        filled(
            browser.get(address), name=unicodedata.normalize("NFD", decomposed), email=" Anh@Example.VN ",
            phone="0903 418 265", tags="vip, tea, VIP",
        ),
    )  # fmt: skip
    customer = Customer.objects.get()
    assert response.url == customer.get_absolute_url()
    assert customer.name == "Nguyễn Ánh"
    assert (customer.email, customer.phone, customer.tags) == ("Anh@example.vn", "+84903418265", ["vip", "tea"])
    assert customer.registered_at is not None
    assert Due.objects.filter(customer_id=customer.pk).exists()


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [("email", "lan@", "is not an e-mail address"), ("phone", "12", "is not a phone number"), ("country", "Việt", "")],
)
def test_what_cannot_be_right_is_said_with_what_to_do_and_nothing_is_changed(field, typed, said, lan, staff):
    response = edit(staff(), lan, **{field: typed, "name": "Changed"})
    assert response.status_code == 422
    assert said in response.content.decode()
    lan.refresh_from_db()
    assert lan.name == "Nguyễn Thị Lan"


def test_what_came_dirty_and_is_not_touched_does_not_stand_in_the_way(lan, staff):
    Customer.objects.filter(pk=lan.pk).update(email="lan@@nowhere", phone="12")
    assert edit(staff(), lan, city="Huế").status_code == 302
    lan.refresh_from_db()
    assert (lan.city, lan.email, lan.phone) == ("Huế", "lan@@nowhere", "12")


def test_who_is_here_already_is_shown_before_saving_and_may_still_be_somebody_else(lan, staff):
    browser, address = staff(), reverse("crm:customer_new")
    sent = filled(browser.get(address), name="Lan", phone="+84 903 418 265")
    response = browser.post(address, sent)
    assert response.status_code == 422
    assert lan.get_absolute_url() in response.content.decode()
    assert browser.post(address, {**sent, "other_person": "on"}).status_code == 302
    assert Customer.objects.count() == 2


def test_twins_are_shown_while_typing(lan, staff):
    text = staff().get(reverse("crm:customer_twins"), {"email": "LAN@example.vn"}, headers=HTMX).content.decode()
    assert "Nguyễn Thị Lan" in text
    own = {"email": "lan@example.vn", "self": str(lan.public_id)}
    assert "Nguyễn Thị Lan" not in staff().get(reverse("crm:customer_twins"), own, headers=HTMX).content.decode()


def test_two_who_change_the_same_customer_do_not_overwrite_each_other_unseen(lan, staff):
    browser, address = staff(), reverse("crm:customer_edit", args=[lan.public_id])
    mine = filled(browser.get(address), city="Huế")
    Customer.objects.filter(pk=lan.pk).update(address="12 Hàng Bông")
    response = browser.post(address, mine)
    assert response.status_code == 422
    assert "Someone else changed this customer" in response.content.decode()
    lan.refresh_from_db()
    assert (lan.city, lan.address) == ("Hà Nội", "12 Hàng Bông")
    assert browser.post(address, filled(response)).status_code == 302


def test_consent_needs_a_basis_and_stands_in_the_ledger_and_the_time_line(lan, staff):
    browser = staff()
    assert edit(browser, lan, **{"consent-email-agreed": "on"}).status_code == 422
    assert not Consent.objects.exists()
    given = {"consent-email-agreed": "on", "consent-email-source": "in the shop", "consent-email-wording": "News, yes"}
    assert edit(browser, lan, **given).status_code == 302
    line = Consent.objects.get()
    assert (line.channel, line.state, line.source, line.wording, line.current) == (
        "email", "granted", "in the shop", "News, yes", True,
    )  # fmt: skip
    assert line.by is not None
    address = reverse("crm:customer_edit", args=[lan.public_id])
    sent = filled(browser.get(address))
    del sent["consent-email-agreed"]
    assert browser.post(address, sent).status_code == 302
    assert list(Consent.objects.order_by("pk").values_list("state", "current")) == [
        ("granted", False),
        ("withdrawn", True),
    ]
    kinds = set(Event.objects.filter(customer=lan).values_list("kind", flat=True))
    assert kinds == {"consent_granted", "consent_withdrawn"}


def test_saving_again_without_a_change_writes_no_consent(lan, staff):
    consent.grant(lan, "email", source="web form")
    assert edit(staff(), lan, city="Huế").status_code == 302
    assert Consent.objects.count() == 1


def test_a_note_appears_on_the_time_line_and_only_its_writer_takes_it_back(lan, staff):
    browser = staff()
    address = reverse("crm:note_add", args=[lan.public_id])
    text = browser.post(address, {"text": "Likes <b>paper</b> wrapping"}, headers=HTMX).content.decode()
    assert "Likes &lt;b&gt;paper&lt;/b&gt; wrapping" in text
    assert "Note by <b>Sales</b>" in text
    note = Note.objects.get()
    delete = reverse("crm:note_delete", args=[note.public_id])
    assert staff("Support").post(delete).status_code == 404
    assert browser.post(delete, headers=HTMX).status_code == 200
    assert not Note.objects.exists()
    assert not TimelineEvent.objects.exists()


def test_an_empty_note_is_said_to_be_empty(lan, staff):
    response = staff().post(reverse("crm:note_add", args=[lan.public_id]), {"text": " "}, headers=HTMX)
    assert response.status_code == 422
    assert "The note is empty" in response.content.decode()


def test_marketing_may_tag_and_nothing_else(lan, staff):
    browser = staff("Marketing")
    assert browser.post(reverse("crm:customer_tags", args=[lan.public_id]), {"tags": "tea, gold"}).status_code == 302
    lan.refresh_from_db()
    assert lan.tags == ["tea", "gold"]
    page = browser.get(lan.get_absolute_url()).content.decode()
    assert reverse("crm:customer_edit", args=[lan.public_id]) not in page
    assert browser.post(reverse("crm:note_add", args=[lan.public_id]), {"text": "x"}).status_code == 403


def test_the_quick_look_is_a_part_of_the_list_and_without_htmx_the_page(lan, staff):
    browser, address = staff(), reverse("crm:customer_look", args=[lan.public_id])
    text = browser.get(address, headers=HTMX).content.decode()
    assert 'id="side-panel"' in text
    assert "<html" not in text
    assert browser.get(address).url == lan.get_absolute_url()
