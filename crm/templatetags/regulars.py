"""How the product writes: money, days, phones, figures in the shop's form; icons, initials, links that keep the query.

Built into every template (settings.TEMPLATES), so that none needs {% load %}.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from time import monotonic
from typing import Literal, TypeGuard
from uuid import UUID
from zlib import crc32

from babel import Locale, UnknownLocaleError, dates, numbers
from django import template
from django.core.signals import request_started
from django.http import HttpRequest
from django.template import RequestContext
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm import phones
from crm.channels import Channel
from crm.models import Shop

register = template.Library()

NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
TINTS = 5
THOUSANDS_FROM, MILLION = 10_000, 1_000_000

Figure = (
    Decimal | float | Literal[""] | None
)  # "" is what Django gives a filter for a name that the context does not have
Moment = datetime | Literal[""] | None
Day = date | datetime | Literal[""] | None


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the sprite (static/icons.txt).

    size: "sm" for 16 px. label: what a screen reader says; without one the icon is decoration.
    """
    css = "r-icon r-icon-sm" if size == "sm" else "r-icon"
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html('<svg class="{}" {}><use href="{}#{}"/></svg>', css, said, static("vendor/icons.svg"), name)


@register.filter
def money(amount: Figure, currency: str = "") -> str:
    """1.250.000 ₫: in the shop's currency unless another is told, in the form of the shop's country."""
    if not known(amount):
        return ""
    text = numbers.format_currency(amount, currency or shop().currency, locale=form())
    return text.replace("-", MINUS)


@register.filter
def short_money(amount: Figure) -> str:
    """1,3 m ₫ or 311 k ₫: an amount of the shop's currency where there is little room, as in a cell of the heat map."""
    if not known(amount):
        return ""
    size = max(amount, -amount)
    if size < THOUSANDS_FROM:
        return money(amount)
    if size < MILLION:
        text = _("%(figure)s k %(currency)s")
        figure = numbers.format_decimal(float(amount) / 1e3, format="#,##0", locale=form())
    else:
        text = _("%(figure)s m %(currency)s")
        figure = numbers.format_decimal(float(amount) / 1e6, format="#,##0.0", locale=form())
    sign = numbers.get_currency_symbol(shop().currency, locale=form())
    return (text % {"figure": figure, "currency": sign}).replace(" ", NO_BREAK).replace("-", MINUS)


@register.filter
def count(number: Figure) -> str:
    """13.986: a figure with the groups of the shop's country."""
    return numbers.format_decimal(number, locale=form()).replace("-", MINUS) if known(number) else ""


@register.filter
def percent(share: Figure, digits: int = 0) -> str:
    """82 %: a share between 0 and 1 as per cent."""
    if not known(share):
        return ""
    pattern = "0." + "0" * digits if digits else "0"
    return numbers.format_decimal(share * 100, format=pattern, locale=form()).replace("-", MINUS) + NO_BREAK + "%"


@register.filter
def signed(number: Figure, digits: int = 0) -> str:
    """+8,2 or −2,3: a change, with its sign."""
    if not known(number):
        return ""
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    text = numbers.format_decimal(max(number, -number), format=pattern, locale=form())
    sign = "" if round(number, digits) == 0 else "+" if number > 0 else MINUS
    return sign + text


@register.filter
def day(at: Day) -> str:
    """24/11/2026, in the shop's time zone."""
    return dates.format_date(local(at), day_pattern(form()), locale=form()) if at else ""


@register.filter
def short_day(at: Day) -> str:
    """24/11 in this year, 24/11/2025 in another."""
    if not at:
        return ""
    year = local(at).year
    return day(at).replace(str(year), "").strip("/.- ") if year == local(timezone.now()).year else day(at)


@register.filter
def month(at: Day) -> str:
    """11/2026."""
    return f"{local(at):%m/%Y}" if at else ""


@register.filter
def clock(at: Moment) -> str:
    """09:42, in the shop's time zone."""
    return "" if not at else f"{local(at):%H:%M}"


@register.filter
def moment(at: Moment) -> str:
    """24/11/2026, 09:42, in the shop's time zone."""
    return "" if not at else f"{day(at)}, {clock(at)}"


@register.filter
def brief(at: Moment) -> str:
    """09:42 today, 24/11 in this year, 24/11/2025 before: for lists."""
    if not at:
        return ""
    return clock(at) if day(at) == day(timezone.now()) else short_day(at)


@register.filter
def iso(at: Day) -> str:
    """For <time datetime="…">."""
    if not at:
        return ""
    return at.astimezone(shop().zone).isoformat(timespec="minutes") if isinstance(at, datetime) else at.isoformat()


@register.filter
def phone(number: str | None) -> str:
    """0903 418 265: as people of the shop's country write it."""
    return phones.national(number, shop().country) if number else ""


