from django.db import models

from scheduler_ui.models.fields import PublicIdField


class Worker(models.Model):
    """A live consumer process."""

    public_id = PublicIdField()
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    threads = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(db_index=True)
    # What troubles this process: its clock against the database's (or a jump of it), the queue out of reach.
    clock_offset_ms = models.BigIntegerField(default=0)
    is_clock_off = models.BooleanField(default=False)
    is_queue_away = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.host}-{self.pid}"


class Installation(models.Model):
    """What is true of the whole installation: the single row with primary key 1."""

    scheduling_enabled = models.BooleanField(default=True)
    worker_alarm_at = models.DateTimeField(null=True, blank=True)
    # Restore mode: the moment of the backup that the database was restored from. NULL: not in restore mode.
    restored_from = models.DateTimeField(null=True, blank=True)
    # When it was: what was made after that cannot have gone out before it.
    restored_at = models.DateTimeField(null=True, blank=True)
    refused_messages = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return "this installation"
