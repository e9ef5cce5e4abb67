"""A segment with a condition on behaviour: the difference into its members; the limit is the bare statement."""

from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from crm.models import Membership, MembershipChange, ScoringModel, Segment
from crm.segments.refresh import refresh
from tests.bench.measure import Row, in_turns

BARE = """
with want as materialized (
    select s.customer_id from crm_score s where s.model_id = %(model)s and s.r >= 3
        and exists (select from crm_event e where e.customer_id = s.customer_id and e.kind = 'mail_opened'
            and e.properties ->> 'agent' = 'human'
            and e.at >= %(now)s::timestamptz - interval '365 days')
),
entered as (
    insert into crm_membership (segment_id, customer_id) select %(segment)s, customer_id from want w
    where not exists (select from crm_membership m where m.segment_id = %(segment)s and m.customer_id = w.customer_id)
    on conflict do nothing returning customer_id
),
gone as (
    delete from crm_membership m where segment_id = %(segment)s
        and not exists (select from want w where w.customer_id = m.customer_id) returning customer_id
),
log as (
    insert into crm_membershipchange (segment_id, customer_id, entered)
    select %(segment)s, customer_id, true from entered union all select %(segment)s, customer_id, false from gone
)
select (select count(*) from entered), (select count(*) from gone)
"""


def segment(scale: int) -> Iterator[Row]:
    rules = {
        "all": [
            {"condition": "score", "measure": "r", "model": "statistical", "compare": "at_least", "class": 3},
            {"condition": "event", "kind": "mail_opened", "compare": "at_least", "times": 1, "days": 365},
        ]
    }
    ours_one, _made = Segment.objects.get_or_create(name="bench: ours", defaults={"rules": rules})
    bare_one, _made = Segment.objects.get_or_create(
        name="bench: bare", defaults={"rules": {"all": []}, "error": "bench"}
    )
    parameters = {"model": ScoringModel.statistical().pk, "segment": bare_one.pk, "now": timezone.now()}

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute(BARE, parameters)

    def empty(of: Segment) -> None:
        Membership.objects.filter(segment=of).delete()
        MembershipChange.objects.filter(segment=of).delete()

    entering = in_turns(
        lambda: refresh(ours_one), bare, before_ours=lambda: empty(ours_one), before_limit=lambda: empty(bare_one)
    )
    yield Row("segment:entering", scale, *entering, "s", 1.3)
    yield Row("segment:unchanged", scale, *in_turns(lambda: refresh(ours_one), bare), "s", 1.3)
    empty(ours_one), empty(bare_one)
    Segment.objects.filter(pk__in=[ours_one.pk, bare_one.pk]).delete()
