"""Why is this customer in a segment, or not? Each condition with its answer and the fact behind it."""

from dataclasses import dataclass

from django.db.models import BooleanField, Case, Value, When
from django.utils import timezone

from crm.models import Customer
from crm.segments import compile
from crm.segments.conditions import Scope
from crm.segments.rules import Group, Leaf, Node, in_words


@dataclass(frozen=True)
class Verdict:
    """A condition or group of the outer group: whether the customer meets it, and what is so."""

    sentence: str
    true: bool
    fact: str


@dataclass(frozen=True)
class Explanation:
    customer: Customer
    belongs: bool
    verdicts: list[Verdict]

    @property
    def false(self) -> int:
        return sum(not verdict.true for verdict in self.verdicts)


def explain(node: Node, customer: Customer) -> Explanation:
    """All conditions are asked in one query; members of a group are told in one line."""
    scope = Scope(timezone.now(), [customer.pk])
    parts = parts_of(node)
    asked = {f"part_{number}": answer(part, scope) for number, part in enumerate(parts)}
    asked["belongs"] = answer(node, scope)
    row = dict(Customer.objects.filter(pk=customer.pk).values(**asked).get())
    verdicts = [
        Verdict(in_words(part), bool(row[f"part_{number}"]), fact_of(part, customer))
        for number, part in enumerate(parts)
    ]
    return Explanation(customer, bool(row["belongs"]) and customer.registered_at is not None, verdicts)


def parts_of(node: Node) -> list[Node]:
    """What is told in a line each: the members of an outer “all”, else the whole."""
    return node.members if isinstance(node, Group) and node.join == "all" else [node]


def answer(node: Node, scope: Scope) -> Case:
    return Case(When(compile.as_q(node, scope), then=Value(True)), default=Value(False), output_field=BooleanField())


def fact_of(node: Node, customer: Customer) -> str:
    if isinstance(node, Leaf):
        return node.condition.fact(customer, node.params)
    facts = dict.fromkeys(fact_of(member, customer) for member in node.members)
    return "; ".join(fact for fact in facts if fact)
