"""From rules to queries. What is asked is written by the ORM alone; crm/sql.py puts it into the named statement."""

from collections.abc import Callable
from functools import reduce
from operator import and_, or_

from django.db import connection
from django.db.models import F, Q

from crm import sql
from crm.models import Customer, Segment
from crm.models.customer import CustomerQuerySet
from crm.segments.conditions import Among, Scope
from crm.segments.rules import Leaf, Node

JOIN: dict[str, Callable[[Q, Q], Q]] = {"all": and_, "any": or_, "none": or_}


def as_q(node: Node, scope: Scope) -> Q:
    if isinstance(node, Leaf):
        return node.condition.as_q(node.params, scope)
    said = reduce(JOIN[node.join], (as_q(member, scope) for member in node.members))
    return ~said if node.join == "none" else said


def members(node: Node, scope: Scope) -> CustomerQuerySet:
    """The identified customers who meet the rules. Visitors belong to no segment: nobody can write to them."""
    asked = Customer.objects.identified()
    if scope.customers is not None:
        asked = asked.filter(Among(F("pk"), scope.customers))
    return asked.filter(as_q(node, scope))


def difference(segment: Segment, node: Node, scope: Scope) -> tuple[int, int, int]:
    """Make the membership equal to the rules, in one statement. Returns (belong now, entered, left)."""
    asked = sql.written(members(node, scope).order_by().values("id"))
    customers = None if scope.customers is None else list(scope.customers)
    with connection.cursor() as cursor:
        sql.run(cursor, "segments/refresh", asked=asked, segment=segment.pk, customers=customers)
        size, entered, left = cursor.fetchone()
    return size, entered, left
