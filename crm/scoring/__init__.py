"""Score: what a customer's behaviour is worth. Facts, RFM and lifecycle stage, computed where the data lies.

Apps register an activity: a SQL view with the columns `customer_id, at, source_id, value, category_id, channel`: a row a
line (+), and one a return, cancellation or credit (-, at its own time, with its order's source_id; a credit has none).
Source: docs/domain.md 4.
"""

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Activity:
    name: str
    label: str | Promise
    view: str


activities: dict[str, Activity] = {}


def register(activity: Activity) -> None:
    activities[activity.name] = activity
