"""Addresses of support: the inbox, tickets, mails as they came, and the public form."""

from django.urls import path

from support.views import contact, inbox, mails, ticket

app_name = "support"
urlpatterns = [
    path("contact/", contact.contact, name="contact"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/new", ticket.new, name="ticket_new"),
    path("inbox/kept", mails.kept, name="kept"),
    path("inbox/kept/<uuid:public_id>", mails.mail, name="mail"),
    path("inbox/kept/<uuid:public_id>/again", mails.again, name="mail_again"),
    path("inbox/kept/<uuid:public_id>/away", mails.put_away, name="mail_away"),
    path("inbox/message/<uuid:public_id>", mails.html, name="message_html"),
    path("inbox/message/<uuid:public_id>/retry", ticket.retry, name="message_retry"),
    path("inbox/<int:number>", ticket.ticket, name="ticket"),
    path("inbox/<int:number>/answer", ticket.answer, name="ticket_answer"),
    path("inbox/<int:number>/assign", ticket.assign, name="ticket_assign"),
    path("inbox/<int:number>/kind", ticket.kind, name="ticket_kind"),
    path("inbox/<int:number>/state", ticket.state, name="ticket_state"),
]
