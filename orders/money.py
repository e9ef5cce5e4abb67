"""Amounts in the smallest unit of a currency: đồng have none below them, pounds have pence."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_precision


def unit(currency: str) -> Decimal:
    """The smallest amount one can pay: 1 for VND, 0.01 for GBP."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def rounded(amount: Decimal, unit: Decimal) -> Decimal:
    return amount.quantize(unit, ROUND_HALF_UP)


def spread(amount: Decimal, weights: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """Parts of `amount` in proportion to `weights`, whole units each, that add up to it exactly.

    By largest remainder: what rounding down leaves goes, a unit each, to those who lost most by it (docs/domain.md 4).
    """
    total = sum(weights)
    if not total:
        return [Decimal(0) for _weight in weights]
    exact = [amount * weight / total for weight in weights]
    parts = [share.quantize(unit, ROUND_DOWN) for share in exact]
    missing = int((amount - sum(parts)) / unit)
    for i in sorted(range(len(parts)), key=lambda i: parts[i] - exact[i])[:missing]:
        parts[i] += unit
    return parts
