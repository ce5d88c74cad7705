"""A made-up inventory, straight into Postgres through the staging and the merge of a real sync, for benchmarks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID, uuid5

from django.utils import timezone

from replicas_app.choices import SyncState, SyncTrigger
from replicas_app.models import BackupServer, SweptPage
from replicas_app.sync import runs, stage
from replicas_app.sync.merge import Counts, Merge
from replicas_app.sync.packed import packed_points, packed_replicas
from replicas_app.vbr import PointRecord, ReplicaRecord

SPACE = UUID("5f1d7a52-6a3c-4b8e-9d0f-2f6c1b7e4a90")
STEMS = (
    "erp-db",
    "erp-app",
    "mail",
    "fileserver",
    "sql",
    "web",
    "print",
    "dc",
    "wiki",
    "ci-runner",
    "scada-gw",
    "vault",
)
STATES = ("Ready",) * 36 + ("Processing", "Processing", "Failover", "Failback")
MALWARE = ("Clean",) * 45 + ("",) * 3 + ("Suspicious", "Infected")
OPERATIONS = ("StartViVMSnapshotReplicaFailover", "StartViVMSnapshotReplicaPlannedFailover", "StartFlrRestore")
SLICE = 20_000
POINT_EVERY = timedelta(hours=4)
REPLICAS_PER_JOB = 20


def load(server: BackupServer, replicas: int, vms: int, points: int) -> Counts:
    """Give the server so many replicas, VMs per replica and points per VM, as if it had just been read.

    The same numbers give the same ids every time, so that loading twice changes only the points' times.
    """
    run, _ = runs.request(server, SyncTrigger.SHELL)
    now = timezone.now()
    runs.begin(run, now)
    stage.create_tables()
    with Merge(server.pk, run.pk) as merge:
        stage.copy_replicas(packed_replicas(list(_replicas(server, replicas, now)), 0))
        for _ in _staged_by_slices(_points(server, replicas, vms, points, now)):
            merge.take_points()
        counts = merge.finish(replicas_whole=True, points_whole=True)
        SweptPage.objects.filter(server=server).delete()
        runs.end(run, SyncState.SUCCEEDED, read_all=True, **counts.as_columns())
    stage.drop_tables()
    return counts


def _staged_by_slices(points: Iterator[PointRecord]) -> Iterator[None]:
    staged = 0
    while some := list(islice(points, SLICE)):
        stage.copy_points(packed_points(some, staged))
        staged += len(some)
        yield


def _id(server: BackupServer, *path: object) -> str:
    return str(uuid5(SPACE, "/".join(map(str, (server.name, *path)))))


def _replicas(server: BackupServer, replicas: int, now: datetime) -> Iterator[ReplicaRecord]:
    for number in range(replicas):
        is_cdp = number % 25 == 24
        yield ReplicaRecord(
            id=_id(server, number),
            name=f"Replicate {STEMS[number % len(STEMS)]} {number}",
            type="CDP" if is_cdp else "Regular",
            job_id=_id(server, "job", number // REPLICAS_PER_JOB),
            policy_id="",
            platform="HyperV" if number % 9 == 5 else "VMware",
            platform_id=str(UUID(int=0)),
            state="" if is_cdp else STATES[number % len(STATES)],
            created_at=None if is_cdp else now - timedelta(days=400, minutes=number),
        )


def _points(server: BackupServer, replicas: int, vms: int, points: int, now: datetime) -> Iterator[PointRecord]:
    for number in range(replicas):
        replica_id, platform = _id(server, number), "HyperV" if number % 9 == 5 else "VMware"
        for vm in range(vms):
            name = f"{STEMS[(number + vm) % len(STEMS)]}-{number:05}-{vm:02}"
            for age in range(points):
                yield PointRecord(
                    id=_id(server, number, vm, age),
                    name=name,
                    replica_id=replica_id,
                    created_at=now - POINT_EVERY * age - timedelta(minutes=(number * 7 + vm) % 240),
                    platform=platform,
                    platform_id=str(UUID(int=0)),
                    state="Ready",
                    malware_status=MALWARE[(number * 31 + vm * 7 + age) % len(MALWARE)],
                    allowed_operations=OPERATIONS,
                )
