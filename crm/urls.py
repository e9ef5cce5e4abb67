"""Addresses of crm: customers, scores, segments, imports, settings."""

from django.urls import path

from crm.views import start

app_name = "crm"
urlpatterns = [
    path("", start.start, name="start"),
]
