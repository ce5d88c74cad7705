"""The shell's door to the servers: facts on stdout, complaints on stderr, and no password anywhere."""

import json
from io import StringIO
from threading import Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from replicas_app import locks, sync
from replicas_app.choices import SyncState
from replicas_app.models import BackupServer, Replica, SyncRun
from replicas_app.simulator import Simulator
from tests.factories import make_replica, make_server, make_server_of, make_sync_run
from tests.refusals import FOUR_REFUSALS

PASSWORD = "p&a=s+s%20 wörd\"'\\;"


@pytest.fixture
def simulator():
    with Simulator(
        replicas=3, vms=1, points=2, seed=7, still=True, tls=True, username="CORP\\svc", password=PASSWORD
    ) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("VBR_PW", PASSWORD)


def run(*arguments: str, status: int = 0) -> tuple[str, str]:
    """(stdout, stderr) of the command, which has to end with this status."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
        ended = 0
    except CommandError as error:
        ended = error.returncode
        err.write(str(error))
    except SystemExit as ending:
        ended = ending.code
    assert ended == status, out.getvalue() + err.getvalue()
    assert PASSWORD not in out.getvalue() + err.getvalue()
    return out.getvalue(), err.getvalue()


def add(url: str, *options: str, status: int = 0, username: str = "CORP\\svc") -> tuple[str, str]:
    return run("add_server", "lab", url, "--username", username, "--password-env", "VBR_PW", *options, status=status)


# add_server


def test_a_server_is_connected_with_its_certificate_pinned_and_printed(db, simulator):
    out, _ = add(simulator.url, "--trust", "pin")

    server = BackupServer.objects.get()
    assert (server.username, server.password, server.pinned_sha256) == ("CORP\\svc", PASSWORD, simulator.fingerprint)
    assert simulator.fingerprint[:2].upper() + ":" in out
    assert simulator.requests == []


def test_facts_come_as_json(db, simulator):
    out, _ = add(simulator.url, "--trust", "pin", "--json")

    told = json.loads(out)
    assert (told["name"], told["address"], told["pinned_sha256"]) == ("lab", simulator.url, simulator.fingerprint)


def test_the_same_server_a_second_time_is_no_mistake_and_no_second_row(db, simulator):
    add(simulator.url, "--trust", "pin")
    out, _ = add(simulator.url, "--trust", "pin")

    assert "connected already" in out
    assert BackupServer.objects.count() == 1


def test_other_values_for_a_known_name_are_refused_unless_an_update_is_asked_for(db, simulator):
    make_server("lab")

    _, refusal = add(simulator.url, "--trust", "pin", status=1)
    assert "lab has this name already." in refusal
    add(simulator.url, "--trust", "pin", "--update")

    assert BackupServer.objects.get().base_url == simulator.url


def test_an_update_leaves_what_was_not_given_as_it_is(db, simulator):
    make_server_of(simulator, "lab", api_version="1.3-rev1", sync_interval_seconds=60, is_enabled=False)

    add(simulator.url, "--update")

    server = BackupServer.objects.get()
    assert (server.trust, server.api_version, server.sync_interval_seconds, server.is_enabled) == (
        "pin", "1.3-rev1", 60, False,
    )  # fmt: skip


@pytest.mark.parametrize("url", ["https://svc:pw@vbr01", "vbr01:99999", "https://::1:9451", "vbr01:9398"])
def test_an_address_that_cannot_be_meant_is_refused_with_what_is_wrong(db, url):
    _, refusal = add(url, status=1)

    assert refusal.startswith("Address: ")
    assert not BackupServer.objects.exists()


def test_an_address_is_told_in_its_normal_form_with_what_was_assumed(db):
    out, notes = add("VBR01.example.test/swagger/ui/index.html", "--trust", "off")

    assert "https://vbr01.example.test:9419" in out
    assert "9419" in notes


def test_a_bundle_is_read_from_its_file(db, simulator, tmp_path):
    bundle = tmp_path / "ca.pem"
    bundle.write_text(simulator.certificate)

    add(simulator.url, "--trust", str(bundle))

    assert BackupServer.objects.get().trust == "bundle"


def test_a_file_that_is_not_there_is_told(db):
    _, refusal = add("vbr01", "--trust", "/nowhere/ca.pem", status=1)

    assert "/nowhere/ca.pem cannot be read" in refusal


def test_a_server_that_shows_no_certificate_is_not_stored(db):
    _, refusal = add("https://127.0.0.1:1", "--trust", "pin", status=1)

    assert "nothing listens at this port" in refusal
    assert not BackupServer.objects.exists()


def test_without_a_terminal_the_password_comes_from_the_environment(db, monkeypatch):
    monkeypatch.delenv("VBR_PW")

    assert "VBR_PW" in add("vbr01", status=1)[1]
    assert "--password-env" in run("add_server", "lab", "vbr01", "--username", "svc", status=1)[1]


# remove_server


def test_nothing_is_removed_without_a_yes(db):
    make_replica(make_server("lab"))

    _, refusal = run("remove_server", "lab", status=1)

    assert "1 replicas" in refusal
    assert BackupServer.objects.exists()


def test_a_server_is_removed_with_its_inventory(db):
    make_replica(make_server("lab"))

    out, _ = run("remove_server", "LAB", "--yes", "--json")

    assert json.loads(out)["replicas"] == 1
    assert not BackupServer.objects.exists()


def test_a_name_that_nobody_has_is_told_with_those_that_there_are(db):
    make_server("vbr-oslo")

    for command in ("remove_server", "test_server", "sync"):
        assert "There are: vbr-oslo." in run(command, "vbr-olso", status=1)[1]


# test_server


def test_a_healthy_server_passes_with_status_0(db, simulator):
    make_server_of(simulator)

    out, _ = run("test_server", "lab")

    assert "ok   Signs in as CORP\\svc" in out
    assert BackupServer.objects.get().doctor_report["passed"]


def test_a_fault_is_named_with_its_fix_and_status_1(db, simulator):
    make_server_of(simulator, password="wrong")

    out, _ = run("test_server", "lab", "--json", status=1)

    login = next(step for step in json.loads(out)["steps"] if step["key"] == "login")
    assert (login["status"], login["cause"]) == ("critical", "login")
    assert "backslash" in login["fix"]


def test_four_refusals_are_four_findings(db, simulator):
    make_server_of(simulator)
    causes = []
    for rule in FOUR_REFUSALS:
        simulator.faults.clear()
        simulator.faults.add(rule)
        report = json.loads(run("test_server", "lab", "--json", status=1)[0])
        causes += [step["cause"] for step in report["steps"] if step["status"] == "critical"]

    assert causes == ["between", "login", "role", "server"]


# sync


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
    is_reading.wait(10)

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
    is_reading.wait(10)

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
        event.wait(10)
        SyncRun.objects.filter(pk=run.pk).update(state=SyncState.SUCCEEDED)
    connection.close()
