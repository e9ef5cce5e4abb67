"""Orders: what customers bought, as an activity for scores, behaviour for the time line, a panel and a finder."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from crm import events, scoring
        from orders import conditions  # noqa: F401 - registers what segments can ask of orders

        scoring.register(scoring.Activity("purchases", _("Purchases"), "orders_purchase"))
        events.register(
            events.Kind(
                "order_placed", _("Order"), "shopping-bag", _("Ordered {number}, {value}"), "orders", app="orders"
            ),
            events.Kind(
                "order_confirmed", _("Order confirmed"), "check", _("Order {number} confirmed"), "orders", app="orders"
            ),
            events.Kind(
                "order_delivered",
                _("Order delivered"),
                "truck-delivery",
                _("Order {number} delivered"),
                "orders",
                app="orders",
            ),
            events.Kind(
                "order_cancelled",
                _("Order cancelled"),
                "x",
                _("Order {number} cancelled: {reason}"),
                "orders",
                app="orders",
            ),
            events.Kind(
                "item_returned",
                _("Return"),
                "refresh",
                _("Part of {number} came back, {value}"),
                "orders",
                app="orders",
            ),
            events.Kind(
                "credit", _("Credit"), "refresh", _("Credit without an order, {value}"), "orders", app="orders"
            ),
        )
