"""Who may sync when: one open run per server, lost messages, dead processes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import locks, sync
from replicas_app.choices import SyncState, SyncTrigger
from replicas_app.models import SyncRun
from tests.factories import make_server, make_sync_run
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_whoever_asks_for_a_sync_that_is_open_joins_it():
    server = make_server()

    asked = at_once(8, lambda _: sync.request(server, SyncTrigger.PERSON))

    assert len({run.pk for run, _ in asked}) == 1
    assert [made for _, made in asked].count(True) == 1


def test_a_due_server_gets_one_run_and_a_disabled_or_early_one_none():
    now = timezone.now()
    due = make_server(next_sync_at=now - timedelta(seconds=1))
    make_server(next_sync_at=now + timedelta(seconds=60))
    make_server(next_sync_at=now - timedelta(seconds=1), is_enabled=False)

    sync.request_due(now)
    sync.request_due(now)

    assert [run.server for run in SyncRun.objects.all()] == [due]


def test_two_schedulers_tell_a_worker_of_each_run_once():
    now = timezone.now()
    for _ in range(5):
        make_sync_run(state=SyncState.QUEUED, started_at=None, ended_at=None)

    told = at_once(4, lambda _: sync.take_unheard(now))

    assert sorted(key for keys in told for key in keys) == sorted(SyncRun.objects.values_list("pk", flat=True))


def test_a_worker_is_told_again_of_a_run_that_nobody_took_up_for_a_while():
    now = timezone.now()
    run = make_sync_run(state=SyncState.QUEUED, started_at=None, ended_at=None)

    first, soon = sync.take_unheard(now), sync.take_unheard(now + timedelta(seconds=19))
    later = sync.take_unheard(now + timedelta(seconds=21))

    assert (first, soon, later) == ([run.pk], [], [run.pk])


def test_a_run_whose_process_died_is_interrupted_and_its_server_due():
    now = timezone.now()
    run = make_sync_run(state=SyncState.RUNNING, ended_at=None)

    sync.close_orphans(now)

    run.refresh_from_db()
    assert (run.state, run.ended_at, run.server.next_sync_at) == (SyncState.INTERRUPTED, now, now)
    assert "begins anew" in run.error


def test_a_run_whose_process_lives_is_left_alone():
    run = make_sync_run(state=SyncState.RUNNING, ended_at=None)

    with locks.try_lock(locks.Space.SYNC, run.server_id) as taken:
        at_once(1, lambda _: sync.close_orphans(timezone.now()))

    run.refresh_from_db()
    assert (taken, run.state) == (True, SyncState.RUNNING)


def test_a_second_worker_leaves_a_server_alone_that_is_being_read():
    run = make_sync_run(state=SyncState.QUEUED, started_at=None, ended_at=None)

    with locks.try_lock(locks.Space.SYNC, run.server_id):
        at_once(1, lambda _: sync.sync(run.pk))

    run.refresh_from_db()
    assert run.state == SyncState.QUEUED


def test_a_message_that_comes_twice_finds_nothing_to_do():
    run = make_sync_run(state=SyncState.SUCCEEDED)

    sync.sync(run.pk)

    assert SyncRun.objects.get(pk=run.pk).ended_at == run.ended_at
