"""The pages that bin/look takes, each as one of those who see it. A new page is added here."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Shot:
    """One page: as whom it is seen ("" is a stranger), and where it is: a path, a URL's name, or a question to the demo."""

    name: str
    role: str
    address: str | Callable[[], str]
    status: int = 200
    click: str = ""  # opened before the picture


PAGES = [
    Shot("home", "manager", "crm:home"),
    Shot("login", "", "account_login"),
    Shot("forgotten", "", "account_reset_password"),
    Shot("change-password", "sales", "account_change_password"),
    Shot("not-found", "sales", "/nothing-here/", status=404),
    Shot("menu", "manager", "/nothing-here/", status=404, click="[popovertarget=me-menu]"),
]
