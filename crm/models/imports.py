"""An import of a file: what was asked, how far it is, what came of it, and the rows that were left out."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm import imports


class ImportState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    STOPPED = "stopped", _("stopped")

    @classmethod
    def under_way(cls) -> tuple["ImportState", "ImportState"]:
        return cls.WAITING, cls.RUNNING


class Import(models.Model):
    public_id = models.UUIDField(unique=True, db_default=models.Func(function="gen_random_uuid"), editable=False)
    kind = models.CharField(max_length=20, db_default="orders")
    preset = models.CharField(_("kind of file"), max_length=40)
    file_name = models.CharField(max_length=255)
    # Where the upload lies until it is read, relative to MEDIA_ROOT; empty for a file of the command line.
    path = models.CharField(max_length=255, blank=True, db_default="")
    options = models.JSONField(default=dict)
    dry_run = models.BooleanField(_("only try"), db_default=False, default=False)
    state = models.CharField(max_length=10, choices=ImportState, default=ImportState.WAITING)
    step = models.CharField(max_length=120, blank=True, db_default="")
    step_started_at = models.DateTimeField(null=True)
    # Rows of the step that are done, and all of its rows; 0 where they are not counted.
    done = models.BigIntegerField(db_default=0)
    total = models.BigIntegerField(db_default=0)
    stop_asked = models.BooleanField(db_default=False)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True, db_default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=models.functions.Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("crm:import", args=[self.public_id])

    @property
    def is_under_way(self) -> bool:
        return self.state in ImportState.under_way()


class Rejection(models.Model):
    """A row that was left out, with the reason and the row itself, to be corrected and imported again."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="rejections")
    line = models.BigIntegerField()
    # The cell that shows it, as it stood in the file.
    value = models.TextField(blank=True, db_default="")
    # A key of the problems of the import's kind.
    problem = models.CharField(max_length=40)
    # All cells of the row.
    row = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["of", "line"], name="rejection_line")]

    def __str__(self) -> str:
        return f"{self.line}: {self.problem}"

    @property
    def reason(self) -> str:
        return str(imports.problem(self.of.kind, self.problem).reason)
