"""Who they are: a file a noun."""

from crm.models.consent import Consent, Suppression
from crm.models.customer import Customer, CustomerReference, Note
from crm.models.event import Event
from crm.models.imports import Import, Rejection
from crm.models.saved_view import SavedView
from crm.models.score import Due, Facts, Score, ScoringModel, Stage
from crm.models.segment import Membership, MembershipChange, Segment
from crm.models.shop import ExchangeRate, Shop
from crm.models.user import User

__all__ = [
    "Consent",
    "Customer",
    "CustomerReference",
    "Due",
    "Event",
    "ExchangeRate",
    "Facts",
    "Import",
    "Membership",
    "MembershipChange",
    "Note",
    "Rejection",
    "SavedView",
    "Score",
    "ScoringModel",
    "Segment",
    "Shop",
    "Stage",
    "Suppression",
    "User",
]
