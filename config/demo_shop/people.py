"""Invented customers: who they are, how they write themselves, and how they tend to buy."""

import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from config.demo_shop import names
from crm.channels import Channel, MessageStyle

DAY = timedelta(days=1)


def plain(text: str) -> str:
    """Without marks, as people type addresses."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@dataclass
class Person:
    """A customer to be written, with the hidden habits that make the orders."""

    id: int
    kind: str
    name: str
    email: str
    phone: str
    address: str
    city: str
    language: str
    source: str
    registered_at: datetime | None
    preferred_channel: str = ""
    preferred_style: str = ""
    tags: list[str] = field(default_factory=list)
    consents: bool = False
    # Habits: orders a year, when they stop, how much they spend, how readily they answer mails, the products they like.
    rate: float = 0.0
    until: datetime | None = None
    spends: float = 1.0
    answers: float = 0.3
    favourite: int = 0


class People:
    """Makes customers one after another; the same seed makes the same."""

    def __init__(self, random: Random, now: datetime, years: int = 3) -> None:
        self.random, self.now, self.years = random, now, years
        self.surnames = _weighted(names.SURNAMES)
        self.cities = _weighted({city: share for city, (share, _also) in names.CITIES.items()})
        self.sources = _weighted(names.SOURCES)
        self.taken: dict[str, int] = {}

    def customer(self, number: int) -> Person:
        random = self.random
        kind, name, language = self._name()
        # More of them came lately: the shop grows.
        registered = (
            self.now
            - self.years * 365 * DAY * (1 - random.random() ** 0.75)
            - timedelta(seconds=random.random() * 36000)
        )
        city, also = self._pick(self.cities), None
        if random.random() < 0.07 and names.CITIES[city][1]:
            also = random.choice(names.CITIES[city][1])
        alive = random.expovariate(1 / 520.0)
        return Person(
            id=number,
            kind=kind,
            name=name,
            email=self._email(name),
            phone=f"+84{random.choice(names.MOBILE_PREFIXES)}{random.randrange(10**7):07d}"
            if random.random() < 0.86
            else "",
            address=f"{random.randrange(1, 260)} {random.choice(names.STREETS)}" if random.random() < 0.7 else "",
            city=also or city,
            language=language,
            source=self._pick(self.sources),
            registered_at=registered,
            preferred_channel=random.choice([Channel.EMAIL, Channel.EMAIL, Channel.MESSENGER, Channel.PHONE, ""]),
            preferred_style=random.choice([MessageStyle.RATIONAL, MessageStyle.EMOTIONAL, "", ""]),
            tags=[
                tag
                for tag, share in (("sỉ", 0.03), ("VIP", 0.02), ("hội chợ", 0.03), ("quà Tết", 0.08))
                if random.random() < share
            ],
            consents=random.random() < 0.8,
            rate=min(random.gammavariate(0.7, 3.6) * (1.8 if kind == "organisation" else 1.0), 40),
            until=registered + timedelta(days=30 + alive * 1.6),
            spends=random.lognormvariate(0, 0.45) * (2.2 if kind == "organisation" else 1.0),
            answers=random.betavariate(1.4, 3.2),
            favourite=random.randrange(1000),
        )

    def again(self, person: Person, number: int) -> Person:
        """The same person once more, as an untidy second record: what duplicates look like in life."""
        random = self.random
        words = plain(person.name) if random.random() < 0.6 else person.name.lower()
        if random.random() < 0.25:
            words = " ".join(reversed(words.split()))
        same_phone = random.random() < 0.6
        return replace(
            person,
            id=number,
            name=words,
            email=person.email if random.random() < 0.45 else person.email.replace("example.com", "exampel.com"),
            phone=person.phone if same_phone else "",
            address="",
            source=self._pick(self.sources),
            registered_at=min(self.now - DAY, person.registered_at + random.random() * 400 * DAY)
            if person.registered_at
            else None,
            rate=person.rate * 0.3,
            tags=[],
        )

    def visitor(self, number: int) -> Person:
        return Person(number, "person", "", "", "", "", "", "", self._pick(self.sources), None)

    def _name(self) -> tuple[str, str, str]:
        random, dice = self.random, self.random.random()
        if dice < 0.06:
            return (
                "organisation",
                random.choice(names.ORGANISATIONS).format(random.choice(names.ORGANISATION_WORDS)),
                "vi",
            )
        if dice < 0.16:
            return "person", f"{random.choice(names.ENGLISH_GIVEN)} {random.choice(names.ENGLISH_SURNAMES)}", "en"
        if dice < 0.66:
            middle, given = random.choice(names.MIDDLE_FEMALE), random.choice(names.GIVEN_FEMALE)
        else:
            middle, given = random.choice(names.MIDDLE_MALE), random.choice(names.GIVEN_MALE)
        full = f"{self._pick(self.surnames)} {middle} {given}"
        return "person", full.lower() if random.random() < 0.02 else full, "vi"

    def _email(self, name: str) -> str:
        random = self.random
        if random.random() < 0.08:
            return ""
        words = [word for word in plain(name).lower().replace("'", "").split() if word.isalnum()]
        local = ".".join(words[-2:]) if random.random() < 0.5 else "".join(words[1:] + words[:1])
        seen = self.taken[local] = self.taken.get(local, 0) + 1
        number = f"{seen}" if seen > 1 else ""
        return f"{local}{number}@{random.choice(names.MAIL_DOMAINS)}"

    def _pick(self, weighted: tuple[list[str], list[int]]) -> str:
        return self.random.choices(weighted[0], cum_weights=weighted[1])[0]


def _weighted(shares: dict[str, int]) -> tuple[list[str], list[int]]:
    return list(shares), list(accumulate(shares.values()))
