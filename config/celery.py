"""Work that is not a request: the Celery app and what beat starts when.

Broken work is found again in Postgres by beat, so no deadline rests on the broker's redelivery; the broker's settings
only make redelivery quick. Settings named CELERY_* come from config/settings.py.
"""

import os
from typing import Any

import structlog
from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("regulars")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    # Above the longest task, or it would be started twice; looked at every 5 s instead of every 100.
    broker_transport_options={
        "visibility_timeout": 3600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    },
    beat_max_loop_interval=5,  # how often beat wakes, and so shows that it lives
)
app.autodiscover_tasks()

# What beat starts, when: name → (task, seconds or crontab). One line a duty; the task itself says what it does.
app.conf.beat_schedule = {
    "imports": {"task": "crm.tasks.start_imports", "schedule": 60},
    "answers to tickets": {"task": "support.tasks.send_waiting", "schedule": 60},
    "mails not filed": {"task": "support.tasks.file_waiting", "schedule": 60},
    "changed customers": {"task": "crm.tasks.rescore_changed", "schedule": 60},
    "statistical ranking": {"task": "crm.tasks.rank_customers", "schedule": 60},
    "everybody, once a night": {"task": "crm.tasks.score_everybody", "schedule": 3600},
    "campaigns under way": {"task": "campaigns.tasks.look_after_campaigns", "schedule": 15},
    "results of campaigns": {"task": "campaigns.tasks.count_results", "schedule": 60},
}


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery leaves the log to settings.LOGGING when this signal has a receiver."""


@task_prerun.connect
def bind_task(task_id: str, task: Any, **_: Any) -> None:
    structlog.contextvars.bind_contextvars(task_id=task_id, task=task.name)


@task_postrun.connect
def unbind_task(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()
