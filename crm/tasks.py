"""Work of crm's that is not a request. Beat finds it again in the database, so that a lost broker loses nothing."""

from contextlib import suppress

from celery import shared_task
from django.utils import timezone

from crm.imports import uploads
from crm.locks import AlreadyRunning
from crm.models import Import, Segment
from crm.scoring import rescore
from crm.segments import refresh


@shared_task
def rescore_changed() -> None:
    """Every minute: facts, scores, stage and segments of the customers whose behaviour changed."""
    with suppress(AlreadyRunning):
        rescore.rescore_due(refresh.follow)


@shared_task
def rank_customers() -> None:
    """Every minute: the statistical model, where facts changed and its last ranking is ten minutes old."""
    with suppress(AlreadyRunning):
        if rescore.rank_if_stale().changed:
            refresh.follow_ranking(timezone.now())


@shared_task
def score_everybody() -> None:
    """Every hour: once a night of the shop's, everything, since stages and segments change by time alone."""
    if rescore.night_is_due(timezone.now()):
        score_now()


@shared_task
def score_now() -> None:
    """Everybody's facts, scores and stages, then every segment."""
    with suppress(AlreadyRunning):
        rescore.rescore()
        refresh.refresh_all()


@shared_task
def refresh_segment(segment_id: int) -> None:
    refresh.refresh(Segment.objects.get(pk=segment_id))


@shared_task
def run_import(import_id: int) -> None:
    uploads.run(Import.objects.get(pk=import_id))


@shared_task
def start_imports() -> None:
    """Every minute: imports that wait for a worker, or whose worker died."""
    uploads.start_all()
