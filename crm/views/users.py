"""Staff: who may log in, in which role; and one's own profile. Nobody locks themselves out, and one admin always stays."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import accounts
from crm.models import User
from crm.roles import Role, StaffRequest, any_staff, may
from crm.views.user_form import NewUserForm, ProfileForm


@may("change_settings")
@require_safe
def users(request: StaffRequest) -> HttpResponse:
    staff = User.objects.prefetch_related("groups").order_by("-is_active", "name", "pk")
    return render(request, "crm/users.html", {"staff": staff, "roles": Role.choices})


@may("change_settings")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """A member of staff is made without a password; a link to choose one goes out by mail."""
    form = NewUserForm(request.POST or None)
    if form.is_valid():
        user = form.save()
        _send_link(request, user)
        return redirect("crm:users")
    return render(request, "crm/user_new.html", {"form": form}, status=422 if form.errors else 200)


@may("change_settings")
@require_POST
def send_link(request: StaffRequest, pk: int) -> HttpResponse:
    _send_link(request, get_object_or_404(User, pk=pk, is_active=True))
    return redirect("crm:users")


@may("change_settings")
@require_POST
def change(request: StaffRequest, pk: int) -> HttpResponse:
    """Give another role, or take or give back the right to log in. One's own account stays as it is."""
    user = get_object_or_404(User, pk=pk)
    role, active = request.POST.get("role", ""), request.POST.get("active", "")
    if user == request.user:
        messages.error(
            request, _("You cannot take your own role or access away, or nobody might be left. Ask another admin.")
        )
    elif role in Role.values:
        user.take_role(Role(role))
        messages.success(request, _("%(name)s has the role %(role)s now.") % {"name": user, "role": Role(role).label})
    elif active in ("yes", "no"):
        user.is_active = active == "yes"
        user.save(update_fields=["is_active"])
        text = _("%(name)s may log in again.") if user.is_active else _("%(name)s may not log in any more.")
        messages.success(request, text % {"name": user})
    return redirect("crm:users")


def _send_link(request: StaffRequest, user: User) -> None:
    try:
        accounts.send_password_link(request, user)
    except OSError:
        messages.warning(
            request,
            _(
                "%(name)s is here, but the mail to %(email)s could not be sent. Look at the mail server, then send the link again."
            )
            % {"name": user, "email": user.email},
        )
    else:
        messages.success(request, _("A link to choose a password is on its way to %(email)s.") % {"email": user.email})


@any_staff
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: StaffRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if form.is_valid():
        form.save()
        messages.success(request, _("Your profile is saved."))
        return redirect("crm:profile")
    return render(request, "crm/profile.html", {"form": form}, status=422 if form.errors else 200)
