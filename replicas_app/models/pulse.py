"""Signs of life of what no page calls: the scheduler, the workers, and the queue between them."""

from django.db import models


class Part(models.TextChoices):
    SCHEDULER = "scheduler", "scheduler"
    QUEUE = "queue", "queue"
    WORKER = "worker", "worker"
    RESCANS = "rescans", "worker of the rescans"


class Pulse(models.Model):
    """The newest sign of life of a part; no row before anything was ready to run.

    A worker counts for what it takes: one part is for syncs and tests, one for the steps of rescans. One process may be
    both.
    """

    part = models.CharField(max_length=10, choices=Part, primary_key=True)
    at = models.DateTimeField()
    """When it was last seen alive; at first, when everything was made ready for it."""
    asked_at = models.DateTimeField(null=True)
    """Since when it has been asked for a sign without giving one; null when it gave one."""
    sent_at = models.DateTimeField(null=True)
    """When the newest message that asks was sent. There is one at a time, unless the broker lost it."""
    work = models.TextField(blank=True)
    """How far the running syncs had come at the last look: that one moves is a sign of life, too."""

    class Meta:
        db_table = "pulse"

    def __str__(self) -> str:
        return f"pulse of the {self.part}"
