"""With the environment of production the settings are safe, and what belongs to the demo is not there."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
SHOW = """
import json, django
django.setup()
from django.conf import settings
from django.urls import NoReverseMatch, reverse
try:
    mailbox = reverse("mailbox:mails")
except NoReverseMatch:
    mailbox = ""
print(json.dumps([settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.DEBUG, mailbox]))
"""


def run(*command: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "REGULARS_VAR") if name in os.environ}
    environment = {
        **kept, "DATABASE_URL": "postgres://x:y@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0",
        "PUBLIC_URL": "https://crm.example.com", "ALLOWED_HOSTS": "crm.example.com", "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "config.settings", **more,
    }  # fmt: skip
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)


def test_djangos_own_check_of_production_has_nothing_to_say():
    done = run(
        "manage.py",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        SECRET_KEY="k3y-" * 5 + "Of many Letters: 0123456789 abcdefghijklmnop",
    )
    assert done.returncode == 0, done.stderr


def test_without_a_secret_of_ones_own_nothing_starts():
    done = run("manage.py", "check")
    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr


def test_cookies_are_bound_to_the_host_and_there_is_no_mailbox():
    shown = json.loads(run("-c", SHOW, SECRET_KEY="x" * 60).stdout)
    assert shown == ["__Host-sessionid", True, False, ""]
