"""Carrying out a sync here and now, without a worker."""

from replicas_app import sync
from replicas_app.choices import SyncTrigger
from replicas_app.models import BackupServer, SyncRun


def do_sync(server: BackupServer, *, full: str = "wanted by the test", **options: object) -> SyncRun:
    """Ask for a sync of the server, carry it out, and give what is written about it.

    A full sweep, unless `full` is empty: then what the schedule would have done.
    """
    run, _ = sync.request(server, SyncTrigger.PERSON, full=full)
    sync.sync(run.pk, **options)
    run.refresh_from_db()
    server.refresh_from_db()
    return run
