"""All addresses, as where MAILBOX_DIR is set."""

from django.urls import include, path

from config.urls import handler403, handler404, handler500, urlpatterns  # noqa: F401  (Django looks for these here)

urlpatterns = [*urlpatterns, path("mailbox/", include("campaigns.mailbox.urls"))]
