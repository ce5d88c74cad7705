"""`manage.py rescan`."""

import json
import re
from io import StringIO
from threading import Event

import pytest
from django.core.management import CommandError, call_command

from replicas_app import rescans
from replicas_app.choices import RescanState
from replicas_app.management.commands import rescan as command
from replicas_app.models import Rescan
from tests.factories import make_replica, make_rescan, make_server
from tests.rescans.driving import posts
from tests.rescans.test_cool_down import rescanned
from tests.syncing import do_sync


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit status, what was written to stdout, what to stderr."""
    out, err = StringIO(), StringIO()
    try:
        call_command("rescan", *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        return ended.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_it_leaves_the_rescan_to_the_running_dashboard():
    replica = make_replica(make_server("lab"))

    status, told, _ = run("--replica", str(replica.uuid))

    rescan = Rescan.objects.get()
    assert (status, rescan.state, rescan.asked_by) == (0, RescanState.QUEUED, None)
    assert told == f"rescan {rescan.pk} of 1 replica on lab: Waiting its turn\n"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("result", "status"), [("Success", 0), ("Warning", 0), ("Failed", 1)])
def test_with_wait_it_sees_the_rescan_through_and_its_exit_status_tells_the_end(
    simulator, replicas, monkeypatch, result, status
):
    monkeypatch.setattr(command, "LOOK_AGAIN_SECONDS", 0.05)
    simulator.rescans.seconds = 1
    simulator.next_result(result, f"It was a {result}.")

    ended, told, steps = run("--replica", *(str(one.uuid) for one in replicas[:2]), "--wait", "--json")

    found = json.loads(told)["rescans"][0]
    assert (ended, found["result"], found["message"]) == (status, result, f"It was a {result}.")
    assert found["replicas"] == [str(one.uuid) for one in replicas[:2]]
    assert found["session"] in [str(one.id) for one in simulator.rescans.all()]
    assert "on lab: Starting" in steps
    assert posts(simulator) == 1


@pytest.mark.django_db(transaction=True)
def test_with_wait_it_also_tells_what_the_rescan_changed(simulator, replicas, monkeypatch):
    monkeypatch.setattr(command, "LOOK_AGAIN_SECONDS", 0.05)
    simulator.rescans.seconds = 1
    replica = replicas[0]
    do_sync(replica.server)
    lost = next(point for point in simulator.world.points if point["replicaId"] == str(replica.uuid))
    simulator.world.points.remove(lost)

    _, told, _ = run("--replica", str(replica.uuid), "--wait", "--json")
    _, words, _ = run("--replica", str(replicas[1].uuid), "--wait")

    changes = json.loads(told)["rescans"][0]["changes"]
    assert (changes["points_lost"], changes["points_gained"], changes["replicas"]) == (1, 0, 1)
    assert [(one["replica"], one["points_before"] - one["points_after"]) for one in changes["changed"]] == [
        (str(replica.uuid), 1)
    ]
    assert "Nothing changed: the replica is as before." in words
    assert "Before is what had been read" in words


@pytest.mark.django_db(transaction=True)
def test_with_wait_a_server_that_cannot_be_read_after_it_is_not_waited_for(simulator, replicas, monkeypatch):
    monkeypatch.setattr(command, "LOOK_AGAIN_SECONDS", 0.05)
    simulator.rescans.seconds = 1
    simulator.faults.add({"path": "^/api/v1/replicaPoints$", "action": "status", "status": 403})

    status, told, _ = run("--replica", str(replicas[0].uuid), "--wait")

    assert status == 0
    assert "Not known yet: lab could not be read in full after the rescan." in told


@pytest.mark.django_db
def test_a_replica_that_rests_is_left_out_with_the_reason(settings):
    settings.RESCAN_COOL_DOWN_SECONDS = 60
    replica = make_replica(name="tier 1")
    rescanned(replica, 20)

    status, told, complaints = run("--replica", str(replica.uuid), "--json")

    assert (status, json.loads(told)["rescans"]) == (1, [])
    assert re.search(r"tier 1 \(.+\) was rescanned 2\d s ago by the shell; again in [34]\d s\.", complaints)


@pytest.mark.django_db
def test_all_replicas_of_a_server_are_meant_by_its_name():
    server = make_server("lab")
    for _ in range(3):
        make_replica(server)
    make_replica()

    run("--server", "lab")

    assert [(one.server, one.replica_count) for one in Rescan.objects.all()] == [(server, 3)]


@pytest.mark.django_db
def test_what_is_left_out_is_told_and_nothing_started_is_a_failure():
    replica = make_replica(name="tier 1")
    other = make_rescan(replica)

    status, told, complaints = run("--replica", str(replica.uuid), "--json")

    assert status == 1
    assert json.loads(told) == {
        "rescans": [],
        "left_out": [{"replica": str(replica.uuid), "why": f"is in rescan {other.pk} of the shell already"}],
    }
    assert f"tier 1 ({replica.uuid}) is in rescan {other.pk} of the shell already." in complaints


@pytest.mark.django_db
def test_an_id_that_is_on_two_servers_needs_the_server_named():
    lab, oslo = make_server("lab"), make_server("oslo")
    uuid = make_replica(lab).uuid
    make_replica(oslo, uuid=uuid)

    with pytest.raises(CommandError, match=r"is on several servers \(lab, oslo\): say which one with --server NAME"):
        run("--replica", str(uuid))

    run("--replica", str(uuid), "--server", "oslo")
    assert [one.server for one in Rescan.objects.all()] == [oslo]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Name the replicas"),
        (("--replica", "abc"), "abc is not the id of a replica"),
        (("--replica", "00000000-0000-0000-0000-000000000001"), "No replica has the id"),
        (("--server", "nowhere"), "There is no server called nowhere"),
        (("--server", "empty"), "empty has no replica"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(arguments, words):
    make_server("empty")

    with pytest.raises(CommandError, match=words):
        run(*arguments)


def test_somebody_who_stops_waiting_leaves_the_rescan_going_on(simulator, replicas, monkeypatch):
    class ControlC(Event):
        def wait(self, timeout: float | None = None) -> bool:
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "Event", ControlC)

    with pytest.raises(CommandError, match="What was started goes on"):
        run("--replica", str(replicas[0].uuid), "--wait")

    assert Rescan.objects.get().state == RescanState.RUNNING
    assert rescans.sort_out(replicas[:1]).ready == {}
