"""One sync of one server, from the lock to the outcome."""

import logging
from collections.abc import Callable

from django.utils import timezone

from replicas_app import locks
from replicas_app.choices import SyncState
from replicas_app.connections import connect
from replicas_app.knock import knock
from replicas_app.models import BackupServer, SyncRun
from replicas_app.sync import absent, interval, memory, runs, stage, statistics
from replicas_app.sync.ahead import ahead
from replicas_app.sync.doubts import doubt_of
from replicas_app.sync.interpreter import set_for_a_sync
from replicas_app.sync.merge import CameTwice, Counts, Merge
from replicas_app.sync.patience import may_be_dead, patience_for
from replicas_app.sync.read import Listing, Reading, Stopped
from replicas_app.sync.verdict import OUR_FAULT, verdict_of
from replicas_app.vbr import Client, Denied, Pace, VbrError

logger = logging.getLogger(__name__)


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
    try:
        with set_for_a_sync():
            _read_and_write(run, should_stop)
    except Stopped:
        runs.interrupt(run.pk, timezone.now())
    except Exception:
        runs.end(run, SyncState.FAILED, read_all=False, error=OUR_FAULT, cause="ours")
        raise
    finally:
        stage.drop_tables()


def _read_and_write(run: SyncRun, should_stop: Callable[[], bool], *, directly: bool = True) -> None:
    stage.create_tables()
    try:
        with Merge(run.server_id, run.pk) as merge:
            reading = Reading(run, should_stop, Pace(run.server.page_size), merge, directly)
            fault = _read(reading)
            _write(reading, fault)
        if run.is_full:
            statistics.bring_up_to_date(merge.counts.points_added + merge.counts.points_removed)
    except CameTwice:
        _read_and_write(run, should_stop, directly=False)


def _read(reading: Reading) -> VbrError | None:
    """Read the server into the staging tables; the fault that broke it off, if one did."""
    run = reading.run
    try:
        if may_be_dead(run):
            knock(run.server, patience_for(run))
        with connect(run.server) as client:
            _learn(reading, client)
            reading.read_replicas(client)
            absent.look_again_at_replicas(reading, client)
            _read_points(reading, client)
    except VbrError as fault:
        logger.warning("sync %s of server %s broke off: %s", run.pk, run.server_id, fault)
        stage.forget_gone()
        return fault
    return None


def _read_points(reading: Reading, client: Client) -> None:
    run = reading.run
    if not run.is_full and (why := interval.read_new(reading, client)):
        logger.info("sync %s of server %s becomes a full sweep: %s", run.pk, run.server_id, why)
        runs.widen(run, why)
        stage.forget_gone()
    if reading.points.broken:  # among the points that are new: then nothing is removed
        stage.forget_gone()
    if run.is_full:
        reading.sweep_points(client)
        absent.look_again_at_points(reading, client)
        reading.counted = dict(ahead(interval.counted(client)))  # a token that is renewed is not part of the merge


def _learn(reading: Reading, client: Client) -> None:
    """What the server says of itself. That the account may not read it is knowledge, not a fault."""
    run, server = reading.run, reading.run.server
    server.clock_skew_seconds = client.server_time().skew_seconds
    known: dict[str, object] = {"clock_skew_seconds": server.clock_skew_seconds}
    if run.is_full:
        known |= _told_by_info(server, client)
    if known.get("build_version", server.build_version) != server.build_version:
        reading.pace = Pace()  # another build may grant larger pages
    BackupServer.objects.filter(pk=server.pk).update(**known)


def _told_by_info(server: BackupServer, client: Client) -> dict[str, object]:
    try:
        info = client.server_info()
    except Denied as error:
        if error.cause != "role":
            raise
        return {"capabilities": server.capabilities | {"serverInfo": error.cause}}
    told = {"build_version": info.build_version, "vbr_name": info.name, "vbr_id": info.vbr_id}
    return told | {"capabilities": server.capabilities | {"serverInfo": ""}}


def _write(reading: Reading, fault: VbrError | None) -> None:
    """Merge what was staged and close the run, both or neither."""
    run = reading.run
    if not _is_wanted(reading):
        raise Stopped
    reading.merge.open()
    server = BackupServer.objects.select_for_update(no_key=True).get(pk=run.server_id)
    doubt = doubt_of(server, reading)
    counts = _merged(reading, is_believed=not doubt)
    verdict = verdict_of(reading, fault, doubt.words)
    memory.remember(server, reading, counts, doubt, read_all=verdict.read_all)
    logger.info("sync %s of server %s %s: %s", run.pk, run.server_id, verdict.state, counts.in_words())
    runs.end(
        run,
        verdict.state,
        read_all=verdict.read_all,
        error=verdict.words,
        cause=verdict.cause,
        asked_for_seconds=fault.retry_after if fault else None,
        set_aside=reading.aside.kept,
        set_aside_count=reading.aside.count,
        naive_times=reading.naive_times,
        **counts.as_columns(),
    )


def _is_wanted(reading: Reading) -> bool:
    """Whether nobody stopped the run meanwhile. That it writes now is told where that is no part of the merge yet.

    In there the run's row must not be locked before the server's: who asks for a read takes them in that order.
    """
    if reading.merge.is_open:
        return SyncRun.objects.open().filter(pk=reading.run.pk).exists()
    return runs.progress(reading.run.pk, step="Writing")


def _merged(reading: Reading, *, is_believed: bool) -> Counts:
    """What the merge did; a listing that came as the last sweep saw it needs none."""
    as_held = [listing for listing in reading.whole_listings if reading.is_as_held(listing)]
    differing = [listing for listing in reading.whole_listings if listing not in as_held]
    if differing or stage.has_points():
        counts = _differences(reading, differing, is_believed)
    else:
        counts = Counts(points_unchanged=stage.distinct("point", 0))
    if reading.replicas in as_held:
        counts.replicas_unchanged = reading.replicas.rows
    if reading.points in as_held:
        counts.points_unchanged = reading.points.rows
    if counts.orphans:
        words = "Their replica is not in the server's list of replicas."
        reading.aside.put("restore points", "", words, counts.orphans)
    return counts


def _differences(reading: Reading, differing: list[Listing], is_believed: bool) -> Counts:
    for listing in differing:
        reading.know_what_was_recognised(listing)
    whole = [listing for listing in differing if listing.is_whole and is_believed]
    return reading.merge.finish(replicas_whole=reading.replicas in whole, points_whole=reading.points in whole)
