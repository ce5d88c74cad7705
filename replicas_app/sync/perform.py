"""One sync of one server, from the lock to the outcome."""

import logging
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from replicas_app import locks
from replicas_app.choices import SyncState
from replicas_app.connections import connect
from replicas_app.models import BackupServer, Replica, RestorePoint, SyncRun
from replicas_app.sync import runs, stage
from replicas_app.sync.merge import Counts, Merge, orphans
from replicas_app.sync.read import Listing, Reading, Stopped
from replicas_app.vbr import Client, Denied, VbrError

logger = logging.getLogger(__name__)

DROP_GUARD_FROM = 10
DROP_GUARD_SHARE = 10
"""A whole listing of less than a tenth of what we hold, where we hold ten or more, is not believed."""
OUR_FAULT = "The dashboard itself failed while it read this server. The log of the worker says why."


def sync(run_id: int, *, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Carry out a waiting run, if nobody else does. A run whose process died is closed instead.

    What goes wrong on the way to the server is written into the run; only faults of our own are raised.
    """
    run = SyncRun.objects.open().select_related("server").filter(pk=run_id).first()
    if run is None:
        return
    with locks.try_lock(locks.Space.SYNC, run.server_id) as is_ours:
        if not is_ours:
            return
        if not runs.begin(run, timezone.now()):
            runs.interrupt(run.pk, timezone.now())
            return
        _perform(run, should_stop)


def _perform(run: SyncRun, should_stop: Callable[[], bool]) -> None:
    reading = Reading(run, should_stop)
    try:
        fault = _read(reading)
        runs.progress(run.pk, step="Writing")
        _write(reading, fault)
    except Stopped:
        runs.interrupt(run.pk, timezone.now())
    except Exception:
        runs.end(run, SyncState.FAILED, read_all=False, error=OUR_FAULT, cause="ours")
        raise
    finally:
        stage.drop_tables()


def _read(reading: Reading) -> VbrError | None:
    """Read the server into the staging tables; the fault that broke it off, if one did."""
    try:
        with connect(reading.run.server) as client:
            _learn(reading.run.server, client)
            reading.read(client)
    except VbrError as fault:
        logger.warning("sync %s of server %s broke off: %s", reading.run.pk, reading.run.server_id, fault)
        return fault
    return None


def _learn(server: BackupServer, client: Client) -> None:
    """What the server says of itself. That the account may not read it is knowledge, not a fault."""
    known = {"clock_skew_seconds": client.server_time().skew_seconds}
    try:
        info = client.server_info()
        known |= {"build_version": info.build_version, "vbr_name": info.name, "vbr_id": info.vbr_id}
        refusal = ""
    except Denied as error:
        if error.cause != "role":
            raise
        refusal = error.cause
    known |= {"capabilities": server.capabilities | {"serverInfo": refusal}}
    BackupServer.objects.filter(pk=server.pk).update(**known)


def _write(reading: Reading, fault: VbrError | None) -> None:
    """Merge what was staged and close the run, both or neither."""
    run = reading.run
    with transaction.atomic():
        BackupServer.objects.select_for_update().get(pk=run.server_id)
        doubt = _doubt(reading)
        counts = (
            _merge(reading, believed=not doubt) if reading.replicas.rows or reading.replicas.was_received else Counts()
        )
        state, words, cause = _verdict(reading, fault, doubt)
        logger.info("sync %s of server %s %s: %s", run.pk, run.server_id, state, counts.in_words())
        runs.end(
            run,
            state,
            read_all=reading.replicas.was_received and reading.points.was_received and not doubt,
            error=words,
            cause=cause,
            set_aside=reading.set_aside,
            set_aside_count=reading.set_aside_count,
            naive_times=reading.naive_times,
            **counts.as_columns(),
        )


def _merge(reading: Reading, *, believed: bool) -> Counts:
    merge = Merge(
        server_id=reading.run.server_id,
        run_id=reading.run.pk,
        now=timezone.now(),
        replicas_whole=reading.replicas.is_whole and believed,
        points_whole=reading.points.is_whole and believed,
    )
    counts = merge.apply()
    if homeless := orphans():
        reading.put_aside("restore points", "", "Their replica is not in the server's list of replicas.", homeless)
    return counts


def _doubt(reading: Reading) -> str:
    """Why a listing that came whole is not believed, in words; empty where it is."""
    held = {
        reading.replicas.words: Replica.objects.present().filter(server_id=reading.run.server_id).count(),
        reading.points.words: RestorePoint.objects.present().filter(server_id=reading.run.server_id).count(),
    }
    for listing in (reading.replicas, reading.points):
        if listing.is_whole and _is_a_drop(listing.rows, held[listing.words]):
            return (
                f"{reading.run.server.name} answered with {listing.rows} of {held[listing.words]} {listing.words}. "
                f"We kept all {held[listing.words]}."
            )
    return ""


def _is_a_drop(rows: int, held: int) -> bool:
    return held >= DROP_GUARD_FROM and rows * DROP_GUARD_SHARE < held


def _verdict(reading: Reading, fault: VbrError | None, doubt: str) -> tuple[SyncState, str, str]:
    if fault is not None:
        return SyncState.FAILED, fault.sentence, fault.cause
    if doubt:
        return SyncState.PARTIAL, doubt, "drop"
    for listing in (reading.replicas, reading.points):
        if not listing.was_received:
            return SyncState.PARTIAL, _short(listing), "short"
    if reading.replicas.broken or reading.points.broken:
        return SyncState.PARTIAL, _aside(reading), "aside"
    return SyncState.SUCCEEDED, "", ""


def _short(listing: Listing) -> str:
    return (
        f"The list of {listing.words} changed while it was read: {listing.announced} were announced, fewer came. "
        "What came is stored, nothing was removed; the next sync reads it again."
    )


def _aside(reading: Reading) -> str:
    count = reading.replicas.broken + reading.points.broken
    records = "1 record was set aside because it" if count == 1 else f"{count:,} records were set aside because they"
    return f"{records} could not be understood. All others are stored, nothing was removed."
