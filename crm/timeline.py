"""The time line: all that a customer did and what was done for them, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlencode

from babel import dates
from django.db.models import Count
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from crm import events
from crm.channels import Channel
from crm.models import Customer, Event, Note, User
from crm.templatetags import regulars

SIZE = 30
GROUPS = {
    "orders": (gettext_lazy("Orders"), "shopping-bag", "good"),
    "messages": (gettext_lazy("Messages"), "mail", "mail"),
    "tickets": (gettext_lazy("Tickets"), "ticket", "wait"),
    "visits": (gettext_lazy("Visits"), "eye", ""),
    "notes": (gettext_lazy("Notes"), "note", ""),
}


@dataclass(frozen=True)
class Entry:
    """A line of the time line. `words`: the sentence, with what matters in bold; `note`: with its full text."""

    at: datetime
    when: str
    icon: str
    tone: str
    words: SafeString
    url: str | None
    note: Note | None


@dataclass(frozen=True)
class Period:
    """A day or a month with its entries."""

    heading: str
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    periods: list[Period]
    older: str  # the query string of what comes next; empty at the end


@dataclass(frozen=True)
class Filter:
    name: str
    label: str
    icon: str
    count: int


def filters(customer: Customer) -> list[Filter]:
    """Everything first, then each group that has something."""
    counts = dict(Event.objects.filter(customer=customer).values_list("kind").annotate(number=Count("*")))
    groups: dict[str, int] = {}
    for kind, number in counts.items():
        if kind in events.kinds:
            group = events.kinds[kind].group
            groups[group] = groups.get(group, 0) + number
    shown = [
        Filter(name, str(label), icon, groups[name]) for name, (label, icon, _tone) in GROUPS.items() if name in groups
    ]
    return [Filter("", _("Everything"), "", sum(groups.values())), *shown]


def page(
    customer: Customer, user: User, *, group: str = "", until: datetime | None = None, seen: int = 0, size: int = SIZE
) -> Page:
    """Entries up to `until`, of which `seen` at that very instant were shown before: a place that holds no ids."""
    found = Event.objects.filter(customer=customer, kind__in=_kinds(group))
    if until is not None:
        found = found.filter(at__lte=until)
    rows = list(found.order_by("-at", "-id")[seen : seen + size + 1])
    shown = rows[:size]
    older = ""
    if len(rows) > size:
        last = shown[-1].at
        same = sum(row.at == last for row in shown) + (seen if until == last else 0)
        older = urlencode({"group": group, "until": last.isoformat(), "seen": same})
    return Page(_by_period(shown, user), older)


def _kinds(group: str) -> list[str]:
    return [kind.name for kind in events.kinds.values() if not group or kind.group == group]


def _by_period(rows: Iterable[Event], user: User) -> list[Period]:
    rows = list(rows)
    numbers = [row.object_id for row in rows if row.kind == "note"]
    notes = {note.pk: note for note in Note.objects.filter(pk__in=numbers).select_related("by")} if numbers else {}
    zone = regulars.shop().zone
    today = timezone.localdate(timezone=zone)
    periods: list[Period] = []
    for row in rows:
        day = timezone.localdate(row.at, zone)
        heading = _heading(day, today)
        if not periods or periods[-1].heading != heading:
            periods.append(Period(heading))
        periods[-1].entries.append(
            _entry(row, notes.get(row.object_id) if row.kind == "note" else None, day, today, user)
        )
    return periods


def _entry(row: Event, note: Note | None, day: date, today: date, user: User) -> Entry:
    kind = events.kinds[row.kind]
    url = kind.link(row)
    return Entry(
        at=row.at,
        when=regulars.clock(row.at) if day == today else f"{regulars.short_day(row.at)}, {regulars.clock(row.at)}",
        icon=kind.icon,
        tone=GROUPS.get(kind.group, ("", "", ""))[2],
        words=_note_words(note) if note else _sentence(row, kind),
        url=url if url and may_enter(user, url) else None,
        note=note,
    )


def _note_words(note: Note) -> SafeString:
    return format_html(
        conditional_escape(_("Note by {name}")), name=format_html("<b>{}</b>", note.by or _("someone who left"))
    )


class _Words(dict[str, SafeString]):
    """A property that an event lacks leaves a blank, so that old events are still shown."""

    def __missing__(self, key: str) -> SafeString:
        return SafeString("")


def _sentence(row: Event, kind: events.Kind) -> SafeString:
    words = _Words({key: format_html("<b>{}</b>", value) for key, value in row.properties.items()})
    if row.channel in Channel.values:
        words["channel"] = format_html("<b>{}</b>", Channel(row.channel).label)
    if row.value is not None:
        words["value"] = conditional_escape(regulars.money(row.value))
    return SafeString(str(conditional_escape(str(kind.sentence))).format_map(words))


def _heading(day: date, today: date) -> str:
    """Today with its date, the rest of this month, then month by month."""
    language = get_language()
    if day == today:
        return _("Today, %(day)s") % {"day": regulars.day(day)}
    if day > today:
        return _("Later")
    if (day.year, day.month) == (today.year, today.month):
        return _("Earlier in %(month)s") % {"month": dates.format_date(day, "LLLL", locale=language)}
    form = "LLLL" if day.year == today.year else "LLLL yyyy"
    text = dates.format_date(day, form, locale=language)
    return text[:1].upper() + text[1:]


def may_enter(user: User, url: str) -> bool:
    """Whether the page at `url` is open to this person: a link that ends at a closed door is none."""
    try:
        access = getattr(resolve(url.partition("?")[0]).func, "access", "staff")
    except Resolver404:
        return False
    return access in ("staff", "public") or user.has_perm(f"crm.{access}")
