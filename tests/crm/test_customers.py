"""The list of customers and the customer page, as staff use them."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from crm.models import Customer, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    user = User.objects.create_user("admin@shop.vn", name="An")
    user.groups.set([Group.objects.get(name="Admin")])
    client.force_login(user)
    return client


def test_smoke(admin):
    from django.utils import timezone

    c = Customer.objects.create(
        name="Nguyễn Thị Hồng Ánh", phone="+84903418265", registered_at=timezone.now(), tags=["vip"]
    )
    c.refresh_from_db()
    for path in [
        "crm:customers",
        "crm:customers_views",
        "crm:customers_conditions",
        "crm:customer_new",
        "crm:settings",
        "crm:users",
        "crm:user_new",
        "crm:profile",
        "crm:search",
    ]:
        r = admin.get(reverse(path))
        assert r.status_code == 200, path
    for path in ["crm:customer", "crm:customer_edit"]:
        r = admin.get(reverse(path, args=[c.public_id]))
        assert r.status_code == 200, path
    for path in ["crm:customer_look", "crm:customer_timeline"]:
        r = admin.get(reverse(path, args=[c.public_id]), headers={"HX-Request": "true"})
        assert r.status_code == 200, path
    for q in ["anh", "hồng ánh", "0903 418", "0903418265", "n", "A@b"]:
        r = admin.get("/search", {"q": q}, headers={"HX-Request": "true"})
        print(q, "Ánh" in r.content.decode())
    r = admin.post(reverse("crm:note_add", args=[c.public_id]), {"text": "Likes tea"}, headers={"HX-Request": "true"})
    assert r.status_code == 200
    assert "Likes tea" in r.content.decode()
    r = admin.get("/customers/export")
    print(b"".join(r.streaming_content).decode())
