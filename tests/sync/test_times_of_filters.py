"""A server that takes the times of its filters for others, by its zone, say, hides no new point until the night."""

from datetime import timedelta
from operator import itemgetter

import pytest
from django.utils import timezone

from replicas_app.choices import SyncState
from replicas_app.models import BackupServer
from replicas_app.simulator.clock import HOUR
from replicas_app.simulator.listing.parser import Parser
from replicas_app.sync import witnesses
from tests.sync.small_world import a_point, asked_for_points, interval, shown, there
from tests.syncing import do_sync


@pytest.fixture
def misreads(monkeypatch):
    """Have the server take each time of a filter for one that lies so many hours later."""
    reads = Parser.moment

    def so_late(hours: int) -> None:
        monkeypatch.setattr(Parser, "moment", lambda parser, name: reads(parser, name) + hours * HOUR)

    return so_late


@pytest.fixture
def recent(simulator, server) -> BackupServer:
    """A server that was read whole, and whose newest points were made a moment before."""
    newest = sorted(simulator.world.points, key=itemgetter("creationTime"))[-4:]
    for minutes, point in enumerate(newest, 2):
        point["creationTime"] = simulator.clock.text(simulator.clock.now() - minutes * HOUR // 60)
    do_sync(server)
    simulator.requests.clear()
    return server


def a_new_point_takes_the_place_of_an_old_one(simulator, number: int) -> dict:
    """All points are as many as before."""
    new = a_point(simulator, number)
    oldest = min(simulator.world.points, key=itemgetter("creationTime"))
    simulator.world.points[simulator.world.points.index(oldest)] = new
    return new


@pytest.mark.parametrize("hours", [-2, 2, 5, 13])
def test_new_points_are_there_after_every_interval_though_as_many_went(simulator, recent, misreads, hours):
    misreads(hours)
    interval(recent)  # the count of recent points misleads, which nothing explains, so it is let be
    came = []
    for number in range(3):
        new = a_new_point_takes_the_place_of_an_old_one(simulator, number)
        interval(recent)
        came.append(new["id"] in shown())

    assert came == [True] * 3


def test_where_the_newest_points_that_we_hold_never_come_everything_is_read_and_why_is_told(
    simulator, recent, misreads
):
    misreads(48)
    a_new_point_takes_the_place_of_an_old_one(simulator, 1)

    run = interval(recent)

    assert (run.state, run.is_full) == (SyncState.SUCCEEDED, True)
    assert run.why_full == ("the server lists none of the newest points that we hold where their time is asked for")
    assert shown() == there(simulator)


def test_a_server_that_takes_times_as_we_do_is_asked_for_no_more_than_a_few_points_for_that(simulator, recent):
    run = interval(recent)

    assert (run.is_full, len(asked_for_points(simulator))) == (False, 5)
    assert 1 <= run.points_unchanged <= len(simulator.world.points) // 4


@pytest.mark.parametrize("changes", [{"state": "Processing"}, {"name": "another VM"}])
def test_a_newest_point_that_changed_is_a_witness_all_the_same(simulator, recent, changes):
    for point in sorted(simulator.world.points, key=itemgetter("creationTime"))[-4:]:
        point.update(changes)

    run = interval(recent)

    assert (run.is_full, run.points_changed) == (False, 4)
    assert len([one for one in asked_for_points(simulator) if one.query["limit"] != ["1"]]) == 1


def test_the_newest_point_of_all_may_go(simulator, recent):
    newest = max(simulator.world.points, key=itemgetter("creationTime"))
    simulator.world.points.remove(newest)
    simulator.world.points.append(a_point(simulator))

    run = interval(recent)

    assert run.state == SyncState.SUCCEEDED
    assert shown() == there(simulator)


def test_a_server_without_points_or_without_any_for_long_has_no_witnesses(recent):
    assert witnesses.begin(recent) is not None

    recent.watermark += timedelta(days=2)

    assert witnesses.begin(recent) is None


def test_where_too_many_points_would_come_only_to_be_witnesses_there_are_none(simulator, server, monkeypatch):
    now = simulator.clock.text(simulator.clock.now())
    for point in simulator.world.points:
        point["creationTime"] = now
    do_sync(server)
    assert witnesses.begin(server) is not None
    monkeypatch.setattr(witnesses, "FEW_POINTS", len(simulator.world.points) - 1)

    assert witnesses.begin(server) is None
    assert interval(server).is_full is False
    assert server.last_success_at <= timezone.now()


def test_a_server_for_which_the_ends_of_a_time_do_not_count_is_understood(simulator, swept, monkeypatch):
    """What retention dropped is found by its time, which is asked for with a margin."""
    reads, narrower = Parser.moment, {"createdAfterFilter": 1, "createdBeforeFilter": -1}
    monkeypatch.setattr(Parser, "moment", lambda parser, name: reads(parser, name) + narrower.get(name, 0))
    oldest = min(simulator.world.points, key=itemgetter("creationTime"))
    new = a_point(simulator, simulator.world.points.index(oldest))
    simulator.world.points.remove(oldest)
    simulator.world.points.append(new)

    run = interval(swept)

    assert (run.is_full, run.points_added, run.points_removed) == (False, 1, 1)
    assert shown() == there(simulator)
    assert not any(one.path.startswith("/api/v1/replicas/") for one in simulator.requests)
