"""The builder's form: a draft of rules as fields, what its buttons do to it, and its rows as the page draws them.

A draft is rules that nobody checked yet. Fields are named by the place in the tree: `join:0` (a group), `condition:0-1`
(a condition), `value:0-1:number` (its parameter); the outer group is `join:`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import Formatter

from django.http import QueryDict

from crm.segments.conditions import Choice, Choices, Condition, Parameter, conditions
from crm.segments.rules import DEEPEST, GROUPS, JOINS, MOST, RulesError, parse

Draft = dict[str, object]
EMPTY: Draft = {"all": []}


def read(form: QueryDict) -> Draft:
    """The draft in a form that was sent."""
    places = sorted({key.split(":")[1] for key in form if key.startswith(("join:", "condition:"))}, key=order)
    return _read(form, places[: 2 * MOST + DEEPEST], "")


def _read(form: QueryDict, places: list[str], path: str) -> Draft:
    name = form.get(f"condition:{path}")
    if name:
        draft: Draft = {"condition": name}
        for parameter in conditions[name].parameters if name in conditions else ():
            key = f"value:{path}:{parameter.name}"
            draft[parameter.name] = form.getlist(key) if parameter.widget == "checks" else form.get(key, "")
        return draft
    join = form.get(f"join:{path}", "all")
    depth = path.count("-") + 1 if path else 0
    inner = [place for place in places if place and place.count("-") == depth and is_in(place, path)]
    return {join if join in GROUPS else "all": [_read(form, places, place) for place in inner]}


def is_in(place: str, path: str) -> bool:
    return not path or place.startswith(f"{path}-")


def order(place: str) -> list[int]:
    return [int(part) for part in place.split("-") if part.isdecimal()]


def change(draft: Draft, action: str, form: QueryDict) -> None:
    """What a button of the builder does: `add:PATH`, `group:PATH`, `remove:PATH`. A place that is not there changes nothing."""
    verb, _colon, path = action.partition(":")
    place = order(path)
    group = members_at(draft, place[:-1] if verb == "remove" else place)
    if group is None:
        return
    if verb == "remove" and place and place[-1] < len(group):
        del group[place[-1]]
    elif verb == "group":
        group.append({"any": []})
    elif verb == "add" and (name := str(form.get(f"new:{path}"))) in conditions:
        group.append(_begun(name))


def _begun(name: str) -> Draft:
    """A new condition: “at least” and the like stand there already, what only the marketer can know is open."""
    begun: Draft = {"condition": name}
    for each in conditions[name].parameters:
        if isinstance(each, Choice) and not callable(each.of) and each.widget == "select" and not each.optional:
            begun[each.name] = each.of[0][0]
    return begun


def members_at(draft: Draft, path: list[int]) -> list[Draft] | None:
    """What a group holds; None where no group is."""
    found = find(draft, path)
    return None if found is None or "condition" in found else members(found)


def find(draft: Draft, path: list[int]) -> Draft | None:
    for number in path:
        if "condition" in draft or number >= len(members(draft)):
            return None
        draft = members(draft)[number]
    return draft


def members(group: Draft) -> list[Draft]:
    found = next(group[name] for name in GROUPS if name in group)
    assert isinstance(found, list)  # noqa: S101 - drafts are made here
    return found


# Rows of the page


@dataclass(frozen=True)
class Word:
    """A piece of a sentence: plain text, or a parameter to fill in."""

    text: str = ""
    parameter: Parameter | None = None
    name: str = ""
    value: object = ""
    choices: Choices = ()

    @property
    def id(self) -> str:
        return self.name.replace(":", "-")

    @property
    def size(self) -> int:
        """Letters that an input makes room for."""
        least, most = (2, 14) if self.parameter and self.parameter.widget == "number" else (10, 32)
        return min(max(len(str(self.value)), least), most)

    @property
    def is_known(self) -> bool:
        return str(self.value) in {value for value, _label in self.choices}

    @property
    def chosen(self) -> list[str]:
        return [str(each) for each in self.value] if isinstance(self.value, list) else [str(self.value)]


@dataclass
class Row:
    """A condition (with `words`) or a group (with `join` and `rows`); `word` stands between it and the row before."""

    path: str
    word: str = ""
    join: str = ""
    condition: str = ""
    label: str = ""
    words: list[Word] = field(default_factory=list)
    rows: list["Row"] = field(default_factory=list)
    error: str = ""
    unfinished: bool = False  # what is wrong is only that something is not filled in yet
    passes: int | None = None  # so many customers meet it alone
    deep: bool = False  # no further group may lie in it

    @property
    def id(self) -> str:
        return self.path or "all"


def rows(draft: Draft, path: str = "", word: str = "", depth: int = 1) -> Row:
    if "condition" in draft:
        return _condition_row(draft, path, word)
    join = next(name for name in GROUPS if name in draft)
    row = Row(path, word, join, deep=depth >= DEEPEST)
    for number, member in enumerate(members(draft)):
        between = str(JOINS[join]) if number else ""
        row.rows.append(rows(member, f"{path}-{number}".lstrip("-"), between, depth + 1))
    return row


def _condition_row(draft: Draft, path: str, word: str) -> Row:
    condition = conditions.get(str(draft["condition"]))
    name = str(draft["condition"])
    row = Row(path, word, condition=name, label=str(condition.label if condition else name))
    if condition:
        row.words = list(_words(condition, draft, path))
    try:
        parse(draft, path)
    except RulesError as error:
        row.error = str(error)
        asked = [word for word in row.words if word.parameter and not word.parameter.optional]
        row.unfinished = any(word.value in ("", []) for word in asked)
    return row


def _words(condition: Condition, draft: Mapping[str, object], path: str) -> Iterator[Word]:
    by_name = {parameter.name: parameter for parameter in condition.parameters}
    for text, name, _format, _conversion in Formatter().parse(str(condition.sentence)):
        if text.strip():
            yield Word(text.strip())
        if name:
            parameter = by_name[name]
            value = draft.get(name, [] if parameter.widget == "checks" else "")
            yield Word("", parameter, f"value:{path}:{name}", value, parameter.choices())


def each(row: Row) -> Iterator[Row]:
    yield row
    for inner in row.rows:
        yield from each(inner)


def menu() -> dict[str, list[tuple[str, str]]]:
    """The conditions one can add, by group."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for condition in conditions.values():
        groups.setdefault(str(condition.group), []).append((condition.name, str(condition.label)))
    return groups


