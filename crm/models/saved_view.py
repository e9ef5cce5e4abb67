"""A filter of the customer list that someone keeps under a name of their own."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views", editable=False)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(
        max_length=1000, blank=True, help_text=_("The query string of the list, without the page.")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_view_a_name")]

    def __str__(self) -> str:
        return self.name
