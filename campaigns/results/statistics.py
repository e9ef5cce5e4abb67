"""How much more those who were written to bought than the hold-out, and within which bounds that is certain."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from statistics import NormalDist

CERTAINTY = 0.95
Z = NormalDist().inv_cdf((1 + CERTAINTY) / 2)  # 1.96
# Below this many buyers (and non-buyers) in a group the normal approximation says nothing reliable.
ENOUGH = 5


@dataclass(frozen=True)
class Lift:
    """A difference with its 95 % interval. `enough`: whether there are enough cases to believe the interval."""

    value: float
    low: float
    high: float
    standard_error: float
    enough: bool

    @property
    def proven(self) -> bool:
        """The whole interval lies on one side of zero."""
        return self.enough and (self.low > 0 or self.high < 0)

    def times(self, factor: float) -> Lift:
        return Lift(
            self.value * factor, self.low * factor, self.high * factor, self.standard_error * factor, self.enough
        )


@dataclass(frozen=True)
class Group:
    """Customers who were drawn into a group: how many, who ordered, for how much in all, and the sum of squares by customer."""

    customers: int
    buyers: int
    revenue: float
    revenue_squares: float

    @property
    def share(self) -> float:
        return self.buyers / self.customers if self.customers else 0.0

    @property
    def mean(self) -> float:
        return self.revenue / self.customers if self.customers else 0.0

    @property
    def variance(self) -> float:
        """Of the revenue by customer, with n − 1; who bought nothing counts as 0."""
        if self.customers < 2:
            return 0.0
        return max(0.0, (self.revenue_squares - self.customers * self.mean**2) / (self.customers - 1))


def lift_in_buyers(reached: Group, held_out: Group) -> Lift | None:
    """The difference of the two shares of buyers (0.022 is 2.2 points), None without a hold-out.

    Interval: difference of proportions, p₁ − p₀ ± 1.96 · √(p₁(1 − p₁)/n₁ + p₀(1 − p₀)/n₀) (unpooled, Wald).
    """
    if not reached.customers or not held_out.customers:
        return None
    value = reached.share - held_out.share
    error = sqrt(sum(group.share * (1 - group.share) / group.customers for group in (reached, held_out)))
    return Lift(value, value - Z * error, value + Z * error, error, has_enough(reached, held_out))


def lift_in_revenue(reached: Group, held_out: Group) -> Lift | None:
    """The difference of the two means of revenue by customer, None with fewer than two customers in a group.

    Interval: Welch's, m₁ − m₀ ± t · √(s₁²/n₁ + s₀²/n₀), t at 95 % with the degrees of freedom of Welch and Satterthwaite.
    """
    if reached.customers < 2 or held_out.customers < 2:
        return None
    value = reached.mean - held_out.mean
    parts = [group.variance / group.customers for group in (reached, held_out)]
    error = sqrt(sum(parts))
    weights = sum(part**2 / (group.customers - 1) for part, group in zip(parts, (reached, held_out), strict=True))
    margin = student(sum(parts) ** 2 / weights if weights else inf) * error
    return Lift(value, value - margin, value + margin, error, has_enough(reached, held_out))


def has_enough(*groups: Group) -> bool:
    return all(min(group.buyers, group.customers - group.buyers) >= ENOUGH for group in groups)


def student(freedom: float) -> float:
    """Quantile of Student's t for CERTAINTY, by Cornish and Fisher's series (to 0.2 % from 3 degrees of freedom on)."""
    if freedom == inf:
        return Z
    z, v = Z, max(freedom, 1.0)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / v**power for power, term in enumerate(terms, 1))
