"""Log-in rules: staff are made by an administrator; nobody signs up."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ResetPasswordForm
from django.http import HttpRequest

from crm.models import User


class StaffAccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def send_password_link(request: HttpRequest, user: User) -> None:
    """Mail a member of staff a link, good once, to choose a password. Raises OSError where no mail can be sent."""
    form = ResetPasswordForm({"email": user.email})
    if form.is_valid():
        form.save(request)
