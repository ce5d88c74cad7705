"""A failed sync asks for a test by itself: what it may do then, and how often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import doctor, sync, tasks
from replicas_app.choices import SyncState, SyncTrigger
from replicas_app.models import BackupServer, SyncRun
from tests.doctor.conftest import REPLICAS, TOKEN
from tests.factories import make_server, make_sync_run
from tests.syncing import do_sync


def failed_sync(server: BackupServer, cause: str = "timeout") -> SyncRun:
    """A sync of this server that has failed just now."""
    return make_sync_run(server, state=SyncState.FAILED, error="The server did not answer in time.", error_cause=cause)


def is_tested_after(run: SyncRun) -> bool:
    """Whether this sync asks for a test; the test counts as done."""
    is_asked = doctor.ask_after(run.pk) is not None
    BackupServer.objects.filter(pk=run.server_id, doctor_at=None).update(doctor_at=timezone.now())
    return is_asked


def found(server: BackupServer) -> dict[str, str]:
    """Question → outcome of the newest report."""
    server.refresh_from_db()
    return {step["key"]: step["status"] for step in server.doctor_report["steps"]}


def logins(simulator) -> int:
    return sum(request.path.endswith("/token") for request in simulator.requests)


@pytest.mark.django_db(transaction=True)
def test_a_sync_that_fails_asks_for_a_test_which_says_to_which_sync_it_belongs(server, simulator):
    simulator.faults.add({"path": REPLICAS, "status": 403, "body": {"errorCode": "AccessDenied", "message": "No."}})
    run, _ = sync.request(server, SyncTrigger.SCHEDULE)

    tasks.sync_server(run.pk)
    doctor.perform(server.pk)

    assert found(server)["replicas"] == "critical"
    assert server.doctor_run_id == run.pk


@pytest.mark.django_db(transaction=True)
def test_a_sync_that_comes_through_asks_for_none(server):
    run, _ = sync.request(server, SyncTrigger.SCHEDULE)

    tasks.sync_server(run.pk)

    server.refresh_from_db()
    assert server.doctor_asked_at is None


@pytest.mark.django_db(transaction=True)
def test_such_a_test_uses_the_token_of_the_reads_and_answers_everything(server, simulator):
    do_sync(server)
    before = logins(simulator)

    doctor.ask_after(failed_sync(server).pk)
    doctor.perform(server.pk)

    assert set(found(server).values()) == {"ok"}
    assert logins(simulator) == before


@pytest.mark.django_db(transaction=True)
def test_a_refused_login_is_told_and_not_tried_a_second_time(server, simulator):
    server.password = "wrong"
    server.save()
    run = do_sync(server)

    doctor.ask_after(run.pk)
    doctor.perform(server.pk)

    assert (found(server)["login"], found(server)["replicas"]) == ("critical", "unknown")
    assert "not tried again" in str(server.doctor_report)
    assert (logins(simulator), server.refused_sign_ins) == (1, 1)


def test_without_a_token_the_login_stays_a_question(server, simulator):
    doctor.ask_after(failed_sync(server).pk)
    doctor.perform(server.pk)

    assert (found(server)["rest"], found(server)["login"], found(server)["clock"]) == ("ok", "unknown", "ok")
    assert logins(simulator) == 0


@pytest.mark.django_db(transaction=True)
def test_a_token_that_the_server_has_forgotten_leads_to_no_password(server, simulator):
    do_sync(server)
    simulator.accounts.end_all()
    simulator.faults.add({"path": TOKEN, "sent": "grant_type=password", "status": 401})

    doctor.ask_after(failed_sync(server).pk)
    doctor.perform(server.pk)

    assert found(server)["login"] == "unknown"
    assert server.refused_sign_ins == 0


def test_a_server_that_is_left_alone_after_refused_logins_keeps_the_report_of_the_refusal(server):
    until = timezone.now() + timedelta(minutes=10)
    BackupServer.objects.update(doctor_report={"verdict": "refused"}, doctor_at=until, sign_in_paused_until=until)

    assert doctor.ask_after(failed_sync(server, cause="paused").pk) is None

    server.refresh_from_db()
    assert server.doctor_report == {"verdict": "refused"}


def test_a_server_that_stays_down_is_tested_every_quarter_of_an_hour(server):
    assert is_tested_after(failed_sync(server))
    assert not is_tested_after(failed_sync(server))
    BackupServer.objects.update(doctor_asked_at=timezone.now() - timedelta(minutes=16))
    assert is_tested_after(failed_sync(server))


def test_another_cause_is_another_reason_to_test(server):
    assert is_tested_after(failed_sync(server, cause="timeout"))
    assert is_tested_after(failed_sync(server, cause="refused"))


def test_a_server_that_was_read_in_between_is_tested_when_it_fails_anew(server):
    assert is_tested_after(failed_sync(server))
    BackupServer.objects.update(last_success_at=timezone.now())
    assert is_tested_after(failed_sync(server))


@pytest.mark.parametrize("fields", [{"is_enabled": False}, {"trust": "pin", "pinned_sha256": ""}])
def test_a_server_that_may_not_be_asked_is_not_tested(db, fields):
    assert not is_tested_after(failed_sync(make_server(**fields)))


@pytest.mark.parametrize(
    ("state", "cause"),
    [(SyncState.PARTIAL, "drop"), (SyncState.FAILED, "ours"), (SyncState.INTERRUPTED, ""), (SyncState.RUNNING, "")],
)
def test_only_a_fault_on_the_way_to_the_server_asks_for_a_test(server, state, cause):
    assert doctor.ask_after(make_sync_run(server, state=state, error_cause=cause).pk) is None


def test_an_old_message_of_a_sync_that_failed_long_ago_asks_for_nothing(server):
    old = failed_sync(server)
    make_sync_run(server)

    assert doctor.ask_after(old.pk) is None


def test_a_test_that_a_person_has_just_asked_for_is_not_replaced(server):
    doctor.ask(server)

    assert doctor.ask_after(failed_sync(server).pk) is None

    server.refresh_from_db()
    assert server.doctor_run_id is None


def test_a_test_by_hand_after_one_by_itself_may_sign_in_again(server, simulator):
    assert is_tested_after(failed_sync(server))

    doctor.ask(server)
    doctor.perform(server.pk)

    assert found(server)["login"] == "ok"
    assert logins(simulator) == 1


@pytest.mark.django_db(transaction=True)
def test_a_test_by_itself_leaves_the_next_read_where_it_was(server):
    do_sync(server)
    due = timezone.now() + timedelta(hours=1)
    BackupServer.objects.update(next_sync_at=due, last_error="It did not answer.", last_error_cause="timeout")

    doctor.ask_after(failed_sync(server).pk)
    doctor.perform(server.pk)

    server.refresh_from_db()
    assert server.doctor_report["passed"]
    assert server.next_sync_at == due
