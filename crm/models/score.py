"""What is derived of a customer's behaviour: facts, scores by model, lifecycle stage. All can be rebuilt from source rows."""

from decimal import Decimal
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models.customer import Customer


class Stage(models.IntegerChoices):
    """Customer lifecycle segments (docs/domain.md 3; Chaffey 2009, Fig. 6.10)."""

    FIRST_VISIT = 1, _("first-time visitor")
    RETURN_VISIT = 2, _("return visitor")
    NEW = 3, _("newly registered")
    RETURNER = 4, _("registered returner")
    PURCHASED = 5, _("purchased")
    INACTIVE = 6, _("purchased, inactive")
    ACTIVE = 7, _("purchased, active, e-responsive")

    @property
    def short(self) -> str:
        """One word, for lists."""
        words = [_("Visitor"), _("Visitor"), _("New"), _("Returner"), _("Purchased"), _("Inactive"), _("Active")]
        return str(words[self - 1])


class Facts(models.Model):
    """One row a customer: counts, sums, first and last times over all time, and the lifecycle stage."""

    customer = models.OneToOneField(Customer, models.CASCADE, primary_key=True, related_name="facts")
    orders = models.IntegerField(_("orders"), db_default=0)
    revenue = models.DecimalField(_("revenue"), max_digits=20, decimal_places=6, db_default=0)
    first_order_at = models.DateTimeField(_("first order"), null=True)
    last_order_at = models.DateTimeField(_("last order"), null=True)
    # Orders of the last 12 calendar months: it falls by time alone, every night.
    orders_year = models.IntegerField(_("orders in 12 months"), db_default=0)
    visits = models.IntegerField(_("visits"), db_default=0)
    last_visit_at = models.DateTimeField(_("last visit"), null=True)
    responses = models.IntegerField(_("answers to campaigns"), db_default=0)
    last_response_at = models.DateTimeField(_("last answer"), null=True)
    stage = models.SmallIntegerField(_("stage"), choices=Stage, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["stage", "customer"], name="facts_stage"),
            models.Index(fields=["revenue", "customer"], name="facts_revenue"),
            models.Index(fields=["last_order_at", "customer"], name="facts_last_order"),
        ]

    def __str__(self) -> str:
        return f"{self.orders} orders, {self.revenue}"

    @property
    def short_stage(self) -> str:
        return Stage(self.stage).short if self.stage else ""

    @property
    def average(self) -> Decimal | None:
        """Average order value: revenue by counted orders, credits included (docs/domain.md 4)."""
        return self.revenue / self.orders if self.orders else None


class Method(models.TextChoices):
    STATISTICAL = "statistical", _("Statistical: equal shares of customers, nested")
    THRESHOLD = "threshold", _("Threshold: bounds set by you")


class ScoringModel(models.Model):
    """How customers are put into classes 1 (worst) to 5 (best) by recency, frequency and money (docs/domain.md 4)."""

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=80)
    method = models.CharField(_("method"), max_length=12, choices=Method)
    # Threshold only: lowest average order value of classes 2, 3, 4 and the highest of class 4, in the shop's currency (Table 6.4).
    monetary_bounds = ArrayField(
        models.DecimalField(max_digits=20, decimal_places=6),
        size=4,
        null=True,
        blank=True,
        verbose_name=_("money bounds"),
    )
    # When everybody was looked at last; customers whose facts changed since then are looked at within a minute.
    scored_at = models.DateTimeField(null=True, editable=False)
    # Statistical only: facts changed since the last ranking.
    stale = models.BooleanField(db_default=False, default=False, editable=False)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def statistical(cls) -> Self:
        return cls.objects.get(slug=Method.STATISTICAL)

    @classmethod
    def threshold(cls) -> Self:
        return cls.objects.get(slug=Method.THRESHOLD)


class Score(models.Model):
    """A customer's class in one model. Customers without a counted order have no row."""

    pk = models.CompositePrimaryKey("customer_id", "model_id")
    customer = models.ForeignKey(Customer, models.CASCADE)
    model = models.ForeignKey(ScoringModel, models.CASCADE)
    r = models.SmallIntegerField(_("recency"))
    f = models.SmallIntegerField(_("frequency"))
    m = models.SmallIntegerField(_("money"))

    class Meta:
        indexes = [models.Index(fields=["model", "r", "f", "customer"], name="score_cell")]
        constraints = [
            models.CheckConstraint(
                name="score_classes", condition=models.Q(r__range=(1, 10), f__range=(1, 10), m__range=(1, 10))
            )
        ]

    def __str__(self) -> str:
        return f"{self.r}-{self.f}-{self.m}"


class Due(models.Model):
    """Customers whose facts changed and who are to be looked at again: a queue in the database, so that losing the broker loses nothing."""

    customer_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        db_table = "crm_due"

    def __str__(self) -> str:
        return str(self.customer_id)
