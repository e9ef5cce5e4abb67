"""Staff of each role, logged in."""

from collections.abc import Callable

import pytest
from django.test import Client

from crm.models import User
from crm.roles import Role


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """A browser in which someone of that role is logged in."""

    def log_in(role: str = "Sales") -> Client:
        user, _made = User.objects.get_or_create(email=f"{role.lower()}@shop.vn", defaults={"name": role})
        user.take_role(Role(role))
        client = Client()
        client.force_login(user)
        return client

    return log_in
