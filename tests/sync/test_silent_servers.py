"""A server that gave no answer is knocked at before it is read again; one that said when, is not asked before."""

import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from replicas_app import doctor, knock, rescans, sync
from replicas_app.choices import Role, SyncState, SyncTrigger
from replicas_app.models import BackupServer, SyncRun
from replicas_app.sync import patience
from replicas_app.times import utc_words
from replicas_app.vbr import Deadlines
from tests.factories import make_person, make_sync_run
from tests.pages.server_forms import words
from tests.rescans.driving import step, to_the_end
from tests.syncing import do_sync

HANGS = {"action": "delay", "seconds": 60}
TIMES = {"path": "^/api/v1/serverTime$"}
KNOCK_SECONDS = 0.5


@pytest.fixture(autouse=True)
def little_patience(monkeypatch):
    """Half a second for a knock, so that nobody waits ten."""
    monkeypatch.setattr(patience, "SHORT", Deadlines(connect=1, read=KNOCK_SECONDS, total=KNOCK_SECONDS))
    monkeypatch.setattr(patience, "PATIENT", Deadlines(connect=1, read=3, total=3))


@pytest.fixture
def silent(swept) -> BackupServer:
    """A server that gave no answer at the last read, which waited for a minute."""
    began = timezone.now() - timedelta(minutes=2)
    ended = began + timedelta(minutes=1)
    make_sync_run(swept, state=SyncState.FAILED, error_cause="timeout", started_at=began, ended_at=ended)
    BackupServer.objects.filter(pk=swept.pk).update(last_error="It gave no answer.", last_error_cause="timeout")
    swept.refresh_from_db()
    return swept


def read_on_schedule(server: BackupServer) -> tuple[SyncRun, float]:
    """The run, and how many seconds it held its worker."""
    run, _ = sync.request(server, SyncTrigger.SCHEDULE)
    began = time.monotonic()
    sync.sync(run.pk)
    run.refresh_from_db()
    return run, time.monotonic() - began


def asked(simulator) -> list[str]:
    return [request.path for request in simulator.requests]


@pytest.mark.parametrize("hangs", ["serverTime", "replicas"], ids=lambda path: f"at {path}")
def test_a_server_that_stays_silent_costs_one_short_try(simulator, silent, hangs):
    """One whose database hangs tells the time as ever."""
    simulator.faults.add(HANGS | {"path": f"^/api/v1/{hangs}$"})

    run, seconds = read_on_schedule(silent)

    assert (run.state, run.error_cause) == (SyncState.FAILED, "timeout")
    assert seconds < KNOCK_SECONDS * 4
    assert asked(simulator).count(f"/api/v1/{hangs}") == 1


def test_one_that_answers_the_knock_is_read_with_all_patience(simulator, silent):
    simulator.faults.add(
        {"path": "^/api/v1/replicaPoints$", "action": "delay", "seconds": KNOCK_SECONDS * 2, "times": 1}
    )
    simulator.faults.add({"path": "^/api/v1/replicas$", "query": "limit=1000", "status": 500, "times": 1})

    run, _ = read_on_schedule(silent)

    assert (run.state, run.error) == (SyncState.SUCCEEDED, "")
    silent.refresh_from_db()
    assert silent.last_error_cause == ""


def test_one_that_is_slow_and_not_dead_is_read_once_an_hour_has_passed(simulator, silent):
    simulator.faults.add(TIMES | {"action": "delay", "seconds": KNOCK_SECONDS * 3})
    soon, _ = read_on_schedule(silent)
    SyncRun.objects.update(started_at=timezone.now() - timedelta(hours=2))

    later, _ = read_on_schedule(silent)

    assert (soon.state, later.state) == (SyncState.FAILED, SyncState.SUCCEEDED)


def test_what_a_person_asks_for_is_tried_in_earnest(simulator, silent):
    simulator.faults.add(TIMES | {"action": "delay", "seconds": KNOCK_SECONDS * 2})

    run = do_sync(silent, full="")

    assert run.state == SyncState.SUCCEEDED


def test_one_that_answers_is_not_knocked_at(simulator, swept):
    run, _ = read_on_schedule(swept)

    assert run.state == SyncState.SUCCEEDED
    assert asked(simulator).count("/api/v1/serverTime") == 1


