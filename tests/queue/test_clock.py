"""A clock that jumps, and the two nights in which it is changed: no schedule falls silent, none storms."""

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from celery import Celery
from django.utils import timezone

from dashboard.beat import InProcessScheduler
from replicas_app import rescans, sync
from replicas_app.choices import RescanState, SyncState
from replicas_app.models import BackupServer, SyncRun
from replicas_app.sync.schedule import is_due, next_sweep_after
from tests.factories import make_rescan, make_server, make_sync_run
from tests.stack import ticks

INTERVAL = timedelta(seconds=15)
STEP = timedelta(seconds=5)
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def beat(moments: list[datetime]) -> list[datetime]:
    """Tick at these moments, in this order, with a worker that carries each run out at once; when runs began."""
    began = []
    for now in moments:
        sync.request_due(now)
        for pk in sync.take_unheard(now):
            began.append(now)
            run = SyncRun.objects.filter(pk=pk)
            run.update(state=SyncState.SUCCEEDED, started_at=now, ended_at=now)
            BackupServer.objects.update(last_success_at=now, next_sync_at=now + INTERVAL)
    return began


def span(start: datetime, length: timedelta) -> list[datetime]:
    return [start + STEP * number for number in range(length // STEP)]


@pytest.fixture
def server(db) -> BackupServer:
    return make_server(sync_interval_seconds=15, next_sync_at=NOON)


@pytest.mark.parametrize("jump", [-40, -600, -86_400, 600, 86_400], ids=lambda jump: f"{jump} s")
def test_a_clock_that_jumps_neither_silences_the_schedule_nor_starts_a_storm(server, jump):
    before = span(NOON, timedelta(minutes=2))
    after = span(before[-1] + timedelta(seconds=jump), timedelta(minutes=2))

    began = [before.index(now) for now in beat(before)] + [len(before) + after.index(now) for now in beat(after)]

    gaps = [later - earlier for earlier, later in pairwise(began)]
    assert (min(gaps) >= 1, max(gaps) <= 2 * INTERVAL // STEP) == (True, True)
    assert len(began) <= 2 * timedelta(minutes=2) // INTERVAL + 2


def test_a_server_whose_turn_lies_within_two_intervals_waits_for_it(db):
    make_server(sync_interval_seconds=15, next_sync_at=NOON + timedelta(seconds=29))
    far = make_server(sync_interval_seconds=15, next_sync_at=NOON + timedelta(seconds=31))

    assert list(BackupServer.objects.due(NOON)) == [far]


def test_a_wish_that_was_told_before_the_clock_was_set_back_is_told_again(db):
    run = make_sync_run(state=SyncState.QUEUED, started_at=None, ended_at=None, enqueued_at=NOON + timedelta(days=1))

    assert sync.take_unheard(NOON) == [run.pk]


@pytest.mark.parametrize(
    ("ahead", "is_told"), [(timedelta(seconds=60), False), (timedelta(minutes=3), True), (timedelta(days=1), True)]
)
def test_a_step_of_a_rescan_that_was_planned_before_the_clock_was_set_back_is_due(db, ahead, is_told):
    rescan = make_rescan(state=RescanState.RUNNING, next_poll_at=NOON + ahead, enqueued_at=None)

    assert rescans.take_due(NOON) == ([rescan.pk] if is_told else [])


def test_a_server_read_at_a_time_ahead_of_our_clock_is_not_taken_for_fresh():
    now = timezone.now()
    server = BackupServer(sync_interval_seconds=300, last_success_at=now + timedelta(minutes=10))

    assert not server.is_stale(now)
    assert server.is_stale(now - timedelta(hours=1))


@pytest.mark.django_db
def test_the_ticks_of_the_scheduler_go_on_when_the_clock_is_set_back():
    ticks.counted.clear()
    app = Celery("other", set_as_current=False)
    app.conf.beat_schedule = {"counts": {"task": "tests.stack.ticks.count", "schedule": 0.05}}
    clock = InProcessScheduler(app)
    clock.tick()

    app.now = lambda: datetime.now(UTC) - timedelta(hours=1)
    deadline = time.monotonic() + 30
    while len(ticks.counted) < 4 and time.monotonic() < deadline:
        time.sleep(max(clock.tick(), 0))

    assert len(ticks.counted) == 4


BERLIN = {
    "an hour comes twice": (datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    "an hour is left out": (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    "a night like others": (datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 25, 1, 30, tzinfo=UTC)),
}
"""Midnight in UTC, and the sweep of 02:30 on the wall."""


@pytest.fixture
def in_berlin(settings):
    settings.FULL_SWEEP_AT, settings.FULL_SWEEP_ZONE = "02:30", "Europe/Berlin"


def sweeps(moments: list[datetime]) -> list[datetime]:
    """When full sweeps begin, if somebody looks at these moments."""
    planned = next_sweep_after(moments[0])
    begun = []
    for now in moments:
        if is_due(planned, now):
            begun.append(now)
            planned = next_sweep_after(now)
    return begun


@pytest.mark.parametrize("night", BERLIN)
def test_the_full_sweep_comes_once_in_each_night(in_berlin, night):
    midnight, sweep = BERLIN[night]

    assert sweeps(span(midnight - timedelta(hours=3), timedelta(hours=12))) == [sweep]


@pytest.mark.parametrize("night", BERLIN)
def test_a_clock_that_is_set_in_that_hour_brings_no_second_sweep_and_leaves_none_out(in_berlin, night):
    _, sweep = BERLIN[night]
    back = [*span(sweep - timedelta(minutes=5), timedelta(minutes=10)), *span(sweep + timedelta(minutes=4), STEP * 900)]
    forth = [*span(sweep - timedelta(minutes=5), STEP), *span(sweep + timedelta(minutes=5), timedelta(hours=5))]

    assert len(sweeps(back)) == len(sweeps(forth)) == 1


@pytest.mark.parametrize("night", BERLIN)
def test_two_sweeps_lie_a_day_apart_give_or_take_the_hour(in_berlin, night):
    _, sweep = BERLIN[night]

    after = next_sweep_after(sweep)

    assert timedelta(hours=23) <= after - sweep <= timedelta(hours=25)
    assert next_sweep_after(after) - after >= timedelta(hours=23)
