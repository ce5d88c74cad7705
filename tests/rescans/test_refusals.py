"""Refused, vanished, not there: each ends in a clear state with the sentence that helps, never in waiting for ever."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import rescans, sync
from replicas_app.choices import RescanState, SyncTrigger
from replicas_app.models import BackupServer, Rescan, SyncRun
from replicas_app.rescans import rows, steps
from replicas_app.simulator import Simulator
from tests.rescans.driving import posts, step, to_the_end

RESCAN = "^/api/v1/replicas/rescan$"
SESSION = "^/api/v1/sessions/[^/]+$"


def long_ago(rescan: Rescan) -> None:
    """Let its first try without an answer be an hour back, and many others lie between."""
    since = timezone.now() - rows.NO_ANSWER_LIMIT
    Rescan.objects.filter(pk=rescan.pk).update(unanswered_since=since, failed_polls=rows.LEAST_TRIES)


def test_an_account_without_the_right_is_refused_with_the_fix(simulator, rescan):
    simulator.faults.add({"path": RESCAN, "action": "status", "status": 403, "body": {"message": "No access."}})

    step(rescan)

    assert (rescan.state, rescan.error_cause, rescan.next_poll_at) == (RescanState.REFUSED, "role", None)
    assert rescan.error.startswith("lab did not start the rescan. ")
    assert "No access." in rescan.error
    assert "Veeam Restore Operator" in rescans.fix(rescan.error_cause)
    assert rescan.members.filter(is_open=True).count() == 0


def test_a_viewer_is_refused_before_the_server_is_asked_for_a_rescan(simulator, rescan):
    with Simulator(replicas=6, seed=7, still=True, role="viewer") as other:
        BackupServer.objects.update(base_url=other.url, pinned_sha256=other.fingerprint, token_encrypted="")

        step(rescan)

        assert (rescan.state, rescan.error_cause, posts(other)) == (RescanState.REFUSED, "role", 0)


def test_a_wrong_password_ends_it_and_the_pause_after_two_ends_the_next_without_a_login(simulator, server, replicas):
    server.password = "wrong"
    server.save()
    wishes = [rescans.start(None, [replica]).started[0] for replica in replicas[:4]]

    ends = [(step(rescan).state, rescan.error_cause) for rescan in wishes]

    assert ends == [
        (RescanState.REFUSED, "login"),
        (RescanState.REFUSED, "login"),
        (RescanState.NOT_STARTED, "paused"),
        (RescanState.NOT_STARTED, "paused"),
    ]
    assert sum(request.path == "/api/oauth2/token" for request in simulator.requests) == 2


def test_a_request_that_the_server_does_not_take_is_refused_and_the_server_is_read_again(simulator, rescan):
    simulator.faults.add({"path": RESCAN, "action": "status", "status": 400, "body": {"message": "No such replica."}})

    to_the_end(rescan, simulator)

    assert rescan.state == RescanState.REFUSED
    assert "No such replica." in rescan.error
    assert rescan.sync_run.trigger == SyncTrigger.RESCAN
    assert posts(simulator) == 1


@pytest.mark.django_db(transaction=True)  # two syncs: their temporary tables last as long as a transaction
def test_the_only_replica_of_a_rescan_may_have_vanished_since_the_click(simulator, replicas):
    rescan = rescans.start(None, replicas[:1]).started[0]
    simulator.world.replicas[:] = [one for one in simulator.world.replicas if one["id"] != str(replicas[0].uuid)]

    to_the_end(rescan, simulator)
    sync.sync(rescan.sync_run.pk)

    assert (rescan.state, posts(simulator)) == (RescanState.NOT_STARTED, 0)
    assert rescan.error == "None of its replicas is on lab any more. Nothing was started."
    replicas[0].refresh_from_db()
    assert replicas[0].removed_at is not None


def test_a_changed_certificate_is_nobodys_refusal_and_nothing_is_started(simulator, rescan):
    simulator.renew_certificate()

    step(rescan)

    assert (rescan.state, rescan.error_cause) == (RescanState.NOT_STARTED, "tls_changed")


def test_a_waiting_rescan_of_a_server_that_is_away_says_so_and_goes_on_when_it_is_back(simulator, rescan, server):
    BackupServer.objects.update(base_url="https://127.0.0.1:1")
    step(rescan)
    step(rescan)

    assert (rescan.state, rescan.error_cause, rescan.failed_polls) == (RescanState.QUEUED, "refused", 2)
    assert rescan.error.startswith("The server is there, but nothing listens at this port.")

    BackupServer.objects.update(base_url=server.base_url)
    assert (step(rescan).state, rescan.error, rescan.failed_polls) == (RescanState.RUNNING, "", 0)


def test_a_waiting_rescan_gives_up_after_an_hour_without_an_answer(simulator, rescan):
    BackupServer.objects.update(base_url="https://127.0.0.1:1")
    long_ago(rescan)

    step(rescan)

    assert (rescan.state, rescan.next_poll_at) == (RescanState.NOT_STARTED, None)
    assert rescan.error.startswith(
        "lab could not be reached whenever it was to be asked, for an hour. Nothing was started."
    )


def test_a_server_that_goes_away_in_the_middle_is_asked_again_and_the_rescan_ends_as_it_did(simulator, rescan):
    step(rescan)
    simulator.faults.add({"path": SESSION, "times": 3, "action": "reset"})
    began = timezone.now()
    step(rescan)

    assert (rescan.state, rescan.error_cause) == (RescanState.RUNNING, "reset")
    assert began + timedelta(seconds=1) < rescan.next_poll_at < timezone.now() + timedelta(seconds=3)

    to_the_end(rescan, simulator)
    assert (rescan.state, posts(simulator)) == (RescanState.SUCCEEDED, 1)


def test_a_server_that_stays_away_in_the_middle_leaves_the_end_unknown_after_an_hour(simulator, rescan):
    step(rescan)
    simulator.faults.add({"path": SESSION, "action": "status", "status": 503})
    step(rescan)
    assert rescan.state == RescanState.RUNNING
    long_ago(rescan)

    step(rescan)

    assert rescan.state == RescanState.UNKNOWN
    assert rescan.error.startswith(
        f"lab gave no answer for an hour. Session {rescan.session_id} may still run; how it ended is not known."
    )
    assert rescan.members.filter(is_open=True).count() == 0


def test_a_password_that_is_changed_in_the_middle_can_be_mended_within_the_hour(simulator, rescan, server):
    step(rescan)
    BackupServer.objects.update(token_encrypted="", username="nobody")
    step(rescan)
    assert (rescan.state, rescan.error_cause) == (RescanState.RUNNING, "login")

    BackupServer.objects.update(username=server.username, sign_in_paused_until=None)

    assert to_the_end(rescan, simulator).state == RescanState.SUCCEEDED


def test_a_session_that_the_server_no_longer_knows_leaves_the_end_unknown(simulator, rescan):
    step(rescan)
    simulator.faults.add({"path": SESSION, "action": "status", "status": 404})

    for _ in range(steps.LOOKS_UNTIL_GONE):
        assert rescan.state == RescanState.RUNNING
        step(rescan)

    assert rescan.state == RescanState.UNKNOWN
    assert rescan.error == f"lab no longer knows session {rescan.session_id}; how the rescan ended is not known."
    assert step(rescan).sync_run == SyncRun.objects.get(trigger=SyncTrigger.RESCAN)


def test_a_session_that_is_not_known_once_after_a_while_without_an_answer_is_not_gone(simulator, rescan):
    """A server that comes up again answers before it knows its sessions."""
    step(rescan)
    simulator.faults.add({"path": SESSION, "when": "1-5", "action": "reset"})
    simulator.faults.add({"path": SESSION, "when": "6-7", "action": "status", "status": 404})
    for _ in range(7):
        assert step(rescan).state == RescanState.RUNNING

    assert to_the_end(rescan, simulator).state == RescanState.SUCCEEDED


def test_a_server_that_answers_by_turns_with_nothing_and_with_a_404_is_given_up_after_an_hour(simulator, rescan):
    step(rescan)
    for when in range(1, 60, 2):
        simulator.faults.add({"path": SESSION, "when": str(when), "action": "reset"})
        simulator.faults.add({"path": SESSION, "when": str(when + 1), "action": "status", "status": 404})
    for _ in range(6):
        step(rescan)
    since = timezone.now() - rows.NO_ANSWER_LIMIT
    Rescan.objects.filter(pk=rescan.pk).update(unanswered_since=since)

    for _ in range(rows.LEAST_TRIES):
        step(rescan)

    assert rescan.state == RescanState.UNKNOWN


def test_a_fault_of_ours_is_raised_told_and_tried_again(simulator, rescan, monkeypatch):
    step(rescan)
    with monkeypatch.context() as broken:
        broken.setattr(steps.sessions, "columns", lambda record: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            step(rescan)

    rescan.refresh_from_db()
    assert (rescan.state, rescan.error_cause, rescan.failed_polls) == (RescanState.RUNNING, "fault", 1)
    assert to_the_end(rescan, simulator).state == RescanState.SUCCEEDED


@pytest.mark.parametrize(
    ("state", "end", "words"),
    [
        (RescanState.QUEUED, RescanState.NOT_STARTED, "whenever it was to be asked, for an hour. Nothing was started."),
        (RescanState.RUNNING, RescanState.UNKNOWN, "at each step for an hour. Session "),
    ],
)
def test_a_step_that_kills_its_process_each_time_is_given_up_some_day_and_not_blamed_on_the_server(
    simulator, rescan, state, end, words
):
    if state == RescanState.RUNNING:
        step(rescan)
    Rescan.objects.filter(pk=rescan.pk).update(failed_polls=rows.TRIES_LIMIT)

    step(rescan)

    assert (rescan.state, rescan.error_cause != "") == (end, True)
    assert rescan.error.startswith("The dashboard itself failed ")
    assert words in rescan.error
    assert "tried again" not in rescan.error
