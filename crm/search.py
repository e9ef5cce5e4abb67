"""Whom a few letters or digits mean, the likeliest first.

Each step walks one index and stops at the limit; later steps run only while earlier ones have not filled it.
"""

from collections.abc import Callable

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import QuerySet, Value

from crm import phones
from crm.models import Customer, CustomerReference, Shop
from crm.models.customer import Fold

# Of very many who match only so many are compared: who types more finds more.
COMPARED = 200
Step = Callable[[str], QuerySet]


def customers(text: str, limit: int) -> list[Customer]:
    """At most `limit` customers: the very address, number or id; names that begin so; numbers that do; names that hold it."""
    text = " ".join(text.replace("\0", "").split())[:100]
    if not text:
        return []
    found: dict[int, None] = {}
    for step in (same_email, same_phone, same_reference, name_begins, phone_begins, email_begins, name_holds):
        found.update(dict.fromkeys(step(text)[:limit]))
        if len(found) >= limit:
            break
    ids = list(found)[:limit]
    known = Customer.objects.select_related("facts").prefetch_related("references").in_bulk(ids)
    return [known[pk] for pk in ids if pk in known]


def same_email(text: str) -> QuerySet:
    if "@" not in text:
        return Customer.objects.none()
    return _ids(Customer.objects.filter(email_key=text.lower()).exclude(email=""))


def same_phone(text: str) -> QuerySet:
    if len(phones.digits(text)) < 8:
        return Customer.objects.none()
    try:
        number = phones.parse(text, Shop.current().country)
    except ValueError:
        return Customer.objects.none()
    return _ids(Customer.objects.filter(phone=number).exclude(phone=""))


def same_reference(text: str) -> QuerySet:
    return CustomerReference.objects.filter(external_id=text).values_list("customer", flat=True)


def name_begins(text: str) -> QuerySet:
    """One or two letters are enough here: the index is in the order of names."""
    return (
        Customer.objects.filter(search_name__startswith=Fold(Value(text)))
        .order_by("search_name", "pk")
        .values_list("pk", flat=True)
    )


def phone_begins(text: str) -> QuerySet:
    """0903 41 is +8490341: at home a number begins with the code of the shop's country."""
    digits = phones.digits(text)
    if len(digits) < 2 or any(letter.isalpha() for letter in text):
        return Customer.objects.none()
    code = phones.country_code(Shop.current().country)
    abroad = text.startswith(("+", str(code)))
    begins = f"+{digits}" if abroad else f"+{code}{digits}"
    found = Customer.objects.filter(phone__startswith=begins).exclude(phone="")
    return found.order_by("phone", "pk").values_list("pk", flat=True)


def email_begins(text: str) -> QuerySet:
    return _ids(Customer.objects.filter(email_key__startswith=text.lower()).exclude(email=""))


def name_holds(text: str) -> QuerySet:
    """Names with every word, in any order, the most alike first; and numbers that hold the digits. Trigrams need three letters."""
    words = [word for word in text.split() if len(word) >= 3]
    digits = phones.digits(text)
    if words and not digits:
        holds = Customer.objects.all()
        for word in words:
            holds = holds.filter(search_name__contains=Fold(Value(word)))
    elif len(digits) >= 4:
        holds = Customer.objects.filter(phone__contains=digits)
    else:
        return Customer.objects.none()
    some = Customer.objects.filter(pk__in=holds.order_by().values("pk")[:COMPARED])
    alike = TrigramSimilarity("search_name", Fold(Value(text)))  # type: ignore[arg-type]
    return some.order_by(alike.desc(), "pk").values_list("pk", flat=True)


def _ids(customers: QuerySet) -> QuerySet:
    return customers.order_by().values_list("pk", flat=True)
