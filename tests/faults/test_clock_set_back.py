"""A clock of ours that ran ahead and was set back: what was written by it holds nobody up, and storms nobody."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import cool_down, doctor, rescans, sync
from replicas_app.choices import RescanState
from replicas_app.models import RescanReplica, SignInAttempts, SyncRun
from tests.factories import make_replica, make_rescan, make_server
from tests.rescans.driving import step
from tests.syncing import do_sync

AHEAD = timedelta(hours=5)


@pytest.mark.django_db
def test_a_replica_that_was_rescanned_by_a_clock_that_ran_ahead_may_be_rescanned():
    replica, ended_at = make_replica(), timezone.now() + AHEAD
    rescan = make_rescan(replica, state=RescanState.SUCCEEDED, ended_at=ended_at)
    RescanReplica.objects.filter(rescan=rescan).update(ended_well_at=ended_at)

    [row] = rescans.with_acts(type(replica).objects.all(), timezone.now())
    found = rescans.start(None, [replica])

    assert (row.rested_at, len(found.started)) == (None, 1)
    assert cool_down.seconds_left(ended_at, timezone.now()) == 0


def test_a_rescan_that_ended_by_a_clock_that_ran_ahead_is_compared_with_the_first_sweep_after_it(simulator, server):
    do_sync(server)
    rescan = rescans.start(None, list(server.replicas.select_related("server"))[:1]).started[0]
    while rescan.is_open:
        step(rescan)
        simulator.clock.advance(100)
    type(rescan).objects.filter(pk=rescan.pk).update(ended_at=timezone.now() + AHEAD)

    for _ in range(6):
        step(rescan)
        for run in SyncRun.objects.open():
            sync.sync(run.pk)

    assert (rescan.read_after_at is not None, rescan.next_poll_at) == (True, None)
    assert SyncRun.objects.count() == 2


@pytest.mark.django_db
def test_somebody_who_mistyped_by_a_clock_that_ran_ahead_waits_no_longer_than_others():
    now = timezone.now()
    for _ in range(SignInAttempts.FREE + 2):
        SignInAttempts.objects.begin("anna", "10.0.0.1", now + AHEAD)

    wait = SignInAttempts.objects.begin("anna", "10.0.0.1", now)

    assert wait <= SignInAttempts.FIRST_WAIT


@pytest.mark.django_db
@pytest.mark.parametrize("began", [False, True])
def test_a_connection_test_that_was_asked_for_by_a_clock_that_ran_ahead_holds_up_no_other(began):
    now = timezone.now()
    server = make_server(doctor_asked_at=now + AHEAD, doctor_started_at=now + AHEAD if began else None)

    assert doctor.stage_of(server, now) == "lost"
    assert doctor.ask(server)
