"""A small tea shop: products with prices in đồng, a customer, staff of a role."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from crm.channels import Channel
from crm.models import Customer, User
from orders import orders
from orders.models import Order, Product


@pytest.fixture
def lan(db: None) -> Customer:
    return Customer.objects.create(
        name="Nguyễn Thị Lan", phone="+84903418265", email="lan@example.vn", registered_at=timezone.now()
    )


@pytest.fixture
def lotus(db: None) -> Product:
    return Product.objects.create(sku="TS-100", name="Trà sen Tây Hồ 100 g", price=450_000)


@pytest.fixture
def shan(db: None) -> Product:
    return Product.objects.create(sku="ST-200", name="Trà shan tuyết 200 g", price=450_000)


@pytest.fixture
def buy(lan: Customer, lotus: Product, shan: Product) -> Callable[..., Order]:
    """An order of Lan's: so many of each tea, with a discount on all."""

    def enter(lotuses: int = 2, shans: int = 1, discount: int = 100_000) -> Order:
        items = [
            orders.Item(product, Decimal(quantity), product.price)
            for product, quantity in [(lotus, lotuses), (shan, shans)]
            if quantity
        ]
        return orders.enter(lan, items, channel=Channel.PHONE, discount=Decimal(discount))

    return enter


@pytest.fixture
def staff(db: None) -> Callable[[str], Client]:
    """A browser in which someone of a role is logged in."""

    def log_in(role: str = "Sales") -> Client:
        user, _made = User.objects.get_or_create(email=f"{role.lower()}@example.com", defaults={"name": role})
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        return client

    return log_in