def test_a_step_of_a_rescan_knocks_at_a_silent_server_too_and_goes_on_when_it_answers(simulator, silent, monkeypatch):
    monkeypatch.setattr(
        "replicas_app.rescans.steps.SHORT", Deadlines(connect=1, read=KNOCK_SECONDS, total=KNOCK_SECONDS)
    )
    (rescan,) = rescans.start(None, list(silent.replicas.all()[:1])).started
    simulator.faults.add(HANGS | {"path": "."})
    began = time.monotonic()

    for _ in range(2):
        step(rescan)
    seconds = time.monotonic() - began
    simulator.faults.clear()

    assert (rescan.error_cause, seconds < KNOCK_SECONDS * 8) == ("timeout", True)
    assert to_the_end(rescan, simulator).error == ""


# When it says until when it wants to be left alone

SOON, LONG = 1, 1200


def busy(seconds: int) -> dict[str, object]:
    return {"status": 429, "headers": {"Retry-After": str(seconds)}}


@pytest.fixture
def resting(simulator, swept) -> BackupServer:
    """A server that is read every five minutes and said at the last read: not before twenty minutes have passed."""
    simulator.faults.add(busy(LONG))
    read_on_schedule(swept)
    simulator.requests.clear()
    swept.refresh_from_db()
    return swept


def is_due(server: BackupServer, after: timedelta) -> bool:
    return server in BackupServer.objects.due(timezone.now() + after)


def test_a_server_is_not_read_before_the_moment_that_it_named(resting):
    minutes = [minute for minute in range(1, 30) if is_due(resting, timedelta(minutes=minute))]

    assert minutes == list(range(20, 30))


def test_one_that_named_a_shorter_time_than_its_interval_is_read_at_its_interval(simulator, swept):
    simulator.faults.add(busy(31))
    read_on_schedule(swept)

    assert [is_due(swept, timedelta(seconds=seconds)) for seconds in (40, 295, 301)] == [False, False, True]


def test_a_moment_that_was_written_by_a_clock_that_was_set_back_since_counts_for_nothing(resting):
    BackupServer.objects.update(busy_until=timezone.now() + timedelta(days=3))

    assert is_due(resting, timedelta(minutes=6))


def test_it_is_forgotten_when_the_server_answers_again(simulator, resting):
    simulator.faults.clear()

    do_sync(resting, full="")

    assert (resting.busy_until, resting.last_error) == (None, "")


def test_no_test_and_no_sweep_after_a_rescan_ask_it_either(simulator, resting):
    simulator.faults.clear()
    (rescan,) = rescans.start(None, list(resting.replicas.all()[:1])).started
    to_the_end(rescan, simulator)
    simulator.requests.clear()

    step(rescan)

    assert doctor.ask_after(resting.sync_runs.newest_first().first().pk) is None
    assert (rescan.sync_run, asked(simulator)) == (None, [])
    told = rescans.Changes(rescan, timezone.now())
    until = utc_words(resting.busy_until)
    assert f"lab wants to be left alone until {until}. It is read in full after that." in told.sentence
    assert told.is_held_up


def test_its_page_says_until_when_and_who_presses_is_told_and_obeyed(resting, client):
    client.force_login(make_person(role=Role.ADMIN))
    until = utc_words(resting.busy_until)

    page = words(client.get(resting.get_absolute_url()))
    pressed = words(client.post(reverse("server-sync", args=[resting.pk]), follow=True))

    assert f"It wants to be left alone until {until}" in page
    assert f"{until} , as it wants" in page
    assert f"lab wants to be left alone until {until}. It is asked all the same, for you." in pressed
    assert SyncRun.objects.open().get().trigger == SyncTrigger.PERSON


def test_who_asks_from_the_shell_is_told_and_obeyed(simulator, resting, capsys):
    simulator.faults.clear()

    call_command("sync", resting.name)

    assert "lab wants to be left alone until" in capsys.readouterr().err
    assert asked(simulator)


def test_a_knock_is_shorter_than_a_read_by_far():
    assert knock.SHORT.total * 10 < Deadlines().total * 2
