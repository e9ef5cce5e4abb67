"""Orders: what customers bought, as an activity for scores, behaviour for the time line, a panel and a finder."""

from django.apps import AppConfig
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        from pathlib import Path

        from crm import customer_page, events, imports, navigation, scoring, sql
        from orders import conditions, places  # noqa: F401 - conditions registers what segments can ask of orders
        from orders.imports import KIND

        sql.FOLDERS.append(Path(__file__).parent)
        imports.register(KIND)

        scoring.register(scoring.Activity("purchases", _("Purchases"), "orders_purchase"))

        def kind(name: str, label: Promise, icon: str, sentence: Promise) -> events.Kind:
            return events.Kind(name, label, icon, sentence, "orders", app="orders", link=places.link)

        events.register(
            kind("order_placed", _("Order"), "shopping-bag", _("Ordered {number}, {value}")),
            kind("order_confirmed", _("Order confirmed"), "check", _("Order {number} confirmed")),
            kind("order_delivered", _("Order delivered"), "truck-delivery", _("Order {number} delivered")),
            kind("order_cancelled", _("Order cancelled"), "x", _("Order {number} cancelled: {reason}")),
            kind("item_returned", _("Return"), "refresh", _("Part of {number} came back, {value}")),
            kind("credit", _("Credit"), "refresh", _("Credit without an order, {value}")),
        )
        customer_page.register(
            customer_page.Panel("orders", _("Orders"), "orders/panel.html", places.panel, "see_orders", order=10)
        )
        navigation.entries += [
            navigation.Entry(_("Orders"), "orders:orders", "shopping-bag", "see_orders", group=4, order=1, key="o"),
        ]
        navigation.new_entries += [
            navigation.Entry(_("Order"), "orders:order_new", "shopping-bag", "change_orders", order=2),
        ]
        navigation.finders += [
            navigation.Finder(_("Orders"), "see_orders", places.find_orders, order=2),
            navigation.Finder(_("Products"), "see_orders", places.find_products, order=5),
        ]
