"""Two who work at the same rows at the same moment: both come through, for all lock them in the same order."""

from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from replicas_app import rescans, servers, sync
from replicas_app.choices import RescanState, SyncState, SyncTrigger
from replicas_app.models import BackupServer, Person, Rescan, SyncRun
from replicas_app.rescans import compare, rows
from tests.factories import make_person, make_replica, make_rescan, make_server, make_sync_run
from tests.waiting import wait_until

SOMEBODY_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def is_anybody_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees what it saw first
        cursor.execute(SOMEBODY_WAITS)
        return cursor.fetchone()[0] > 0


def test_a_read_that_writes_and_somebody_who_asks_for_another_one_do_not_wait_in_a_circle(simulator, server):
    BackupServer.objects.update(api_version="1.3-rev2")  # else the revision is written down before
    is_reading, may_go_on = Event(), Event()
    run, _ = sync.request(server, SyncTrigger.PERSON)

    def hold() -> bool:
        is_reading.set()
        return not may_go_on.wait(20)

    def read() -> None:
        sync.sync(run.pk, should_stop=hold)
        connection.close()

    reader = Thread(target=read)
    reader.start()
    assert is_reading.wait(20)
    with transaction.atomic():
        held = BackupServer.objects.select_for_update().get(pk=server.pk)
        may_go_on.set()
        wait_until(is_anybody_waiting)
        joined, is_new = sync.request(held, SyncTrigger.PERSON)
    reader.join(30)

    run.refresh_from_db()
    assert (joined, is_new, run.state, run.error) == (run, False, SyncState.SUCCEEDED, "")


def test_a_rescan_that_ends_and_somebody_who_removes_its_server_do_not_wait_in_a_circle(transactional_db):
    rescan = make_rescan()
    remover = Thread(target=remove, args=(rescan.server,))
    with transaction.atomic():  # as `rows.end` does it
        rows.write(rescan, message="over")
        remover.start()
        wait_until(is_anybody_waiting)
        rescan.members.update(is_open=False)
    remover.join(30)

    assert not BackupServer.objects.exists()


def test_a_rescan_is_locked_before_its_replicas_where_it_is_compared(transactional_db):
    rescan = make_rescan(make_replica(), state=RescanState.SUCCEEDED, changes_since=timezone.now())
    comparer = Thread(target=compare_with_before, args=(rescan,))
    with transaction.atomic():
        list(rescan.members.select_for_update())
        comparer.start()
        wait_until(is_anybody_waiting)
        with pytest.raises(OperationalError), transaction.atomic():
            Rescan.objects.select_for_update(nowait=True).get(pk=rescan.pk)
    comparer.join(30)


def compare_with_before(rescan: Rescan) -> None:
    try:
        compare.note_after(rescan)
    finally:
        connection.close()


def remove(server: BackupServer) -> None:
    try:
        servers.remove(server)
    finally:
        connection.close()


def test_somebody_who_accepts_a_drop_and_somebody_who_asks_for_a_read_do_not_wait_in_a_circle(transactional_db):
    server, person = make_server(doubt={"replicas": [1, 20]}), make_person()
    accepter = Thread(target=accept, args=(server, person))
    with transaction.atomic():  # as `sync.request` does it: the key of the server is looked for at the end
        run = make_sync_run(server, state=SyncState.QUEUED, started_at=None, ended_at=None)
        accepter.start()
        wait_until(is_anybody_waiting)
    accepter.join(30)

    server.refresh_from_db()
    assert (SyncRun.objects.get(), server.accepted_drop) == (run, {"replicas": 1})


def accept(server: BackupServer, person: Person) -> None:
    try:
        servers.accept_drop(server, person, servers.mark_of(servers.drops_of(server)))
    finally:
        connection.close()


def test_a_read_that_is_asked_for_while_a_server_is_removed_holds_up_nobody(transactional_db):
    server = make_server()
    make_replica(server)
    remover = Thread(target=remove, args=(server,))
    with transaction.atomic():
        make_sync_run(server, state=SyncState.QUEUED, started_at=None, ended_at=None)
        remover.start()
    remover.join(30)

    assert (BackupServer.objects.count(), SyncRun.objects.count()) == (0, 0)


def test_two_who_cancel_waiting_rescans_of_one_server_do_not_wait_in_a_circle(transactional_db):
    server, person = make_server(), make_person()
    first, second = (make_rescan(make_replica(server), state=RescanState.QUEUED) for _ in range(2))
    canceller = Thread(target=cancel, args=(second, person))
    with transaction.atomic():  # as one who ends the first, and then wants the second to have its turn
        Rescan.objects.select_for_update().get(pk=first.pk)
        canceller.start()
        wait_until(is_anybody_waiting)
        Rescan.objects.filter(pk=second.pk).update(next_poll_at=timezone.now())
    canceller.join(30)

    assert list(Rescan.objects.order_by("pk").values_list("state", flat=True)) == ["queued", "cancelled"]


def cancel(rescan: Rescan, person: Person) -> None:
    try:
        rescans.stop(rescan, person)
    finally:
        connection.close()
