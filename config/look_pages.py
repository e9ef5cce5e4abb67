"""The pages that bin/look takes, each as one of those who see it. A new page is added here."""

from collections.abc import Callable
from dataclasses import dataclass

from django.apps import apps


@dataclass(frozen=True)
class Shot:
    """One page: as whom it is seen ("" is a stranger), and where it is: a path, a URL's name, or a question to the demo."""

    name: str
    role: str
    address: str | Callable[[], str]
    status: int = 200
    click: str = ""  # opened before the picture


def first(model: str, order: str, suffix: str = "", **which: object) -> Callable[[], str]:
    """The page of the first record of the demo in that order; `suffix` for a page below it."""

    def ask() -> str:
        found = apps.get_model(model).objects.filter(**which).order_by(order).first()
        return found.get_absolute_url() + suffix if found else ""

    return ask


def farewell() -> str:
    """The unsubscribe page of the last mail to somebody who still gets them."""
    from campaigns.answers import doors
    from campaigns.models import Delivery

    sent = Delivery.objects.filter(state="sent", unsubscribed_at=None).order_by("-sent_at").first()
    return doors.unsubscribe_path(sent.pk) if sent else ""


best = first("crm.Customer", "-facts__revenue", facts__stage=7)

PAGES = [
    Shot("login", "", "account_login"),
    Shot("forgotten", "", "account_reset_password"),
    Shot("home", "manager", "crm:home"),
    Shot("customers", "sales", "crm:customers"),
    Shot("customers-found", "sales", "/customers/?q=nguyen"),
    Shot("customers-none", "sales", "/customers/?q=nobody+of+that+name"),
    Shot("quick-look", "sales", "crm:customers", click="[data-look]"),
    Shot("customer", "sales", best),
    Shot("customer-why", "sales", best, click=".r-why"),
    Shot("customer-edit", "sales", first("crm.Customer", "-facts__revenue", "/edit", facts__stage=7)),
    Shot("customer-new", "sales", "crm:customer_new"),
    Shot("scores", "marketing", "crm:scores"),
    Shot("segments", "marketing", "crm:segments"),
    Shot("segment", "marketing", first("crm.Segment", "-size")),
    Shot("segment-new", "marketing", "crm:segment_new"),
    Shot("campaigns", "marketing", "campaigns:campaigns"),
    Shot("campaign-new", "marketing", "campaigns:new"),
    Shot("audience", "marketing", first("campaigns.Campaign", "-created_at", "audience", state="draft")),
    Shot("message", "marketing", first("campaigns.Campaign", "-created_at", "message", state="draft")),
    Shot("check", "marketing", first("campaigns.Campaign", "-created_at", "check", state="draft")),
    Shot("sending", "marketing", first("campaigns.Campaign", "-launched_at", "sending", state="finished")),
    Shot("result", "marketing", first("campaigns.Campaign", "-launched_at", "result", state="finished")),
    Shot("result-people", "marketing", first("campaigns.Campaign", "-launched_at", "people", state="finished")),
    Shot("unsubscribe", "", farewell),
    Shot("orders", "sales", "orders:orders"),
    Shot("order", "sales", first("orders.Order", "-placed_at", state="delivered")),
    Shot("order-open", "sales", first("orders.Order", "-placed_at", state="placed")),
    Shot("order-return", "sales", first("orders.Order", "-placed_at", "?ask=back", state="delivered")),
    Shot("order-cancel", "sales", first("orders.Order", "-placed_at", "?ask=cancel", state="placed")),
    Shot("order-entry", "sales", "orders:order_new"),
    Shot("products", "sales", "orders:products"),
    Shot("product-new", "sales", "orders:product_new"),
    Shot("inbox", "support", "support:inbox"),
    Shot("ticket", "support", first("support.Ticket", "-id", kind="complaint")),
    Shot("ticket-new", "support", "support:ticket_new"),
    Shot("kept-mails", "support", "support:kept"),
    Shot("contact", "", "support:contact"),
    Shot("imports", "manager", "crm:imports"),
    Shot("import-new", "manager", "crm:import_new"),
    Shot("import", "manager", first("crm.Import", "-id", state="done")),
    Shot("settings", "admin", "crm:settings"),
    Shot("users", "admin", "crm:users"),
    Shot("user-new", "admin", "crm:user_new"),
    Shot("profile", "sales", "crm:profile"),
    Shot("search", "sales", "/search?q=nguyen"),
    Shot("change-password", "sales", "account_change_password"),
    Shot("not-found", "sales", "/nothing-here/", status=404),
    Shot("forbidden", "sales", "crm:settings", status=403),
    Shot("mailbox", "marketing", "/mailbox/"),
    Shot("keys", "sales", "crm:customers", click="[popovertarget=keys-help]"),
    Shot("menu", "manager", "crm:home", click="[popovertarget=me-menu]"),
]
