"""All addresses: each app's own, log-in, health, and pages for what goes wrong."""

from django.conf import settings
from django.urls import include, path

from config import health

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("accounts/", include("allauth.account.urls")),
    path("", include("crm.urls")),
    path("orders/", include("orders.urls")),
    path("", include("campaigns.urls")),
    path("", include("support.urls")),
]
if settings.MAILBOX_DIR:
    urlpatterns.append(path("mailbox/", include("campaigns.mailbox.urls")))

handler403 = "crm.views.errors.forbidden"
handler404 = "crm.views.errors.not_found"
handler500 = "crm.views.errors.server_error"
