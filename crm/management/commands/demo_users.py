"""The demo's five log-ins, one a role."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from crm.models import User
from crm.roles import Role

PASSWORD = "khach quen 2026"  # noqa: S105 - the demo prints it; a real shop never runs this command
NAMES = {
    Role.SALES: "Võ Thu Hà",
    Role.SUPPORT: "Phạm Văn Lộc",
    Role.MARKETING: "Đỗ Lan Phương",
    Role.MANAGER: "Trần Minh Quân",
    Role.ADMIN: "Lê Khánh Linh",
}


def address(role: Role) -> str:
    return f"{role.value.lower()}@demo.example"


def logins() -> list[dict[str, str]]:
    """The log-ins as the demo's log-in page offers them."""
    return [{"role": role, "name": name, "email": address(role), "password": PASSWORD} for role, name in NAMES.items()]


class Command(BaseCommand):
    help = "Make the demo's five log-ins where they are missing and print them as JSON. Never on a real shop."

    def handle(self, *args: Any, **options: Any) -> None:
        users = []
        for role, name in NAMES.items():
            email = address(role)
            user, made = User.objects.get_or_create(email=email, defaults={"name": name})
            if made:
                user.set_password(PASSWORD)
                user.save()
                user.take_role(role)
            users.append({"role": role.value.lower(), "email": email, "password": PASSWORD})
        self.stdout.write(json.dumps(users))
