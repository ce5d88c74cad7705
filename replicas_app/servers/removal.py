"""Removing a server with all that hangs on it, set by set: 1.5 million restore points never come to Python."""

import logging
from dataclasses import dataclass
from typing import LiteralString

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from replicas_app import locks, sync
from replicas_app.models import BackupServer, Replica, ReplicaVM, RestorePoint

logger = logging.getLogger(__name__)

STATEMENTS: tuple[LiteralString, ...] = (
    "SELECT FROM backup_server WHERE id = %s FOR NO KEY UPDATE",
    "SELECT FROM rescan WHERE server_id = %s ORDER BY id FOR UPDATE",
    "DELETE FROM rescan_replica WHERE rescan_id IN (SELECT id FROM rescan WHERE server_id = %s)",
    "DELETE FROM rescan WHERE server_id = %s",
    "DELETE FROM event WHERE server_id = %s",
    "DELETE FROM history_drop WHERE server_id = %s",
    "DELETE FROM restore_point WHERE server_id = %s",
    "DELETE FROM replica_vm WHERE server_id = %s",
    "DELETE FROM replica WHERE server_id = %s",
    "DELETE FROM swept_page WHERE server_id = %s",
    "SELECT FROM backup_server WHERE id = %s FOR UPDATE",
    "DELETE FROM sync_run WHERE server_id = %s",
    "DELETE FROM backup_server WHERE id = %s",
)
"""In the order in which nothing refers to what goes, and in which all others lock: a server before its history, a
rescan before its replicas. Only at the end nobody may ask for a read of the server any more: the scheduler waits for no
long removal.
"""


PATIENCE = "10s"
"""How long a read that was stopped may take to its next page, before we give up for now."""


class IsBeingRead(Exception):
    """A read of this server is under way, and did not end soon enough."""


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
    """Remove the server and everything that was ever read from it, all or nothing. A read that is under way is stopped.

    Raises IsBeingRead where that takes too long; the read ends with its next page all the same.
    """
    for is_last in (False, False, True):
        sync.stop(server)
        try:
            _remove(server)
            break
        except IntegrityError:  # somebody asked for a rescan of it meanwhile
            if is_last:
                raise
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                words = f"{server} is being read. That read is being stopped: remove it in a minute."
                raise IsBeingRead(words) from error
            raise
    logger.info("server %s was removed", server.pk)


def _remove(server: BackupServer) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [locks.Space.SYNC, server.pk])
        for statement in STATEMENTS:
            cursor.execute(statement, [server.pk])
