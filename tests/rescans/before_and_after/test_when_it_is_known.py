"""What a rescan changed is known once a full sweep has come through, however long that takes."""

from datetime import timedelta

import pytest
from django.db import DataError
from django.utils import timezone

from replicas_app import rescans
from replicas_app.choices import RescanState, SyncState
from replicas_app.models import BackupServer, Rescan, SyncRun
from replicas_app.rescans import compare, rows, settle
from replicas_app.simulator import Simulator
from tests.rescans.before_and_after.changing import NOTHING, add, asked_for, of, sums, take_away, words
from tests.rescans.driving import read_what_is_asked_for, step, to_the_end, until_settled
from tests.syncing import do_sync

pytestmark = pytest.mark.django_db(transaction=True)
SWEEP = "^/api/v1/replicaPoints$"


def test_the_read_after_a_rescan_is_a_full_sweep_and_says_after_which(simulator, rescan):
    until_settled(rescan, simulator)

    assert (rescan.sync_run.is_full, rescan.sync_run.why_full) == (True, f"after rescan {rescan.pk}")
    assert rescan.read_after_at == rescan.sync_run.started_at


def test_while_an_intervals_read_goes_on_another_one_follows_and_is_full(simulator, rescan, server):
    to_the_end_before_the_read(rescan, simulator)
    early = SyncRun.objects.create(
        server=server,
        trigger="schedule",
        state=SyncState.RUNNING,
        queued_at=timezone.now(),
        started_at=timezone.now(),
    )

    step(rescan)
    assert rescan.sync_run is None
    assert words(rescan).sentence == (
        "Not known yet: lab is about to be read in full; a read that is under way is finished first."
    )

    SyncRun.objects.filter(pk=early.pk).update(state=SyncState.SUCCEEDED, ended_at=timezone.now())
    step(rescan)
    read_what_is_asked_for()
    step(rescan)

    assert rescan.sync_run != early
    assert (rescan.sync_run.is_full, rescan.changes, rescan.next_poll_at) == (True, NOTHING, None)
    assert SyncRun.objects.filter(is_full=True, pk__gt=early.pk).count() == 1


def to_the_end_before_the_read(rescan: Rescan, simulator: Simulator) -> Rescan:
    while step(rescan).is_open:
        simulator.clock.advance(20)
    assert rescan.sync_run is None
    return rescan


def test_a_worker_that_dies_between_the_sweep_and_the_comparison_loses_nothing(simulator, rescan, replicas):
    asked_for(rescan)
    take_away(simulator, of(replicas[0], simulator)[0])
    to_the_end(rescan, simulator)
    read_what_is_asked_for()  # and nobody takes a step of the rescan
    assert (rescan.next_poll_at is not None, rescan.read_after_at) == (True, None)

    step(rescan)

    assert (sums(rescan), rescan.next_poll_at) == ({"replicas": 1, "points_lost": 1}, None)


def test_a_comparison_that_fails_is_tried_again(simulator, rescan, monkeypatch):
    to_the_end(rescan, simulator)
    read_what_is_asked_for()
    with monkeypatch.context() as broken:
        broken.setattr(compare, "NOTE_AFTER", "SELECT 1/0")
        with pytest.raises(Exception, match="division by zero"):
            step(rescan)

    rescan.refresh_from_db()
    assert (rescan.read_after_at, rescan.next_poll_at is None) == (None, False)
    assert step(rescan).changes == NOTHING


def test_a_comparison_that_fails_is_tried_less_and_less_often_and_its_page_says_so(simulator, rescan, monkeypatch):
    until_it_is_to_be_compared(rescan, simulator)
    monkeypatch.setattr(compare, "NOTE_AFTER", "SELECT 1/0")

    pauses = [fail(rescan) for _ in range(8)]

    assert [round(pause) for pause in pauses] == [2, 4, 8, 16, 32, 60, 60, 60]
    assert words(rescan).sentence.startswith(
        "Not known yet: lab has been read in full, and is being compared with before. The dashboard itself has failed"
    )


def test_a_comparison_that_fails_for_an_hour_is_given_up_and_the_page_says_why(simulator, rescan, monkeypatch):
    until_it_is_to_be_compared(rescan, simulator)
    monkeypatch.setattr(compare, "NOTE_AFTER", "SELECT 1/0")
    for _ in range(rows.LEAST_TRIES):
        fail(rescan)
    Rescan.objects.update(unanswered_since=timezone.now() - rows.NO_ANSWER_LIMIT)

    fail(rescan)

    assert (rescan.state, rescan.next_poll_at, words(rescan).short) == (RescanState.SUCCEEDED, None, "not known")
    assert words(rescan).sentence == (
        "What it changed could not be found out: the dashboard itself failed whenever it compared (DataError), for an"
        " hour. The worker's log has the details; please report them."
    )
    assert rescans.facts(rescan)["changes"] is None


def test_a_comparison_that_ends_its_process_each_time_is_given_up_too(simulator, rescan):
    until_it_is_to_be_compared(rescan, simulator)
    Rescan.objects.update(failed_polls=rows.TRIES_LIMIT)

    step(rescan)

    assert (rescan.next_poll_at, rescan.read_after_at) == (None, None)
    assert "could not be found out: the process that compared it ended each time" in words(rescan).sentence


def until_it_is_to_be_compared(rescan: Rescan, simulator: Simulator) -> None:
    to_the_end(rescan, simulator)
    step(rescan)
    read_what_is_asked_for()


