"""What Celery's workers and beat do for campaigns."""

from celery import shared_task

from campaigns import results
from campaigns.sending import control, worker


@shared_task
def send_campaign(campaign_id: int) -> None:
    if worker.take_turn(campaign_id):
        send_campaign.delay(campaign_id)


@shared_task
def look_after_campaigns() -> None:
    control.look_after_campaigns()


@shared_task
def count_results() -> None:
    results.refresh_due()
