"""Syncs in a process of their own, as a worker's child has them: `python -m tests.bench.reading` is that process.

Each line on its standard input, `[server, why]` as JSON, is a sync, and gets a line of JSON; WHY makes it a full sweep.
A sync that does not succeed is an error: what it took says nothing.
"""

import json
import os
import sys
import time

import django

django.setup()

from django.db import connection  # noqa: E402

from replicas_app import sync, tasks  # noqa: E402
from replicas_app.choices import SyncState, SyncTrigger  # noqa: E402
from replicas_app.models import BackupServer, SyncRun  # noqa: E402
from tests.bench.memory import megabytes, peak_megabytes  # noqa: E402

COUNTS = ("is_full", "replicas_added", "replicas_changed", "points_added", "points_changed")


def main() -> None:
    for line in sys.stdin:
        server_id, full = json.loads(line)
        run, _ = sync.request(BackupServer.objects.get(pk=server_id), SyncTrigger.SHELL, full=full)
        connection.close()  # as a worker begins a task
        began = time.perf_counter()
        tasks.sync_server(run.pk)
        seconds = time.perf_counter() - began
        memory = {"now": megabytes(os.getpid()), "peak": peak_megabytes(os.getpid())}
        told = {"seconds": seconds, "counts": outcome(run), **memory}
        connection.close()
        print(json.dumps(told), flush=True)


def outcome(run: SyncRun) -> dict[str, int]:
    run.refresh_from_db()
    if run.state != SyncState.SUCCEEDED:
        sys.exit(f"The sync ended as {run.state}: {run.error}")
    return {name: getattr(run, name) for name in COUNTS}


if __name__ == "__main__":
    main()