def fail(rescan: Rescan) -> float:
    """Take a step that fails; after how many seconds the next one is due."""
    with pytest.raises(DataError):
        step(rescan)
    rescan.refresh_from_db()
    return (rescan.next_poll_at - timezone.now()).total_seconds() if rescan.next_poll_at else 0


def test_a_sweep_that_fails_leaves_it_unknown_with_the_reason_until_the_next_one_comes_through(
    simulator, rescan, replicas
):
    asked_for(rescan)
    take_away(simulator, of(replicas[0], simulator)[0])
    to_the_end(rescan, simulator)
    simulator.faults.add({"path": SWEEP, "action": "status", "status": 403, "body": {"message": "Not today."}})
    read_what_is_asked_for()

    step(rescan)

    assert rescan.next_poll_at is not None
    told = words(rescan)
    assert told.sentence.startswith("Not known yet: lab could not be read in full after the rescan. ")
    assert "Not today." in told.sentence
    assert (told.short, told.is_held_up, told.proof) == ("not known yet", True, [])

    simulator.faults.clear()
    next_run = do_sync(rescan.server, full="")
    step(rescan)

    assert rescan.sync_run == next_run
    assert (sums(rescan), rescan.next_poll_at) == ({"replicas": 1, "points_lost": 1}, None)


def test_a_failing_server_is_asked_for_one_sweep_and_not_for_one_with_every_look(simulator, rescan):
    to_the_end(rescan, simulator)
    simulator.faults.add({"path": SWEEP, "action": "status", "status": 403})
    read_what_is_asked_for()
    runs = SyncRun.objects.count()

    for _ in range(5):
        step(rescan)

    assert SyncRun.objects.count() == runs


def test_a_sweep_that_was_cut_off_is_followed_by_the_next_one(simulator, rescan):
    to_the_end(rescan, simulator)
    SyncRun.objects.open().update(
        state=SyncState.INTERRUPTED, is_full=True, started_at=timezone.now(), ended_at=timezone.now()
    )
    step(rescan)
    assert words(rescan).is_held_up

    next_run = do_sync(rescan.server, full="")
    step(rescan)

    assert (next_run.is_full, rescan.sync_run, rescan.changes) == (True, next_run, NOTHING)


def test_a_sweep_that_is_not_believed_leaves_it_unknown_with_the_numbers(simulator, rescan, server):
    held = len(simulator.world.points)
    to_the_end(rescan, simulator)
    simulator.world.points[:] = simulator.world.points[:2]
    read_what_is_asked_for()

    step(rescan)

    assert words(rescan).sentence.startswith(
        f"Not known yet: lab answered with 2 of {held} restore points. We kept all {held}. "
        "Somebody has to say on the page of lab whether that is right."
    )
    assert rescan.next_poll_at is not None


def test_a_sweep_that_set_records_aside_is_compared_and_says_what_it_cannot_know(simulator, rescan):
    to_the_end(rescan, simulator)
    simulator.faults.add({"path": SWEEP, "action": "set", "key": "creationTime", "index": 0, "value": "yesterday"})
    read_what_is_asked_for()

    step(rescan)

    assert (rescan.sync_run.state, rescan.next_poll_at) == (SyncState.PARTIAL, None)
    assert "The read after it was incomplete, so what went away may not have been seen." in words(rescan).proof


def test_nobody_waits_for_ever_for_a_server_that_stays_away(simulator, rescan):
    to_the_end(rescan, simulator)
    Rescan.objects.filter(pk=rescan.pk).update(
        ended_at=timezone.now() - settle.COMPARED_WITHIN - timedelta(seconds=1), sync_run=None
    )
    BackupServer.objects.update(last_full_at=timezone.now() - timedelta(days=30))

    step(rescan)

    assert rescan.next_poll_at is None
    assert words(rescan).sentence == "Not known: lab was not read in full within 7 days after the end."
    assert words(rescan).short == "not known"


def test_a_server_that_was_disabled_after_the_rescan_is_compared_once_it_is_enabled_again(simulator, rescan, server):
    to_the_end_before_the_read(rescan, simulator)
    BackupServer.objects.update(is_enabled=False)
    step(rescan)

    assert "lab is disabled. The first full sweep after it is enabled again tells." in words(rescan).sentence
    assert (SyncRun.objects.open().count(), rescan.next_poll_at is None) == (0, False)

    BackupServer.objects.update(is_enabled=True)
    assert until_settled(rescan, simulator).changes == NOTHING


@pytest.mark.parametrize("status", [403, 400])
def test_a_rescan_that_the_server_refused_changed_nothing_and_is_not_compared(simulator, rescan, status):
    simulator.faults.add({"path": "/rescan$", "action": "status", "status": status})

    until_settled(rescan, simulator)

    assert (rescan.state, rescan.read_after_at) == (RescanState.REFUSED, None)
    assert (words(rescan).sentence, words(rescan).short) == ("", "")


def test_a_rescan_whose_end_is_not_known_is_compared_all_the_same(simulator, rescan, replicas):
    asked_for(rescan)
    add(simulator, of(replicas[0], simulator)[0])
    simulator.faults.add({"path": "^/api/v1/sessions/[^/]+$", "action": "status", "status": 404})

    until_settled(rescan, simulator)

    assert (rescan.state, sums(rescan)) == (RescanState.UNKNOWN, {"replicas": 1, "points_gained": 1})
