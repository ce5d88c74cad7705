"""Rows for tests: plain functions whose defaults make a sensible row, so that a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from replicas_app.choices import RESCAN_OPEN, RescanState, Role, SyncState, SyncTrigger, TrustMode
from replicas_app.models import (
    BackupServer,
    Event,
    Person,
    Replica,
    ReplicaVM,
    Rescan,
    RescanReplica,
    RestorePoint,
    SyncRun,
)
from replicas_app.text import search_lines, sort_key

PASSWORD = "correct horse battery"
_numbers = count(1)


def make_person(username: str = "", role: Role = Role.VIEWER, **fields: Any) -> Person:
    return Person.objects.create_user(username or f"{role}-{next(_numbers)}", password=PASSWORD, role=role, **fields)


def make_server(name: str = "", **fields: Any) -> BackupServer:
    """A server that was read, and in full, a minute ago. `password` is encrypted as the application does."""
    number = next(_numbers)
    now = timezone.now()
    fields.setdefault("base_url", f"https://vbr-{number}.example.test:9419")
    fields.setdefault("username", "svc")
    fields.setdefault("trust", TrustMode.OFF)
    fields.setdefault("api_version", "1.3-rev0")
    fields.setdefault("last_attempt_at", now - timedelta(minutes=1))
    fields.setdefault("last_success_at", now - timedelta(minutes=1))
    fields.setdefault("last_full_at", fields["last_success_at"])
    fields = {"next_sync_at": now + timedelta(minutes=4), "password": "pw1", **fields}
    server = BackupServer(name=name or f"vbr-{number}", password=fields.pop("password"))
    for field, value in fields.items():  # after the password, whose setter ends a pause and forgets the token
        setattr(server, field, value)
    server.save()
    return server


def make_server_of(simulator: Any, name: str = "lab", **fields: Any) -> BackupServer:
    """The row that leads to a running simulator, pinned to its certificate, never read yet."""
    return make_server(
        name,
        **{
            "base_url": simulator.url,
            "username": simulator.username,
            "password": simulator.password,
            "trust": TrustMode.PIN,
            "pinned_sha256": simulator.fingerprint,
            "api_version": "",
            "last_attempt_at": None,
            "last_success_at": None,
            "next_sync_at": timezone.now(),
            **fields,
        },
    )


def make_replica(server: BackupServer | None = None, name: str = "", **fields: Any) -> Replica:
    number = next(_numbers)
    now = timezone.now()
    values = {
        "uuid": uuid4(),
        "type": "Regular",
        "job_id": str(UUID(int=number)),
        "policy_id": "",
        "platform": "VMware",
        "platform_id": str(UUID(int=0)),
        "created_at": datetime(2026, 9, 1, tzinfo=UTC) + timedelta(hours=number),
        "state": "Ready",
        "first_seen_at": now,
        "changed_at": now,
        **fields,
    }
    name = name or f"Replicate tier {number}"
    words = (values["type"], values["job_id"], values["policy_id"], values["platform"], values["platform_id"])
    return Replica.objects.create(
        server=server or make_server(),
        name=name,
        sort_key=sort_key(name),
        search=search_lines(name, str(values["uuid"]), *words, values["state"]),
        **values,
    )


def make_vm(replica: Replica | None = None, name: str = "", **fields: Any) -> ReplicaVM:
    replica = replica or make_replica()
    name = name or f"vm-{next(_numbers)}"
    fields.setdefault("first_seen_at", timezone.now())
    return ReplicaVM.objects.create(
        server=replica.server, replica=replica, name=name, sort_key=sort_key(name), search=search_lines(name), **fields
    )


def make_point(vm: ReplicaVM | None = None, **fields: Any) -> RestorePoint:
    """A point of the VM. Derived columns of VM and replica are not touched: `tests.deriving` does that."""
    vm = vm or make_vm()
    values = {
        "uuid": uuid4(),
        "created_at": timezone.now() - timedelta(hours=1),
        "state": "Ready",
        "malware": "Clean",
        "platform": vm.replica.platform,
        "platform_id": vm.replica.platform_id,
        "operations": ["StartViVMSnapshotReplicaFailover"],
        "first_seen_at": timezone.now(),
        **fields,
    }
    return RestorePoint.objects.create(server=vm.server, replica=vm.replica, vm=vm, **values)


def make_event(
    thing: Replica | ReplicaVM | RestorePoint, kind: str, old: str = "", new: str = "", **fields: Any
) -> Event:
    """What a read saw happen to the thing just now."""
    point = thing if isinstance(thing, RestorePoint) else None
    vm = point.vm if point else thing if isinstance(thing, ReplicaVM) else None
    replica = vm.replica if vm else thing
    fields = {"at": timezone.now(), "server": replica.server, **fields}
    return Event.objects.create(replica=replica, vm=vm, point=point, kind=kind, old=old, new=new, **fields)


def make_sync_run(server: BackupServer | None = None, **fields: Any) -> SyncRun:
    """An ended run unless `state` says otherwise."""
    now = timezone.now()
    values = {
        "trigger": SyncTrigger.SCHEDULE,
        "state": SyncState.SUCCEEDED,
        "queued_at": now - timedelta(seconds=62),
        "started_at": now - timedelta(seconds=61),
        "ended_at": now - timedelta(seconds=60),
        **fields,
    }
    return SyncRun.objects.create(server=server or make_server(), **values)


def make_rescan(*replicas: Replica, **fields: Any) -> Rescan:
    """A running rescan of the replicas, due now, unless `state` says otherwise."""
    replicas = replicas or (make_replica(),)
    now = timezone.now()
    is_open = fields.setdefault("state", RescanState.RUNNING) in RESCAN_OPEN
    values = {
        "replica_count": len(replicas),
        "created_at": now,
        "asked_at": None if fields["state"] == RescanState.QUEUED else now,
        "session_id": None if fields["state"] == RescanState.QUEUED else uuid4(),
        "next_poll_at": now if is_open else None,
        "ended_at": None if is_open else now,
        **fields,
    }
    rescan = Rescan.objects.create(server=replicas[0].server, **values)
    RescanReplica.objects.bulk_create(
        RescanReplica(rescan=rescan, replica=replica, is_open=is_open) for replica in replicas
    )
    return rescan
