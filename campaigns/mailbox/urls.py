"""Addresses of the demo's mailbox; config/urls.py includes them only where there is one."""

from django.urls import path

from campaigns.mailbox import views

app_name = "mailbox"
urlpatterns = [
    path("", views.mails, name="mails"),
    path("<int:number>/", views.mails, name="mail"),
    path("<int:number>/letter", views.letter, name="letter"),
    path("<int:number>/source", views.source, name="source"),
    path("<int:number>/reply", views.reply, name="reply"),
]
