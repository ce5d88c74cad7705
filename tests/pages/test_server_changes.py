"""Changing, disabling and removing a backup server, and what becomes of all that hangs on it."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connections
from django.utils import timezone

from replicas_app import models, sync
from replicas_app.choices import Role, SyncState, TrustMode
from replicas_app.models import BackupServer, Replica, RestorePoint, SyncRun
from tests.factories import (
    make_point,
    make_replica,
    make_rescan,
    make_server,
    make_server_of,
    make_sync_run,
    make_vm,
)
from tests.pages.server_forms import PASSWORD, form_of, words
from tests.waiting import wait_until


def test_saving_without_typing_a_password_keeps_it_and_all_that_hangs_on_it(admin):
    server = make_server("before", password=PASSWORD, token_encrypted="token", api_version="1.3-rev1")

    admin.post(f"/servers/{server.pk}/edit/", form_of(server, name="after"))

    server.refresh_from_db()
    assert (server.name, server.password, server.token_encrypted) == ("after", PASSWORD, "token")
    assert not SyncRun.objects.exists()


def test_a_stored_password_is_not_sent_to_another_address(admin):
    server = make_server(password=PASSWORD, trust=TrustMode.OFF)

    answer = admin.post(f"/servers/{server.pk}/edit/", form_of(server, base_url="https://elsewhere.example.test:9419"))

    stored = BackupServer.objects.get(pk=server.pk)
    assert "Type the password again: the stored one is not sent to another address." in words(answer)
    assert (stored.base_url, stored.sync_runs.count()) == (server.base_url, 0)


def test_another_spelling_of_the_same_address_keeps_the_password(admin):
    server = make_server(base_url="https://vbr-oslo.example.test:9419", password=PASSWORD)

    admin.post(f"/servers/{server.pk}/edit/", form_of(server, name="after", base_url="HTTPS://VBR-OSLO.example.test/"))

    server.refresh_from_db()
    assert (server.name, server.password) == ("after", PASSWORD)


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "https://elsewhere:9419", "password": "pw1"},
        {"username": "other"},
        {"password": "new"},
        {"trust": "system"},
    ],
)
def test_another_way_in_voids_what_hung_on_the_old_one_and_reads_at_once(admin, change):
    server = make_server(
        token_encrypted="token",
        refused_sign_ins=2,
        sign_in_paused_until=timezone.now() + timedelta(minutes=10),
        last_error="The server refuses user name and password.",
        last_error_cause="login",
    )

    admin.post(f"/servers/{server.pk}/edit/", form_of(server, **change))

    server.refresh_from_db()
    assert (server.token_encrypted, server.refused_sign_ins, server.sign_in_paused_until) == ("", 0, None)
    assert (server.last_error, server.last_error_cause) == ("", "")
    assert server.sync_runs.count() == 1


def test_another_address_also_voids_the_revision_and_a_chosen_one_stays(admin):
    moved, chosen = make_server(api_version="1.3-rev0"), make_server(api_version="1.3-rev0")

    admin.post(f"/servers/{moved.pk}/edit/", form_of(moved, base_url="elsewhere", password="pw1"))
    to_nowhere = form_of(chosen, base_url="nowhere", password="pw1", api_version="1.3-rev2")
    admin.post(f"/servers/{chosen.pk}/edit/", to_nowhere)

    assert BackupServer.objects.get(pk=moved.pk).api_version == ""
    assert BackupServer.objects.get(pk=chosen.pk).api_version == "1.3-rev2"


def test_a_sync_that_ends_while_somebody_types_is_not_undone_by_saving(admin):
    server = make_server("before", last_success_at=None)
    form = form_of(server, name="after")
    read_at = timezone.now()
    BackupServer.objects.filter(pk=server.pk).update(last_success_at=read_at, token_encrypted="new")

    admin.post(f"/servers/{server.pk}/edit/", form)

    server.refresh_from_db()
    assert (server.name, server.last_success_at, server.token_encrypted) == ("after", read_at, "new")


def test_a_disabled_server_keeps_its_data_is_not_due_and_says_so(admin):
    server = make_server(next_sync_at=timezone.now())
    make_replica(server)

    answer = admin.post(f"/servers/{server.pk}/toggle/", {"on": "0"}, follow=True)

    assert "This server is disabled." in words(answer)
    assert "Disabled" in words(admin.get("/servers/"))
    assert Replica.objects.count() == 1
    assert not BackupServer.objects.due(timezone.now()).exists()


def test_pressing_disable_twice_does_not_enable(admin):
    server = make_server()

    admin.post(f"/servers/{server.pk}/toggle/", {"on": "0"})
    admin.post(f"/servers/{server.pk}/toggle/", {"on": "0"})

    assert not BackupServer.objects.get().is_enabled


def test_enabling_reads_at_once(admin):
    server = make_server(is_enabled=False)

    admin.post(f"/servers/{server.pk}/toggle/", {"on": "1"})

    assert server.sync_runs.get().state == SyncState.QUEUED


def test_removing_asks_first_and_says_what_goes(admin):
    server = make_server("vbr-oslo")
    make_point(make_vm(make_replica(server)))
    make_sync_run(server)

    answer = admin.get(f"/servers/{server.pk}/remove/")

    assert "1 replica with 1 VM" in words(answer)
    assert "1 restore point" in words(answer)
    assert BackupServer.objects.exists()


def test_a_name_that_was_not_typed_removes_nothing(admin):
    server = make_server("vbr-oslo")

    answer = admin.post(f"/servers/{server.pk}/remove/", {"name": "vbr"})

    assert answer.status_code == 422
    assert BackupServer.objects.exists()


def test_a_removed_server_takes_everything_with_it_and_nothing_of_the_others(admin):
    gone, stays = make_server("gone"), make_server("stays")
    for server in (gone, stays):
        replica = make_replica(server)
        make_point(make_vm(replica))
        make_rescan(replica)
        run = make_sync_run(server)
        models.Event.objects.create(server=server, replica=replica, run=run, kind="appeared", at=timezone.now())

    answer = admin.post(f"/servers/{gone.pk}/remove/", {"name": "gone"})

    assert answer["Location"] == "/servers/"
    for model in (BackupServer, Replica, RestorePoint, SyncRun, models.Event):
        assert model.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_read_that_is_under_way_is_stopped_by_removing_its_server(signed_in, simulator):
    server = make_server_of(simulator, "gone")
    run, _ = sync.request(server, "schedule")
    arrived, go_on = Event(), Event()
    reader = Thread(target=read_slowly, args=[run, arrived, go_on])
    reader.start()
    assert arrived.wait(10)

    client = signed_in(role=Role.ADMIN)
    removal = Thread(target=remove, args=[client, server])
    removal.start()
    wait_until(lambda: not SyncRun.objects.open().exists())
    go_on.set()
    reader.join(10)
    removal.join(10)

    assert not BackupServer.objects.exists()
    assert not Replica.objects.exists()


def read_slowly(run: SyncRun, arrived: Event, go_on: Event) -> None:
    """A worker that has its first page, and waits before it asks for the next."""

    def should_stop() -> bool:
        arrived.set()
        go_on.wait(10)
        return False

    sync.sync(run.pk, should_stop=should_stop)
    connections.close_all()


def remove(client, server: BackupServer) -> None:
    client.post(f"/servers/{server.pk}/remove/", {"name": server.name})
    connections.close_all()


def test_disabling_closes_the_read_that_is_under_way(admin):
    server = make_server()
    run = make_sync_run(server, state=SyncState.RUNNING, ended_at=None)

    admin.post(f"/servers/{server.pk}/toggle/", {"on": "0"})

    run.refresh_from_db()
    assert run.state == SyncState.INTERRUPTED
    assert "disabled" in run.error


def test_a_second_press_on_remove_finds_nothing_more(admin):
    server = make_server("gone")

    admin.post(f"/servers/{server.pk}/remove/", {"name": "gone"})

    assert admin.post(f"/servers/{server.pk}/remove/", {"name": "gone"}).status_code == 404
