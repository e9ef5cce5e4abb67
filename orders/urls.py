"""Addresses of orders: list, entry, one order, products."""

from django.urls import path

from orders.views import entry, order, orders, products

app_name = "orders"
urlpatterns = [
    path("", orders.orders, name="orders"),
    path("views", orders.views, name="views"),
    path("new", entry.new, name="order_new"),
    path("new/customers", entry.customers, name="entry_customers"),
    path("new/customer", entry.customer, name="entry_customer"),
    path("new/products", entry.products, name="entry_products"),
    path("new/lines", entry.lines, name="entry_lines"),
    path("products/", products.products, name="products"),
    path("products/new", products.new, name="product_new"),
    path("products/<uuid:public_id>", products.edit, name="product"),
    path("<uuid:public_id>", order.order, name="order"),
    path("<uuid:public_id>/look", orders.look, name="order_look"),
    path("<uuid:public_id>/confirm", order.confirm, name="order_confirm"),
    path("<uuid:public_id>/deliver", order.deliver, name="order_deliver"),
    path("<uuid:public_id>/cancel", order.cancel, name="order_cancel"),
    path("<uuid:public_id>/refund", order.refund, name="order_refund"),
    path("<uuid:public_id>/take-back", order.take_back, name="order_take_back"),
]
