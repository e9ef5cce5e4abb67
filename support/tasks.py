"""Work of support's that is not a request. Beat finds it again in the database."""

from celery import shared_task

from support.mail import receive, send


@shared_task
def send_answer(message_id: int) -> None:
    send.send(message_id)


@shared_task
def send_waiting() -> None:
    """Every minute: answers whose first try failed, or whose task was lost."""
    send.send_waiting()


@shared_task
def file_waiting() -> None:
    """Every minute: mails that were stored and not filed."""
    receive.file_waiting()
