"""What people do to the list of servers: connect one, change it, accept its certificate, switch it on and off."""

import logging
from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from replicas_app.choices import TrustMode
from replicas_app.models import BackupServer
from replicas_app.servers.form import WAY_IN

logger = logging.getLogger(__name__)

COLUMN_OF = {"password": "password_encrypted"}
WAY_IN_COLUMNS = {COLUMN_OF.get(field, field) for field in WAY_IN}
SAME_WISH = ("name", "base_url", "username", "trust", "ca_bundle", "sync_interval_seconds", "is_enabled")


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
        if not is_same_wish(server, twin):
            raise Twin(twin) from error
        return twin, False
    logger.info("server %s was connected", server.pk)
    return server, True


def is_same_wish(server: BackupServer, stored: BackupServer) -> bool:
    """Whether somebody who typed `server` typed what is stored already: pressed twice, or sent again."""
    alike = all(getattr(server, field) == getattr(stored, field) for field in SAME_WISH)
    return alike and server.password == stored.password


def change(server: BackupServer, changed: Iterable[str]) -> None:
    """Store what a person changed, and nothing else: a sync may be writing to the same row.

    Another way in makes what was learned on the old one void, and the next sync due at once.
    """
    columns = {COLUMN_OF.get(field, field) for field in changed}
    if columns & WAY_IN_COLUMNS:
        columns |= _forget_way_in(server, keeps_revision="api_version" in columns or "base_url" not in columns)
    server.save(update_fields=columns)
    BackupServer.objects.filter(pk=server.pk).update(data_version=F("data_version") + 1)
    logger.info("server %s was changed: %s", server.pk, ", ".join(sorted(columns)))


def _forget_way_in(server: BackupServer, *, keeps_revision: bool) -> set[str]:
    """Void what hung on the old address, account or trust. Returns the columns that were written."""
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
        "doctor_at": None,
        "next_sync_at": None if server.is_unconfirmed else timezone.now(),
    }
    if not keeps_revision:
        blank["api_version"] = ""
    for column, value in blank.items():
        setattr(server, column, value)
    return set(blank)


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
    """Read this server, or leave it alone. What is known of it stays."""
    server.is_enabled = on
    if on and not server.is_unconfirmed:
        server.next_sync_at = timezone.now()
    change(server, ["is_enabled", "next_sync_at"])
