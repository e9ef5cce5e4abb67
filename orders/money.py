"""Amounts: as people type them, rounded to what one can pay (đồng have nothing below them, pounds have pence), spread."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from math import ceil

from babel import numbers

from crm.templatetags import regulars

LARGEST = Decimal(10) ** 12
MOST = Decimal(10) ** 6


def unit(currency: str) -> Decimal:
    """The smallest amount one can pay: 1 for VND, 0.01 for GBP."""
    return Decimal(1).scaleb(-numbers.get_currency_precision(currency))


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


def parse(text: str) -> Decimal:
    """An amount as people of the shop's country type it: 1.250.000 or 1250000 in Vietnam, 1,250.50 in Britain.

    Raises ValueError where it is none.
    """
    try:
        amount = numbers.parse_decimal(text.strip().rstrip("₫đ£$€ ").strip(), locale=regulars.form())
    except numbers.NumberFormatError as error:
        raise ValueError(text) from error
    if not amount.is_finite() or not -LARGEST < amount < LARGEST:
        raise ValueError(text)
    return amount


def quantity(text: str) -> Decimal:
    """So many pieces, or kilos with a point or a comma. Raises ValueError where it is no such number above 0."""
    try:
        found = Decimal(text.strip().replace(",", "."))
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not found.is_finite() or not 0 < found < MOST or found != found.quantize(Decimal("0.001")):
        raise ValueError(text)
    return found


def pieces_of(quantities: Iterable[Decimal]) -> dict[str, Decimal | int]:
    """How many pieces in all, and as a whole number, which chooses “piece” or “pieces”."""
    total = sum(quantities, Decimal(0))
    return {"pieces": total, "pieces_whole": ceil(total)}
