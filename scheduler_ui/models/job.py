from django.db import models

from scheduler_ui.models.workspace import Workspace


class JobRun(models.Model):
    """One run of recurring work, unique per workspace and local date, so that any number of workers may try."""

    job = models.CharField(max_length=40)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="job_runs")
    local_date = models.DateField()
    due_at = models.DateTimeField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "workspace", "local_date"], name="one_run_per_day")]

    def __str__(self) -> str:
        return f"{self.job} on {self.local_date}"
