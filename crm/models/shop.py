"""The shop: one row of settings (docs/domain.md 1)."""

from decimal import Decimal
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class AdvertisingRules(models.TextChoices):
    """A country's rules for advertising, applied to every campaign (docs/domain.md 5)."""

    NONE = "none", _("None")
    VIETNAM = "vietnam", _("Vietnam: Decree 91/2020")


currency_code = RegexValidator(r"^[A-Z]{3}$", _("A currency is three capital letters, like VND or GBP."))


def validate_timezone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Write it like Asia/Ho_Chi_Minh or Europe/London."), params={"name": name}
        )


class Shop(models.Model):
    """Name, country, money, time, sender, windows. Exactly one row, made by the first migration."""

    name = models.CharField(_("name"), max_length=120, default="Regulars")
    country = models.CharField(_("country"), max_length=2, default="VN", help_text=_("Two letters, like VN or GB."))
    currency = models.CharField(_("currency"), max_length=3, default="VND", validators=[currency_code])
    timezone = models.CharField(
        _("time zone"), max_length=64, default="Asia/Ho_Chi_Minh", validators=[validate_timezone]
    )
    language = models.CharField(_("language of the shop"), max_length=5, default="vi")
    sender_name = models.CharField(
        _("sender name"), max_length=120, blank=True, help_text=_("Empty: the name of the shop.")
    )
    sender_email = models.EmailField(_("sender address"), default="shop@example.com")
    postal_address = models.CharField(
        _("postal address"), max_length=300, blank=True, help_text=_("Stands at the foot of every campaign mail.")
    )
    advertising_rules = models.CharField(
        _("rules for advertising"), max_length=12, choices=AdvertisingRules, default=AdvertisingRules.VIETNAM
    )
    inactive_after_days = models.PositiveIntegerField(
        _("inactive after days without an order"),
        default=365,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
    )
    response_window_days = models.PositiveIntegerField(
        _("days in which a response counts as active"),
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
    )
    result_window_days = models.PositiveIntegerField(
        _("days in which orders count for a campaign"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
    )
    holdout_share = models.DecimalField(
        _("held out of each campaign"),
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.100"),
        validators=[MinValueValidator(0), MaxValueValidator(Decimal("0.5"))],
        help_text=_("0.100 is one in ten."),
    )
    sending_held = models.BooleanField(
        _("sending is held"),
        default=False,
        help_text=_("Set after a restore from a backup, until someone releases it."),
    )

    class Meta:
        constraints = [models.CheckConstraint(name="one_shop", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> Self:
        return cls.objects.get(pk=1)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class ExchangeRate(models.Model):
    """What one unit of another currency is worth in the shop's. Without one, amounts in that currency are refused."""

    currency = models.CharField(_("currency"), max_length=3, unique=True, validators=[currency_code])
    rate = models.DecimalField(_("worth in the shop's currency"), max_digits=20, decimal_places=8)

    class Meta:
        constraints = [models.CheckConstraint(name="rate_above_zero", condition=models.Q(rate__gt=0))]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate}"
