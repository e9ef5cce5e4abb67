"""What the customer answers to a mail, as the mail it would be."""

from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from django.utils import timezone

from campaigns.mailbox import Caught, header


def write_reply(mail: Caught, text: str) -> bytes:
    answer = EmailMessage()
    answer["From"] = header(mail.message, "to") or mail.recipient
    answer["To"] = header(mail.message, "reply-to") or mail.sender
    subject = mail.subject
    answer["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    answer["Date"] = format_datetime(timezone.now())
    answer["Message-ID"] = make_msgid(domain="mailbox.example")
    if original := header(mail.message, "message-id"):
        answer["In-Reply-To"] = answer["References"] = original
    answer.set_content(text)
    return answer.as_bytes()
