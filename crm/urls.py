"""Addresses of crm: customers, scores, segments, imports, settings."""

from django.urls import path

from crm.views import home, language, start

app_name = "crm"
urlpatterns = [
    path("", start.start, name="start"),
    path("home/", home.shop_overview, name="home"),
    path("language", language.set_language, name="set_language"),
]
