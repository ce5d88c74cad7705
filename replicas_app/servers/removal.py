"""Removing a server with all that hangs on it, set by set: 1.5 million restore points never come to Python."""

import logging
from dataclasses import dataclass
from typing import LiteralString

from django.db import connection, transaction

from replicas_app import locks
from replicas_app.models import BackupServer, Replica, ReplicaVM, RestorePoint

logger = logging.getLogger(__name__)

STATEMENTS: tuple[LiteralString, ...] = (
    "DELETE FROM rescan_replica WHERE rescan_id IN (SELECT id FROM rescan WHERE server_id = %s)",
    "DELETE FROM rescan WHERE server_id = %s",
    "DELETE FROM event WHERE server_id = %s",
    "DELETE FROM restore_point WHERE server_id = %s",
    "DELETE FROM replica_vm WHERE server_id = %s",
    "DELETE FROM replica WHERE server_id = %s",
    "DELETE FROM sync_run WHERE server_id = %s",
    "DELETE FROM backup_server WHERE id = %s",
)
"""In the order in which nothing refers to what goes."""


class IsBeingRead(Exception):
    """A sync of this server is under way."""


@dataclass(frozen=True)
class Holdings:
    """What goes with a server."""

    replicas: int
    vms: int
    points: int
    sync_runs: int
    rescans: int
    events: int
    removed: int
    """Of these replicas and points, those that the server itself no longer lists."""


def holdings(server: BackupServer) -> Holdings:
    replicas, points = Replica.objects.filter(server=server), RestorePoint.objects.filter(server=server)
    return Holdings(
        replicas=replicas.count(),
        vms=ReplicaVM.objects.filter(server=server).count(),
        points=points.count(),
        sync_runs=server.sync_runs.count(),
        rescans=server.rescans.count(),
        events=server.events.count(),
        removed=replicas.exclude(removed_at=None).count() + points.exclude(removed_at=None).count(),
    )


def remove(server: BackupServer) -> None:
    """Remove the server and everything that was ever read from it, all or nothing.

    Raises IsBeingRead while a sync holds it.
    """
    with locks.try_lock(locks.Space.SYNC, server.pk) as free:
        if not free:
            raise IsBeingRead(f"{server.name} is being read at this moment.")
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in STATEMENTS:
                cursor.execute(statement, [server.pk])
    logger.info("server %s was removed", server.pk)
