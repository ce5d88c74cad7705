"""`manage.py sync`: servers are read in the foreground, and what came of it is told."""

import json
from io import StringIO
from threading import Event, Thread

import pytest
from django.core.management import call_command
from django.db import connection

from replicas_app import locks, sync
from replicas_app.choices import SyncState
from replicas_app.models import Replica, SyncRun
from replicas_app.simulator import Simulator
from tests.commands.calling import PASSWORD, run
from tests.factories import make_server, make_server_of, make_sync_run


@pytest.mark.django_db(transaction=True)
def test_a_server_is_read_in_the_foreground(simulator):
    make_server_of(simulator)

    out, _ = run("sync", "lab", "--full", "--json")

    told = json.loads(out)
    assert (told["server"], told["state"], told["replicas_added"]) == ("lab", "succeeded", 3)
    assert Replica.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_all_enabled_servers_are_read_when_none_is_named(simulator):
    make_server_of(simulator, "lab")
    make_server("off", is_enabled=False)

    out, _ = run("sync")

    assert out.startswith("lab: done")
    assert SyncRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_failed_read_is_told_and_ends_with_status_1_after_the_others_were_read(simulator):
    make_server_of(simulator, "a-broken", base_url="https://127.0.0.1:1")
    make_server_of(simulator, "b-well")

    out, _ = run("sync", "--json", status=1)

    states = {told["server"]: told["state"] for told in map(json.loads, out.splitlines())}
    assert states == {"a-broken": "failed", "b-well": "succeeded"}


def test_a_failed_read_names_the_command_that_looks_further_and_has_a_worker_test_the_connection(db, simulator):
    server = make_server_of(simulator, "my lab", base_url="https://127.0.0.1:1")

    out, _ = run("sync", "my lab", status=1)

    server.refresh_from_db()
    assert "manage.py test_server 'my lab'" in out
    assert server.doctor_run_id == SyncRun.objects.get().pk


@pytest.mark.django_db(transaction=True)
def test_a_read_is_of_what_is_new_and_with_full_of_everything(simulator):
    make_server_of(simulator)
    run("sync", "lab")

    kinds = [json.loads(run("sync", "lab", "--json", *options)[0]) for options in ([], ["--full"])]

    assert [(told["is_full"], told["why_full"]) for told in kinds] == [(False, ""), (True, "asked for from the shell")]


@pytest.mark.django_db(transaction=True)
def test_who_wants_everything_waits_for_the_sweep_after_the_read_that_was_under_way(simulator):
    server = make_server_of(simulator)
    run("sync", "lab")
    interval = make_sync_run(server, state=SyncState.QUEUED, started_at=None, ended_at=None)
    sync.sync(interval.pk)
    SyncRun.objects.filter(pk=interval.pk).update(state=SyncState.RUNNING, ended_at=None)
    out, is_reading, has_joined = StringIO(), Event(), Event()
    holder = Thread(target=hold_until, args=[has_joined, interval, is_reading])
    holder.start()
    assert is_reading.wait(30)

    call_command("sync", "lab", "--full", "--json", stdout=out, stderr=Heard(has_joined))
    holder.join()

    assert json.loads(out.getvalue())["run"] > interval.pk
    assert json.loads(out.getvalue())["is_full"]


@pytest.mark.django_db(transaction=True)
def test_a_drop_is_accepted_from_the_shell():
    with Simulator(replicas=12, vms=1, points=1, username="CORP\\svc", password=PASSWORD) as simulator:
        server = make_server_of(simulator)
        run("sync", "lab")
        simulator.world.replicas = simulator.world.replicas[:1]
        doubted = json.loads(run("sync", "lab", "--full", "--json")[0])

        accepted = json.loads(run("sync", "lab", "--full", "--accept-drop", "--json")[0])

    assert (doubted["error_cause"], doubted["replicas_removed"]) == ("drop", 0)
    assert (accepted["state"], accepted["replicas_removed"]) == ("succeeded", 11)
    assert server.replicas.present().count() == 1


@pytest.mark.django_db(transaction=True)
def test_where_nothing_dropped_the_shell_says_so_and_reads_as_always(simulator):
    make_server_of(simulator)

    out, told = run("sync", "lab", "--accept-drop")

    assert "There is no drop to accept at lab." in told
    assert out.startswith("lab: done")


def test_a_drop_is_accepted_of_named_servers_only(db):
    assert "Name the servers" in run("sync", "--accept-drop", status=1)[1]


@pytest.mark.parametrize("fields", [{"is_enabled": False}, {"trust": "pin", "pinned_sha256": ""}])
def test_a_server_that_may_not_be_read_is_not_read(db, fields):
    make_server("lab", **fields)

    run("sync", "lab", status=1)

    assert not SyncRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_waiting_run_of_somebody_else_is_joined_and_carried_out(simulator):
    run_of_another = make_sync_run(make_server_of(simulator), state=SyncState.QUEUED, started_at=None, ended_at=None)

    out, told = run("sync", "lab", "--json")

    assert json.loads(out)["run"] == run_of_another.pk
    assert json.loads(out)["joined"]
    assert "being read already" in told


@pytest.mark.django_db(transaction=True)
def test_a_run_that_another_process_carries_out_is_waited_for(simulator):
    server = make_server_of(simulator)
    their_run = make_sync_run(server, state=SyncState.RUNNING, ended_at=None)
    out, is_reading, has_joined = StringIO(), Event(), Event()
    holder = Thread(target=hold_until, args=[has_joined, their_run, is_reading])
    holder.start()
    assert is_reading.wait(30)

    call_command("sync", "lab", "--json", stdout=out, stderr=Heard(has_joined))
    holder.join()

    assert json.loads(out.getvalue())["run"] == their_run.pk
    assert json.loads(out.getvalue())["state"] == "succeeded"


class Heard(StringIO):
    """Sets the event at the first word that is written."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event

    def write(self, text: str) -> int:
        self.event.set()
        return super().write(text)


def hold_until(event: Event, run: SyncRun, is_reading: Event) -> None:
    """Another process that reads the server and ends after the event: a thread with a connection of its own."""
    with locks.try_lock(locks.Space.SYNC, run.server_id):
        is_reading.set()
        event.wait(30)
        SyncRun.objects.filter(pk=run.pk).update(state=SyncState.SUCCEEDED)
    connection.close()
