"""Addresses of crm: customers, scores, segments, imports, settings."""

from django.urls import path

from crm.views import language, start

app_name = "crm"
urlpatterns = [
    path("", start.start, name="start"),
    path("language", language.set_language, name="set_language"),
]
