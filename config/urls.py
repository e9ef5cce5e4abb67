"""All addresses: each app's own, log-in, health, and pages for what goes wrong."""

from django.conf import settings
from django.urls import include, path

from config import health
from crm.views import errors

urlpatterns = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    # Staff's addresses are the admin's to give: one's own page for more of them would be a way to keep a stolen session.
    path("accounts/email/", errors.closed, name="account_email"),
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
