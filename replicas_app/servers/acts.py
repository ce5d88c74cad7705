"""What people do to the list of servers: connect one, change it, accept its certificate, switch it on and off."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from replicas_app import sync
from replicas_app.choices import TrustMode
from replicas_app.models import BackupServer

logger = logging.getLogger(__name__)

WAY_IN = frozenset({"base_url", "username", "password", "trust", "ca_bundle", "pinned_sha256", "api_version"})
"""The fields that say how to get in: what a server told us under the old ones no longer counts."""
DUE_AT_ONCE = WAY_IN | {"is_enabled", "sync_interval_seconds"}
"""The fields after whose change the next read is due at once."""
SAME_WISH = ("name", "base_url", "username", "trust", "ca_bundle", "sync_interval_seconds", "is_enabled")
COLUMN_OF = {"password": "password_encrypted"}


class Twin(Exception):
    """Another server has this name or this address; it stands in `server`."""

    def __init__(self, server: BackupServer) -> None:
        super().__init__(f"{server.name} has this name or this address ({server.base_url}) already.")
        self.server = server


def add(server: BackupServer) -> tuple[BackupServer, bool]:
    """Store a new server, and say whether it was made now: the same wish a second time leads to the first one's row.

    Raises Twin when another server has its name or its address.
    """
    server.next_sync_at = None if server.is_unconfirmed else timezone.now()
    try:
        with transaction.atomic():
            server.save(force_insert=True)
    except IntegrityError as error:
        twin = BackupServer.objects.filter(Q(base_url=server.base_url) | Q(name__iexact=server.name)).first()
        if twin is None:
            raise
        if not is_same_wish({name: getattr(server, name) for name in (*SAME_WISH, "password")}, twin):
            raise Twin(twin) from error
        return twin, False
    logger.info("server %s was connected", server.pk)
    return server, True


def is_same_wish(values: Mapping[str, Any], stored: BackupServer) -> bool:
    """Whether somebody who typed these values typed what is stored already: pressed twice, or sent again."""
    is_alike = all(getattr(stored, name) == values[name] for name in SAME_WISH)
    return is_alike and stored.has_password(values["password"])


def change(server: BackupServer, changed: Iterable[str]) -> None:
    """Store what a person changed, and nothing else: a sync may be writing to the same row.

    Raises BackupServer.DoesNotExist where it was removed meanwhile.

    Another way in makes what was learned on the old one void, ends a read that goes on by the old one, and the next
    sync is due at once.
    """
    changed = set(changed)
    columns = {COLUMN_OF.get(field, field) for field in changed}
    if server.pinned_certificate.get("sha256") != server.pinned_sha256:
        server.pinned_certificate = {}
        columns.add("pinned_certificate")
    if changed & WAY_IN:
        columns |= _forget_way_in(server, changed)
    if changed & DUE_AT_ONCE:
        server.next_sync_at = None if server.is_unconfirmed else timezone.now()
        columns.add("next_sync_at")
    _store(server, columns)
    if changed & WAY_IN or ("is_enabled" in changed and not server.is_enabled):
        sync.stop(server)
    BackupServer.objects.filter(pk=server.pk).update(data_version=F("data_version") + 1)
    logger.info("server %s was changed: %s", server.pk, ", ".join(sorted(columns)))


def _store(server: BackupServer, columns: set[str]) -> None:
    """Raises BackupServer.DoesNotExist where it was removed meanwhile."""
    try:
        with transaction.atomic():
            server.save(update_fields=columns)
    except DatabaseError:
        BackupServer.objects.get(pk=server.pk)
        raise


def _forget_way_in(server: BackupServer, changed: set[str]) -> set[str]:
    """Void what was learned on the old way in. Returns the columns that were written."""
    blank = {
        "token_encrypted": "",
        "refused_sign_ins": 0,
        "sign_in_paused_until": None,
        "capabilities": {},
        "clock_skew_seconds": None,
        "last_error": "",
        "last_error_cause": "",
        "doctor_report": {},
        "doctor_asked_at": None,
        "doctor_started_at": None,
        "doctor_at": None,
        "doctor_run_id": None,
    }
    if "base_url" in changed:
        blank |= {"vbr_id": "", "vbr_name": "", "build_version": "", "busy_until": None}
        blank |= {} if "api_version" in changed else {"api_version": ""}
    for column, value in blank.items():
        setattr(server, column, value)
    return set(blank)


def why_not_read(server: BackupServer) -> str:
    """Why nobody may read this server now, in a sentence; empty where it may be read."""
    if not server.is_enabled:
        return f"{server} is disabled: enable it first."
    if server.is_unconfirmed:
        return f"Nothing is sent to {server} before its certificate was compared and accepted."
    return ""


def readable() -> list[BackupServer]:
    """The servers of which nothing says that they may not be read, by name."""
    return [server for server in BackupServer.objects.enabled().by_name() if not why_not_read(server)]


def offered_certificate(server: BackupServer) -> dict[str, Any] | None:
    """The certificate that the server showed at the newest connection test; None where it showed none."""
    return server.doctor_report.get("certificate")


def accept(server: BackupServer, sha256: str) -> bool:
    """Pin the certificate that a person compared. False where the newest test saw another one than they did."""
    offered = offered_certificate(server)
    if not offered or offered["sha256"] != sha256:
        return False
    server.trust, server.pinned_sha256, server.pinned_certificate = TrustMode.PIN, sha256, offered
    change(server, ["trust", "pinned_sha256", "pinned_certificate"])
    return True


def switch(server: BackupServer, *, on: bool) -> None:
    """Read this server, or leave it alone, a read that is under way included. What is known of it stays."""
    server.is_enabled = on
    change(server, ["is_enabled"])
