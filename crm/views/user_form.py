"""Forms for staff and one's own profile."""

import unicodedata
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import User
from crm.roles import Role


class _NameForm(forms.ModelForm):
    def clean_name(self) -> str:
        return unicodedata.normalize("NFC", self.cleaned_data["name"].strip())


class NewUserForm(_NameForm):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices)

    class Meta:
        model = User
        fields = ["name", "email"]

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("%(email)s has an account already."), params={"email": email})
        return email

    def save(self, commit: bool = True) -> User:
        user: User = self.instance
        user.set_unusable_password()
        user.save()
        user.take_role(Role(self.cleaned_data["role"]))
        return user


class ProfileForm(_NameForm):
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("As the browser says")), *settings.LANGUAGES],
    )

    class Meta:
        model = User
        fields: Any = ["name", "language"]
