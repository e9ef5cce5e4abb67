"""Settings of the shop, staff and one's own profile."""

import re
from typing import Any

import pytest
from django.urls import reverse

from crm.models import ExchangeRate, ScoringModel, Shop, User
from crm.roles import Role

pytestmark = pytest.mark.django_db


def filled(page: Any, **changes: object) -> dict[str, object]:
    sent = {}
    for form in (page.context["form"], page.context["bounds"]):
        sent |= {form.add_prefix(field.name): field.value() for field in form}
    return {**sent, **changes}


def test_the_shop_is_changed_and_says_so(staff):
    browser, address = staff("Admin"), reverse("crm:settings")
    response = browser.post(
        address, filled(browser.get(address), name="Trà Mộc", inactive_after_days=200, country="gb")
    )
    assert response.status_code == 302
    shop = Shop.current()
    assert (shop.name, shop.inactive_after_days, shop.country) == ("Trà Mộc", 200, "GB")
    assert "Trà Mộc" in browser.get(address).content.decode()


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("currency", "dong"),
        ("timezone", "Mars"),
        ("holdout_share", "0.9"),
        ("inactive_after_days", "0"),
        ("country", "12"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(field, typed, staff):
    browser, address = staff("Admin"), reverse("crm:settings")
    response = browser.post(address, filled(browser.get(address), **{"name": "Changed", field: typed}))
    assert response.status_code == 422
    assert Shop.current().name != "Changed"


def test_money_bounds_have_to_rise_and_then_everybody_is_scored_again(staff, valkey):
    browser, address = staff("Admin"), reverse("crm:settings")
    page = browser.get(address)
    assert browser.post(address, filled(page, **{"bounds-three": "1"})).status_code == 422
    saved = browser.post(address, filled(page, **{"bounds-two": "300000"}), follow=True)
    assert "everybody is being scored again" in saved.content.decode()
    assert [int(bound) for bound in ScoringModel.threshold().monetary_bounds] == [
        300_000,
        750_000,
        1_250_000,
        2_500_000,
    ]


def test_rates_are_stored_replaced_and_taken_away(staff):
    browser = staff("Admin")
    for rate in ("33000", "33500.5"):
        browser.post(reverse("crm:rate_add"), {"currency": "GBP", "rate": rate})
    assert [str(rate) for rate in ExchangeRate.objects.all()] == ["1 GBP = 33500.50000000"]
    assert browser.post(reverse("crm:rate_add"), {"currency": "EUR", "rate": "0"}).status_code == 422
    browser.post(reverse("crm:rate_drop"), {"currency": "GBP"})
    assert not ExchangeRate.objects.exists()


def test_sending_that_is_held_is_released_here(staff):
    Shop.objects.update(sending_held=True)
    browser = staff("Admin")
    assert "Sending is held" in browser.get(reverse("crm:settings")).content.decode()
    browser.post(reverse("crm:release_sending"))
    assert Shop.current().sending_held is False


def test_a_new_member_of_staff_gets_a_link_chooses_a_password_and_comes_in(staff, client, smtp_server):
    sent = {"name": "Hà", "email": "Ha@Shop.vn", "role": "Support"}
    assert staff("Admin").post(reverse("crm:user_new"), sent).status_code == 302
    user = User.objects.get(email="ha@shop.vn")
    assert (user.role, user.has_usable_password()) == (Role.SUPPORT, False)
    [mail] = smtp_server.messages
    path = re.search(
        r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", mail.message.get_body(("plain",)).get_content()
    )[1]
    form, new = client.get(path, follow=True), "mot mat khau khac 9"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert client.post("/accounts/login/", {"login": "ha@shop.vn", "password": new}).status_code == 302


def test_a_mail_that_cannot_be_sent_leaves_the_account_and_says_what_to_do(staff, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    sent = {"name": "Hà", "email": "ha@shop.vn", "role": "Support"}
    page = staff("Admin").post(reverse("crm:user_new"), sent, follow=True)
    assert "could not be sent" in page.content.decode()
    assert User.objects.filter(email="ha@shop.vn").exists()


def test_an_address_has_one_account(staff):
    User.objects.create_user("ha@shop.vn", name="Hà")
    response = staff("Admin").post(reverse("crm:user_new"), {"name": "H", "email": "HA@shop.vn", "role": "Sales"})
    assert response.status_code == 422


def test_an_admin_gives_roles_and_takes_access_but_not_their_own(staff):
    browser, other = staff("Admin"), User.objects.create_user("ha@shop.vn", name="Hà")
    change = reverse("crm:user_change", args=[other.pk])
    browser.post(change, {"role": "Marketing"})
    browser.post(change, {"active": "no"})
    other = User.objects.get(pk=other.pk)
    assert (other.role, other.is_active) == (Role.MARKETING, False)
    browser.post(change, {"active": "yes"})
    assert User.objects.get(pk=other.pk).is_active
    me = User.objects.get(email="admin@shop.vn")
    for attempt in ({"role": "Sales"}, {"active": "no"}):
        browser.post(reverse("crm:user_change", args=[me.pk]), attempt)
    me = User.objects.get(pk=me.pk)
    assert (me.role, me.is_active) == (Role.ADMIN, True)


def test_everyone_changes_their_own_name_and_language(staff):
    browser = staff("Support")
    assert browser.post(reverse("crm:profile"), {"name": "Lộc", "language": "vi"}).status_code == 302
    user = User.objects.get(email="support@shop.vn")
    assert (user.name, user.language) == ("Lộc", "vi")
    assert '<html lang="vi"' in browser.get(reverse("crm:profile")).content.decode()