@register.filter
def initials(name: object) -> str:
    """NÁ for Nguyễn Thị Hồng Ánh: the first letters of the first and the last word."""
    words = [word for word in str(name or "").split() if word[0].isalnum()]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else "?"


@register.filter
def tint(key: UUID | str | int | None) -> int:
    """1 to 5: the avatar tint of a record, always the same for the same key."""
    return crc32(str(key or "").encode()) % TINTS + 1


@register.simple_tag(takes_context=True)
def query_with(context: RequestContext, **changes: object) -> str:
    """?stage=7&sort=name: this page's query string with some keys changed; an empty value takes its key out."""
    query = context.request.GET.copy()
    for key, value in changes.items():
        if value in (None, ""):
            query.pop(key, None)
        else:
            query[key] = str(value)
    return "?" + query.urlencode()


@register.filter
def plain(number: Figure, factor: float = 1) -> str:
    """72.5: a figure for SVG and data attributes, with a point in every language; × factor."""
    return f"{float(number or 0) * factor:.2f}".rstrip("0").rstrip(".")


@register.filter
def share_of(part: Figure, whole: Figure) -> float:
    """part ÷ whole, 0 where there is no whole: {{ part|share_of:whole|percent }}."""
    return float(part or 0) / float(whole) if whole else 0.0


@register.simple_tag
def sparkline(values: Sequence[float], label: str = "") -> SafeString:
    """A line of 96 × 32 without axes. label: what it shows, for those who do not see it."""
    low, high = min(values), max(values)
    step = 96 / max(len(values) - 1, 1)
    spots = [(i * step, 28 - (24 * (float(v) - float(low)) / (float(high - low) or 1))) for i, v in enumerate(values)]
    line = " L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    return format_html(
        '<svg class="r-spark" viewBox="0 0 96 32" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path class="r-spark-area" d="M0 32 L{} L96 32 Z"/>'
        '<path class="r-spark-line" vector-effect="non-scaling-stroke" d="M{}"/></svg>',
        label,
        line,
        line,
    )


@register.filter
def attr(record: object, name: str) -> object:
    """record.name or record[name]: for columns chosen by name."""
    return record.get(name) if isinstance(record, Mapping) else getattr(record, name, None)


@register.filter
def is_here(address: str, request: HttpRequest) -> bool:
    """Whether this page belongs to the entry of the navigation at `address`: it is that page or lies below it."""
    return request.path == address or (address != "/" and request.path.startswith(address))


@register.filter
def first_entries(groups: Sequence[Sequence[object]] | None, how_many: int) -> list[object]:
    """The first entries of the navigation: the bottom bar of phones has room for four."""
    return [entry for group in groups or () for entry in group][:how_many]


CHANNEL_ICONS = {
    Channel.EMAIL: "mail", Channel.WEBSITE: "world", Channel.PHONE: "phone", Channel.POST: "mailbox",
    Channel.IN_PERSON: "building-store", Channel.FAX: "printer", Channel.MESSENGER: "message",
}  # fmt: skip


@register.filter
def channel_icon(channel: str) -> str:
    """The icon of a channel (docs/domain.md 1)."""
    return CHANNEL_ICONS.get(Channel(channel), "message") if channel in Channel.values else "message"


@register.simple_tag
def score_words(r: int, f: int, m: int) -> str:
    """What a screen reader says for a score chip."""
    return _("Recency %(r)s, frequency %(f)s, money %(m)s") % {"r": r, "f": f, "m": m}


def known(figure: Figure) -> TypeGuard[Decimal | float]:
    return figure is not None and figure != ""


def form() -> Locale:
    """The written form of the shop's country, in its own language: vi_VN, en_GB."""
    return form_of(shop().language, shop().country)


@cache
def form_of(language: str, country: str) -> Locale:
    try:
        return Locale.parse(f"{language}_{country}")
    except (ValueError, LookupError, UnknownLocaleError):  # en_VN: English is a language of no such country
        return Locale.parse(language)


@cache
def day_pattern(form: Locale) -> str:
    """The order and the signs of the country, with two figures for day and month and all of the year."""
    short = form.date_formats["short"].pattern
    return re.sub("y+", "y", re.sub("M+", "MM", re.sub("d+", "dd", short)))


def local(at: date | datetime) -> date | datetime:
    """A moment as the shop's clocks show it; a day stays a day."""
    return at.astimezone(shop().zone) if isinstance(at, datetime) else at


_kept: tuple[float, Shop] | None = None


def shop() -> Shop:
    """The shop, read once a request (once a second elsewhere), because a page writes hundreds of amounts."""
    global _kept
    if _kept is None or monotonic() - _kept[0] > 1:
        _kept = monotonic(), Shop.current()
    return _kept[1]


def forget_shop(**kwargs: object) -> None:
    global _kept
    _kept = None


request_started.connect(forget_shop)
