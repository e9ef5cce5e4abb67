"""Addresses of crm: customers, scores, segments, imports, settings."""

from django.urls import path

from crm.views import customer, customers, home, imports, language, scores, search, segments, settings, start, users

app_name = "crm"
urlpatterns = [
    path("", start.start, name="start"),
    path("home/", home.shop_overview, name="home"),
    path("language", language.set_language, name="set_language"),
    path("search", search.results, name="search"),
    # Customers
    path("customers/", customers.customers, name="customers"),
    path("customers/views", customers.views, name="customers_views"),
    path("customers/views/keep", customers.keep_view, name="keep_view"),
    path("customers/views/drop", customers.drop_view, name="drop_view"),
    path("customers/conditions", customers.conditions, name="customers_conditions"),
    path("customers/tag", customers.tag, name="customers_tag"),
    path("customers/export", customers.export, name="customers_export"),
    path("customers/new", customer.new, name="customer_new"),
    path("customers/twins", customer.twins, name="customer_twins"),
    path("customers/<uuid:public_id>", customer.customer, name="customer"),
    path("customers/<uuid:public_id>/look", customer.look, name="customer_look"),
    path("customers/<uuid:public_id>/edit", customer.edit, name="customer_edit"),
    path("customers/<uuid:public_id>/tags", customer.change_tags, name="customer_tags"),
    path("customers/<uuid:public_id>/timeline", customer.older, name="customer_timeline"),
    path("customers/<uuid:public_id>/notes", customer.add_note, name="note_add"),
    path("notes/<uuid:public_id>/delete", customer.delete_note, name="note_delete"),
    # Scores and segments
    path("scores/", scores.scores, name="scores"),
    path("scores/csv", scores.scores_csv, name="scores_csv"),
    path("scores/again", scores.score_again, name="score_again"),
    path("segments/", segments.segments, name="segments"),
    path("segments/new", segments.new, name="segment_new"),
    path("segments/<uuid:public_id>", segments.segment, name="segment"),
    path("segments/<uuid:public_id>/delete", segments.delete, name="segment_delete"),
    # Imports
    path("imports/", imports.list_, name="imports"),
    path("imports/new", imports.new, name="import_new"),
    path("imports/<uuid:public_id>", imports.one, name="import"),
    path("imports/<uuid:public_id>/progress", imports.progress, name="import_progress"),
    path("imports/<uuid:public_id>/stop", imports.stop, name="import_stop"),
    path("imports/<uuid:public_id>/left-out", imports.left_out, name="import_left_out"),
    # The shop and its staff
    path("settings/", settings.settings, name="settings"),
    path("settings/rates", settings.add_rate, name="rate_add"),
    path("settings/rates/drop", settings.drop_rate, name="rate_drop"),
    path("settings/release", settings.release_sending, name="release_sending"),
    path("settings/users", users.users, name="users"),
    path("settings/users/new", users.new, name="user_new"),
    path("settings/users/<int:pk>", users.change, name="user_change"),
    path("settings/users/<int:pk>/link", users.send_link, name="user_link"),
    path("profile", users.profile, name="profile"),
]
