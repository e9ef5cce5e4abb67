"""A support desk: mails from files, staff of a role, the outcome of receiving."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from crm.models import Shop, User
from support.mail.receive import Outcome, receive

MAILS = Path(__file__).parent / "mails"


@pytest.fixture
def shop(db: None) -> Shop:
    shop = Shop.current()
    shop.name, shop.sender_email = "Trà Mộc", "shop@tramoc.example"
    shop.save()
    return shop


@pytest.fixture
def get(shop: Shop) -> Callable[..., Outcome]:
    """Receive a mail of tests/support/mails; `replace` changes bytes of it first."""

    def receive_file(name: str, mailbox: str = "support", **replace: bytes) -> Outcome:
        raw = (MAILS / f"{name}.eml").read_bytes()
        for key, value in replace.items():
            raw = raw.replace(f"%{key}%".encode(), value)
        return receive(raw, mailbox)

    return receive_file


@pytest.fixture
def phuong(db: None) -> User:
    user = User.objects.create_user("phuong@tramoc.example", name="Đinh Lan Phương")
    user.groups.add(Group.objects.get(name="Support"))
    return user


@pytest.fixture
def desk(phuong: User) -> Client:
    client = Client()
    client.force_login(phuong)
    return client
