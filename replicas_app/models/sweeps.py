"""What full sweeps remember of the pages that they read."""

from django.db import models

from replicas_app.models.servers import BackupServer


class SweptPage(models.Model):
    """A page of a full listing whose records are stored just as they came: the next sweep need not look into it.

    Dropped as soon as something else than a sweep changes what stands on it.
    """

    server = models.ForeignKey(BackupServer, models.CASCADE, related_name="swept_pages")
    listing = models.CharField(max_length=20)
    skip = models.PositiveIntegerField()
    digest = models.BinaryField()
    ids = models.BinaryField()
    """The ids of its records, 16 bytes each, in their order."""

    class Meta:
        db_table = "swept_page"
        constraints = [models.UniqueConstraint(fields=["server", "listing", "skip"], name="swept_page_once")]

    def __str__(self) -> str:
        return f"{self.listing} {self.skip} of server {self.server_id}"
