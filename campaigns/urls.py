"""Addresses of campaigns: their pages for staff, and the customers' own page to unsubscribe."""

from django.urls import path

from campaigns.views import check, drafts, listing, message, people, result, sending, unsubscribe

app_name = "campaigns"
urlpatterns = [
    path("campaigns/", listing.campaigns, name="campaigns"),
    path("campaigns/new", drafts.new, name="new"),
    path("campaigns/<uuid:public_id>/", listing.campaign, name="campaign"),
    path("campaigns/<uuid:public_id>/audience", drafts.audience, name="audience"),
    path("campaigns/<uuid:public_id>/copy", drafts.copy, name="copy"),
    path("campaigns/<uuid:public_id>/delete", drafts.delete, name="delete"),
    path("campaigns/<uuid:public_id>/message", message.message, name="message"),
    path("campaigns/<uuid:public_id>/as", message.find_customer, name="find_customer"),
    path("campaigns/<uuid:public_id>/letter/<uuid:customer_id>", message.letter, name="letter"),
    path("campaigns/<uuid:public_id>/test", message.send_test, name="test"),
    path("campaigns/<uuid:public_id>/check", check.check, name="check"),
    path("campaigns/<uuid:public_id>/launch", check.launch, name="launch"),
    path("campaigns/<uuid:public_id>/sending", sending.progress, name="sending"),
    path("campaigns/<uuid:public_id>/pause", sending.pause, name="pause"),
    path("campaigns/<uuid:public_id>/resume", sending.resume, name="resume"),
    path("campaigns/<uuid:public_id>/cancel", sending.cancel, name="cancel"),
    path("campaigns/<uuid:public_id>/resend", sending.resend, name="resend"),
    path("campaigns/<uuid:public_id>/result", result.result, name="result"),
    path("campaigns/<uuid:public_id>/result.csv", result.as_csv, name="result_csv"),
    path("campaigns/<uuid:public_id>/people", people.people, name="people"),
    path("campaigns/<uuid:public_id>/people.csv", people.as_csv, name="people_csv"),
    path("u/<str:token>", unsubscribe.page, name="unsubscribe"),
]
