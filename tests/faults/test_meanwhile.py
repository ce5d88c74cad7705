"""What people do to a server while it is read, or somebody else asks for it."""

import pytest
from django.utils import timezone

from replicas_app import rescans, servers, sync
from replicas_app.choices import RescanState, SyncState, SyncTrigger
from replicas_app.connections import connect
from replicas_app.models import BackupServer, SyncRun
from replicas_app.simulator import Simulator
from replicas_app.sync import runs
from tests.factories import make_server
from tests.rescans.driving import step, to_the_end
from tests.syncing import do_sync


@pytest.mark.django_db(transaction=True)
def test_a_read_of_a_server_that_was_removed_a_moment_ago_is_refused_once():
    server = make_server()
    gone = BackupServer.objects.get(pk=server.pk)
    servers.remove(server)

    with pytest.raises(BackupServer.DoesNotExist):
        sync.request(gone, SyncTrigger.PERSON, full="wanted by the test")


@pytest.mark.django_db(transaction=True)
def test_the_schedule_goes_on_to_the_others_where_a_server_is_removed_while_it_looks(monkeypatch):
    first, second = make_server(next_sync_at=timezone.now()), make_server(next_sync_at=timezone.now())
    due = list(BackupServer.objects.filter(pk__in=[first.pk, second.pk]).order_by("pk"))
    servers.remove(first)
    monkeypatch.setattr(BackupServer.objects, "due", lambda now: due)

    sync.request_due(timezone.now())

    assert [run.server for run in SyncRun.objects.all()] == [second]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_comes_to_a_server_just_removed_does_nothing():
    run, _ = sync.request(make_server(), SyncTrigger.PERSON)
    run = SyncRun.objects.select_related("server").get(pk=run.pk)
    servers.remove(run.server)

    assert not runs.begin(run, timezone.now())


def test_a_read_that_goes_on_by_the_old_way_in_ends_and_says_nothing_of_the_new_one(simulator, server):
    """The new one is due at once."""
    do_sync(server)
    run, _ = sync.request(server, SyncTrigger.PERSON, full="wanted by the test")
    page = iter([False, True])

    def change_it_meanwhile() -> bool:
        if next(page, False):
            changed = BackupServer.objects.get(pk=server.pk)
            changed.password = "another"
            servers.change(changed, ["password"])
        return False

    simulator.manners.max_limit = 20
    sync.sync(run.pk, should_stop=change_it_meanwhile)

    run.refresh_from_db()
    server.refresh_from_db()
    assert (run.state, server.last_error) == (SyncState.INTERRUPTED, "")
    assert server.next_sync_at <= timezone.now()
    assert sync.request(server, SyncTrigger.PERSON)[1]


def test_the_token_of_an_address_is_sent_to_no_other_one(simulator, server):
    with Simulator(replicas=1, vms=1, points=1, seed=8, still=True, tls=True) as other, connect(server) as client:
        list(client.replicas())
        moved = BackupServer.objects.get(pk=server.pk)
        moved.base_url, moved.pinned_sha256 = other.url, other.fingerprint
        servers.change(moved, ["base_url", "pinned_sha256"])

        client.sign_in()  # by the old way in
        moved.refresh_from_db()

        assert moved.token_encrypted == ""
        with connect(moved) as there:
            list(there.replicas())
        assert [one.status for one in other.requests if one.path == "/api/v1/replicas"] == [200]


@pytest.fixture
def unconfirmed(simulator, server) -> BackupServer:
    """A server that was read; since then somebody wants its certificate compared anew."""
    do_sync(server)
    BackupServer.objects.update(pinned_sha256="", token_encrypted="")
    simulator.requests.clear()
    return server


def test_a_read_that_waits_while_the_certificate_has_to_be_accepted_anew_says_so(simulator, unconfirmed):
    run = do_sync(unconfirmed)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "tls_unconfirmed")
    assert run.error == "Nobody has accepted the server's certificate yet, so nothing is sent to it."
    assert simulator.requests == []


def test_a_rescan_that_runs_while_the_certificate_has_to_be_accepted_anew_goes_on_afterwards(simulator, server):
    do_sync(server)
    rescan = rescans.start(None, list(server.replicas.select_related("server"))[:1]).started[0]
    step(rescan)
    BackupServer.objects.update(pinned_sha256="")

    step(rescan)
    assert (rescan.state, rescan.error_cause) == (RescanState.RUNNING, "tls_unconfirmed")

    BackupServer.objects.update(pinned_sha256=simulator.fingerprint)
    assert to_the_end(rescan, simulator).state == RescanState.SUCCEEDED
