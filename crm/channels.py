"""The one list of channels, for contact, orders and responses (docs/domain.md 1, Fig. 6.12)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    WEBSITE = "website", _("Website")
    PHONE = "phone", _("Phone")
    POST = "post", _("Post")
    IN_PERSON = "in_person", _("In person")
    FAX = "fax", _("Fax")
    MESSENGER = "messenger", _("Messenger")


class Purpose(models.TextChoices):
    """What a customer agreed to be contacted for. Service answers need no consent; marketing always does."""

    MARKETING = "marketing", _("Marketing")


class MessageStyle(models.TextChoices):
    """Preferred message: some answer to an explained, rational message, some to a warm, emotional one (docs/domain.md 4)."""

    RATIONAL = "rational", _("Explained, rational")
    EMOTIONAL = "emotional", _("Warm, emotional")
