"""Syncs in a process of their own, as a worker's child has them: `python -m tests.bench.reading SERVER TIMES [WHY]`.

Prints one line of JSON. WHY makes each of them a full sweep. A sync that does not succeed is an error: what it took
says nothing.
"""

import json
import os
import sys
import time

import django

django.setup()

from replicas_app import sync, tasks  # noqa: E402
from replicas_app.choices import SyncState, SyncTrigger  # noqa: E402
from replicas_app.models import BackupServer, SyncRun  # noqa: E402
from tests.bench.memory import megabytes, peak_megabytes  # noqa: E402


def main() -> None:
    server_id, times, full = sys.argv[1:]
    runs, seconds, memory = [], [], []
    for _ in range(int(times)):
        run, _ = sync.request(BackupServer.objects.get(pk=server_id), SyncTrigger.SHELL, full=full)
        began = time.perf_counter()
        tasks.sync_server(run.pk)
        seconds.append(time.perf_counter() - began)
        runs.append(outcome(run))
        memory.append(megabytes(os.getpid()))
    print(json.dumps({"seconds": seconds, "counts": runs, "mb": memory, "peak_mb": peak_megabytes(os.getpid())}))


def outcome(run: SyncRun) -> dict[str, int]:
    run.refresh_from_db()
    if run.state != SyncState.SUCCEEDED:
        sys.exit(f"The sync ended as {run.state}: {run.error}")
    return {
        name: getattr(run, name)
        for name in ("is_full", "replicas_added", "replicas_changed", "points_added", "points_changed")
    }


if __name__ == "__main__":
    main()