# Drafts to start from


def from_address(query: QueryDict) -> Draft:
    """A cell of the heat map, or the filter of the customer list, as a draft: `model=statistical&r=5&f=4`, `stage=7`."""
    found: list[Draft] = []
    compare = "at_least" if query.get("compare") == "at_least" else "exactly"
    for measure in "rfm":
        classes: list[Draft] = [
            {"condition": "score", "measure": measure, "model": query.get("model", "statistical"), "compare": compare, "class": number}
            for number in query.get(measure, "").split(",") if number.isdecimal()
        ]  # fmt: skip
        found += classes if len(classes) < 2 else [{"any": classes}]
    stages = [stage for stage in query.get("stage", "").split(",") if stage.isdecimal()]
    if stages:
        found.append({"condition": "stage", "stages": stages})
    for key, name, parameter in (
        ("segment", "segment", "segment"), ("city", "city", "cities"), ("tag", "tag", "tag"), ("owner", "owner", "owner"),
        ("source", "source", "source"),
    ):  # fmt: skip
        if query.get(key):
            found.append({"condition": name, parameter: query[key]})
    if query.get("consent"):
        found.append({"condition": "consent", "state": "agreed", "channel": query["consent"]})
    if query.get("spent_over"):
        found.append({"condition": "revenue", "compare": "at_least", "amount": query["spent_over"]})
    if query.get("q"):
        found.append({"condition": "name", "text": query["q"]})
    return {"all": found}
