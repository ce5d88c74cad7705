"""The shell's door to the servers: facts on stdout, complaints on stderr, and no password anywhere."""

import json

import pytest

from replicas_app.models import BackupServer
from tests.commands.calling import PASSWORD, add, run
from tests.factories import make_replica, make_server, make_server_of
from tests.refusals import FOUR_REFUSALS

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
