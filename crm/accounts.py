"""Log-in rules: staff are made by an administrator; nobody signs up."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import ResetPasswordForm
from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.http import HttpRequest

from crm.models import User


class StaffAccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class StaffBackend(AuthenticationBackend):
    def _get_user_permissions(self, user: User) -> QuerySet[Permission]:
        """Roles are groups, and nobody has a permission of their own: a query less on every page."""
        return Permission.objects.none()


def send_password_link(request: HttpRequest, user: User) -> None:
    """Mail a member of staff a link, good once, to choose a password. Raises OSError where no mail can be sent."""
    form = ResetPasswordForm({"email": user.email})
    if form.is_valid():
        form.save(request)
