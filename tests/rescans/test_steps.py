"""A rescan from the wish to the end, against a backup server over HTTPS."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import rescans
from replicas_app.choices import RescanState, Role, SyncState, SyncTrigger
from replicas_app.models import BackupServer, Replica, Rescan, SyncRun
from tests.factories import make_person, make_rescan, make_sync_run
from tests.rescans.driving import posts, step, to_the_end


@pytest.mark.parametrize(
    ("result", "state"),
    [("Success", RescanState.SUCCEEDED), ("Warning", RescanState.WARNING), ("Failed", RescanState.FAILED)],
)
def test_a_rescan_ends_as_its_session_does(simulator, rescan, result, state):
    simulator.next_result(result, f"It was a {result}.")

    to_the_end(rescan, simulator)

    assert (rescan.state, rescan.result, rescan.message) == (state, result, f"It was a {result}.")
    assert (rescan.progress, rescan.error, rescan.session_state) == (100, "", "Stopped")
    assert rescan.session_started_at < rescan.session_ended_at
    assert posts(simulator) == 1


def test_the_server_is_asked_for_exactly_the_replicas_of_the_rescan(simulator, rescan, replicas):
    step(rescan)

    request = next(one for one in simulator.requests if one.method == "POST" and one.path.endswith("rescan"))
    assert json.loads(request.body) == {"replicaIds": [str(one.uuid) for one in replicas[:2]]}


def test_progress_and_log_are_stored_as_they_come(simulator, rescan):
    step(rescan)
    assert (rescan.state, rescan.session_state, rescan.progress) == (RescanState.RUNNING, "Starting", 0)

    simulator.clock.advance(30)
    step(rescan)

    assert (rescan.session_state, rescan.progress // 10) == ("Working", 5)
    assert rescan.log[0]["title"] == "Starting rescan"
    assert rescan.log[0]["status"] == "Succeeded"


def test_an_ended_rescan_frees_its_replicas_and_has_the_server_read_again(simulator, rescan):
    to_the_end(rescan, simulator)

    assert rescan.members.filter(is_open=True).count() == 0
    assert rescan.sync_run == SyncRun.objects.get(trigger=SyncTrigger.RESCAN)
    assert rescan.sync_run.queued_at > rescan.ended_at


def test_a_session_is_over_when_it_is_stopped_and_not_when_it_has_an_end_time(simulator, rescan):
    running = {"state": "Working", "progressPercent": 40, "endTime": "1900-01-01T00:00:00"}
    simulator.faults.add({"path": "/sessions/[^/]+$", "action": "set", "values": running})
    step(rescan)

    step(rescan)

    assert (rescan.state, rescan.progress, rescan.session_ended_at) == (RescanState.RUNNING, 40, None)


def test_an_end_time_in_1900_stays_unknown_at_the_end(simulator, rescan):
    simulator.faults.add({"path": "/sessions/[^/]+$", "action": "set", "values": {"endTime": "1900-01-01T00:00:00"}})

    to_the_end(rescan, simulator)

    assert (rescan.state, rescan.session_ended_at) == (RescanState.SUCCEEDED, None)


def test_a_session_without_a_result_ends_as_not_known(simulator, rescan):
    over = {"state": "Stopped", "result": {"result": "None"}}
    simulator.faults.add({"path": "/sessions/[^/]+$", "action": "set", "values": over})

    to_the_end(rescan, simulator)

    assert (rescan.state, rescan.error) == (
        RescanState.UNKNOWN,
        "The session ended on lab, and gave neither success nor failure as its result.",
    )


def test_a_log_that_cannot_be_read_ends_no_rescan(simulator, rescan):
    simulator.faults.add({"path": "/logs$", "action": "status", "status": 403})

    to_the_end(rescan, simulator)

    assert (rescan.state, rescan.log) == (RescanState.SUCCEEDED, [])


def test_text_that_postgres_cannot_hold_costs_a_letter_and_no_rescan(simulator, rescan):
    simulator.next_result("Failed", "no\x00pe \ud83d")

    to_the_end(rescan, simulator)

    assert rescan.message == "no\ufffdpe \ufffd"


def test_of_texts_without_end_the_beginning_is_kept(simulator, rescan):
    """Each poll writes them anew, and each open page reads them."""
    record = {"id": 1, "status": "Failed", "title": "t" * 100_000, "description": "d" * 100_000}
    simulator.faults.add({"path": "/logs$", "action": "set", "at": "records", "value": [record]})
    simulator.next_result("Failed", "m" * 1_000_000)

    to_the_end(rescan, simulator)

    assert (rescan.state, len(rescan.message), rescan.message[-2:]) == (RescanState.FAILED, 10_000, "m…")
    assert [(len(one["title"]), len(one["description"])) for one in rescan.log] == [(2_000, 2_000)]


def test_rescans_of_a_server_run_one_after_the_other(simulator, rescan, replicas):
    second = rescans.start(None, replicas[2:3]).started[0]
    third = rescans.start(None, replicas[3:4]).started[0]
    step(rescan)

    assert [step(one).state for one in (third, second)] == [RescanState.QUEUED, RescanState.QUEUED]
    assert posts(simulator) == 1

    simulator.clock.advance(100)
    step(rescan)

    assert sorted(rescans.take_due(timezone.now())) == [rescan.pk, second.pk]  # one has the server read, one begins
    assert [step(one).state for one in (third, second)] == [RescanState.QUEUED, RescanState.RUNNING]


def test_a_rescan_on_one_server_does_not_wait_for_another_server(simulator, rescan):
    make_rescan()

    assert step(rescan).state == RescanState.RUNNING


def test_a_rescan_of_a_server_that_was_disabled_meanwhile_is_not_started(simulator, rescan, server):
    server.is_enabled = False
    server.save()

    step(rescan)

    assert (rescan.state, rescan.next_poll_at) == (RescanState.NOT_STARTED, None)
    assert rescan.error == "Nothing is sent to lab: it was disabled. Nothing was started."
    assert simulator.requests == []


def test_nothing_is_sent_to_a_server_whose_certificate_has_to_be_accepted_anew(simulator, rescan, server):
    server.pinned_sha256 = ""
    server.save()

    step(rescan)

    assert rescan.state == RescanState.NOT_STARTED
    assert "certificate" in rescan.error
    assert simulator.requests == []


def test_replicas_that_are_gone_when_the_turn_comes_are_not_asked_for(simulator, rescan, replicas):
    Replica.objects.filter(pk=replicas[0].pk).update(removed_at=timezone.now())
    step(rescan)

    request = next(one for one in simulator.requests if one.method == "POST" and one.path.endswith("rescan"))
    assert json.loads(request.body) == {"replicaIds": [str(replicas[1].uuid)]}


def test_a_rescan_all_of_whose_replicas_are_gone_is_not_started(simulator, rescan):
    rescan.replicas.update(removed_at=timezone.now())

    step(rescan)

    assert rescan.state == RescanState.NOT_STARTED
    assert posts(simulator) == 0


def test_a_read_that_began_before_the_end_does_not_count_as_read_again(simulator, rescan, server):
    running = make_sync_run(server, state=SyncState.RUNNING, ended_at=None)
    simulator.clock.advance(1)
    step(rescan)
    simulator.clock.advance(100)
    step(rescan)

    step(rescan)
    assert (rescan.state, rescan.sync_run, rescan.next_poll_at is None) == (RescanState.SUCCEEDED, None, False)

    SyncRun.objects.filter(pk=running.pk).update(state=SyncState.SUCCEEDED, ended_at=timezone.now())
    step(rescan)
    assert (rescan.sync_run.trigger, rescan.sync_run.state) == (SyncTrigger.RESCAN, SyncState.QUEUED)


def test_a_session_that_never_ends_is_no_longer_followed_after_a_week(simulator, rescan):
    step(rescan)
    Rescan.objects.filter(pk=rescan.pk).update(asked_at=timezone.now() - timedelta(days=7, seconds=1))

    step(rescan)

    assert rescan.state == RescanState.UNKNOWN
    assert rescan.error == "After 7 days the session still runs on lab. It is no longer followed."


def test_a_waiting_rescan_can_be_cancelled_and_then_never_starts(simulator, rescan):
    assert rescans.stop(rescan, make_person("kim", Role.OPERATOR))

    step(rescan)
    assert (rescan.state, rescan.error) == (
        RescanState.CANCELLED,
        "kim cancelled it before its turn came. Nothing was started.",
    )
    assert rescan.members.filter(is_open=True).count() == 0
    assert posts(simulator) == 0


def test_a_running_rescan_is_stopped_on_the_server_and_told_so_once(simulator, rescan):
    simulator.clock.advance(1)
    step(rescan)
    simulator.clock.advance(20)
    step(rescan)
    person = make_person("kim", Role.OPERATOR)

    assert [rescans.stop(rescan, person), rescans.stop(rescan, person)] == [True, False]
    to_the_end(rescan, simulator, seconds=1)

    assert sum(request.path.endswith("/stop") for request in simulator.requests) == 1
    assert (rescan.state, rescan.error) == (RescanState.CANCELLED, "kim had it stopped.")
    assert rescan.log[0]["title"] == "Starting rescan"


def test_a_stop_that_the_server_refuses_is_told_and_the_rescan_goes_on(simulator, rescan):
    step(rescan)
    simulator.faults.add({"path": "/stop$", "action": "status", "status": 403, "body": {"message": "Not you."}})
    rescans.stop(rescan, make_person("kim", Role.OPERATOR))

    to_the_end(rescan, simulator)

    assert "Not you." in rescan.stop_answer
    assert rescan.state == RescanState.SUCCEEDED


def test_a_stop_that_never_reached_the_server_is_sent_when_it_can_be(simulator, rescan, server):
    """As while it is left alone after refused logins: nobody has refused the stop, and nobody can press again."""
    step(rescan)
    until = timezone.now() + timedelta(minutes=10)
    BackupServer.objects.update(token_encrypted="", sign_in_paused_until=until)
    rescans.stop(rescan, make_person("kim", Role.OPERATOR))
    step(rescan)
    assert (rescan.state, rescan.stop_answer, rescan.error_cause) == (RescanState.RUNNING, "", "paused")

    BackupServer.objects.update(sign_in_paused_until=None)
    step(rescan)

    assert sum(request.path.endswith("/stop") for request in simulator.requests) == 1
    assert to_the_end(rescan, simulator, seconds=1).error == "kim had it stopped."
