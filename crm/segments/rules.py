"""The rules of a segment: nested {"all" | "any" | "none": [...]}, with conditions {"condition": name, …} as leaves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Segment
from crm.segments.conditions import Condition, Params, conditions

GROUPS = {"all": gettext_lazy("all"), "any": gettext_lazy("any"), "none": gettext_lazy("none")}
JOINS = {"all": gettext_lazy("and"), "any": gettext_lazy("or"), "none": gettext_lazy("or")}
DEEPEST = 5
MOST = 100


class RulesError(ValueError):
    """The rules cannot be asked: a sentence for people. `path` is where: "" the outer group, "0-2" the third of its first."""

    def __init__(self, sentence: str, path: str = "") -> None:
        super().__init__(sentence)
        self.path = path


@dataclass(frozen=True)
class Leaf:
    condition: Condition
    params: Params
    path: str


@dataclass(frozen=True)
class Group:
    join: str
    path: str
    members: list["Node"] = field(default_factory=list)


Node = Leaf | Group


def parse(rules: object, path: str = "", depth: int = 1) -> Node:
    """Rules as kept, checked. Raises RulesError at the first thing that cannot be."""
    if not isinstance(rules, Mapping):
        raise RulesError(_("A rule is missing here."), path)
    if "condition" in rules:
        return parse_leaf(rules, path)
    join = next((name for name in GROUPS if name in rules), None)
    members = rules.get(join) if join else None
    if not isinstance(members, list):
        raise RulesError(_("A group needs “all”, “any” or “none”, with a list of conditions."), path)
    if not members:
        if depth == 1:
            raise RulesError(_("Nobody is asked for yet: add a first condition."), path)
        raise RulesError(_("This group is empty: add a condition, or take the group out."), path)
    if depth > DEEPEST:
        raise RulesError(_("Groups may lie %(deepest)s deep. Take one out.") % {"deepest": DEEPEST}, path)
    if depth == 1 and size(rules) > MOST:
        raise RulesError(_("A segment may have %(most)s conditions. Take some out.") % {"most": MOST}, path)
    group = Group(str(join), path)
    for number, member in enumerate(members):
        group.members.append(parse(member, f"{path}-{number}".lstrip("-"), depth + 1))
    return group


def parse_leaf(rules: Mapping[str, object], path: str) -> Leaf:
    name = str(rules["condition"])
    if name not in conditions:
        raise RulesError(_("There is no condition “%(name)s”. Take it out.") % {"name": name}, path)
    try:
        return Leaf(conditions[name], conditions[name].clean(rules), path)
    except ValidationError as error:
        raise RulesError(" ".join(error.messages), path) from None


def size(rules: object) -> int:
    """How many conditions there are, without looking at them."""
    if not isinstance(rules, Mapping):
        return 0
    if "condition" in rules:
        return 1
    return sum(size(member) for name in GROUPS for member in rules.get(name, ()) or ())


def leaves(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    else:
        for member in node.members:
            yield from leaves(member)


def as_json(node: Node) -> dict[str, object]:
    """The checked rules as they are kept; as_json(parse(rules)) = rules."""
    if isinstance(node, Leaf):
        return {"condition": node.condition.name, **{k: v for k, v in node.params.items() if v not in (None, "")}}
    return {node.join: [as_json(member) for member in node.members]}


def in_words(node: Node) -> str:
    """The rules as a sentence that completes “Customers who …”."""
    if isinstance(node, Leaf):
        return node.condition.in_words(node.params)
    said = f" {JOINS[node.join]} ".join(
        f"({in_words(member)})" if isinstance(member, Group) and len(member.members) > 1 else in_words(member)
        for member in node.members
    )
    return _("not (%(said)s)") % {"said": said} if node.join == "none" else said


def check(rules: object, segment: Segment | None = None) -> Node:
    """Parse the rules of `segment` before they are saved: it may not ask for itself, not even through others."""
    node = parse(rules)
    for leaf in leaves(node):
        if segment and segment.pk and leaf.condition.name == "segment":
            asked = str(leaf.params["segment"])
            if str(segment.public_id) in {asked, *asks_for(asked)}:
                raise RulesError(
                    _("That segment asks for this one: round and round it would go. Choose another."), leaf.path
                )
    return node


def asks_for(public_id: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """The segments that a segment asks for, itself or through others."""
    if public_id in seen:
        return set()
    segment = Segment.objects.filter(public_id=public_id).first()
    found = mentioned(segment.rules) if segment else set()
    return found.union(*(asks_for(other, seen | {public_id}) for other in found))


def mentioned(rules: object) -> set[str]:
    """The segments that rules name, as they are kept, checked or not."""
    if not isinstance(rules, Mapping):
        return set()
    if rules.get("condition") == "segment":
        return {str(rules.get("segment"))}
    return {each for name in GROUPS for member in rules.get(name, ()) or () for each in mentioned(member)}
