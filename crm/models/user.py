"""Staff, who log in with their e-mail address, and what they may do."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, Group, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.roles import Role


class StaffManager(UserManager["User"]):
    def _create_user(self, username: str, email: str | None, password: str | None, **extra: Any) -> "User":
        user = self.model(email=self.normalize_email(email or username), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":  # type: ignore[override]
        return self._create_user(email, email, password, **extra)

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":  # type: ignore[override]
        return self._create_user(email, email, password, is_superuser=True, is_staff=True, **extra)


class User(AbstractUser):
    """A member of staff. Roles are groups (crm/roles.py)."""

    username = None  # type: ignore[assignment]
    first_name = last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=5, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[StaffManager] = StaffManager()

    class Meta:
        # One pair a row of the table in docs/domain.md "who may do what"; crm/roles.py gives them to the groups.
        permissions = [
            ("see_customers", "See customers, notes and the time line"),
            ("change_customers", "Change customers and write notes"),
            ("tag_customers", "Tag customers"),
            ("move_data", "Import and export"),
            ("merge_customers", "Merge customers"),
            ("see_orders", "See orders"),
            ("change_orders", "Enter and change orders"),
            ("see_tickets", "See tickets"),
            ("change_tickets", "Answer and change tickets"),
            ("see_scores", "See scores and the heat map"),
            ("change_scores", "Change scoring models"),
            ("see_campaigns", "See segments, campaigns and results"),
            ("change_campaigns", "Change segments and campaigns"),
            ("see_reports", "See data quality and reports"),
            ("change_reports", "Change targets and reports"),
            ("erase_customers", "Erase customers and answer privacy requests"),
            ("change_settings", "Change users, roles and settings"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def role(self) -> Role | None:
        """The first of their groups that is a role. Prefetch `groups` for lists."""
        names = {group.name for group in self.groups.all()}
        return next((role for role in Role if role.value in names), None)

    def take_role(self, role: Role) -> None:
        """Have this role and no other."""
        self.groups.set([Group.objects.get(name=role.value)])

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)
