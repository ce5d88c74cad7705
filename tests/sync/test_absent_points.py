"""Restore points that a list left out although it came whole: they are asked for once more before they are gone."""

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import RestorePoint
from replicas_app.vbr import retries
from tests.sync.faulty import POINTS, asked, held, oldest, there
from tests.syncing import do_sync

LOOK = {"path": POINTS, "query": "createdBeforeFilter"}
"""What a rule says that means the look at the times of what did not come."""


@pytest.fixture
def in_pages(simulator, server):
    """A server that cuts its lists into pages of 10 and was read whole."""
    simulator.manners.max_limit = 10
    do_sync(server)
    simulator.requests.clear()
    return server


def test_a_point_that_moves_across_the_end_of_a_page_while_one_goes_and_one_comes_is_not_taken_for_gone(
    simulator, in_pages
):
    """As many different points come as the list announced. The one that went is seen by the next read."""
    gone = oldest(simulator)
    new = gone | {"id": gone["id"][:-4] + "beef", "creationTime": simulator.clock.text(simulator.clock.now())}

    def retention_amid_the_list() -> bool:
        has_begun = any(one.query.get("skip") == ["10"] for one in asked(simulator, "/api/v1/replicaPoints"))
        if has_begun and gone in simulator.world.points:
            simulator.world.points.remove(gone)
            simulator.world.points.append(new)
        return False

    run = do_sync(in_pages, should_stop=retention_amid_the_list)

    ours, theirs = (set(points) for _, points in (held(), there(simulator)))
    assert (run.state, run.points_added, run.points_removed) == (SyncState.SUCCEEDED, 1, 0)
    assert new in simulator.world.points
    assert len(theirs - ours) == 0
    assert len(ours - theirs) == 1


@pytest.fixture
def one_gone_of_two_at_the_same_time(simulator, server):
    """The point that is left of two that were created together. Both were read before one of them went."""
    gone = oldest(simulator)
    left = next(
        point for point in simulator.world.points if point is not gone and point.get("malwareStatus") == "Clean"
    )
    left["creationTime"] = gone["creationTime"]
    do_sync(server)
    simulator.world.points.remove(gone)
    return left


def test_what_changed_between_a_list_and_the_second_look_at_it_is_not_taken_for_unchanged_later(
    simulator, server, one_gone_of_two_at_the_same_time
):
    """A page that is remembered says how its points are stored: of those on it the first look counts."""
    simulator.faults.add({**LOOK, "times": 1, "action": "set", "key": "malwareStatus", "value": "Infected"})

    first, second = do_sync(server), do_sync(server)

    point = RestorePoint.objects.get(uuid=one_gone_of_two_at_the_same_time["id"])
    assert (first.points_removed, first.points_changed, second.points_changed) == (1, 0, 0)
    assert point.malware == "Clean"
    assert held() == there(simulator)


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 404}, {"action": "html", "status": 404}], ids=str)
def test_a_second_look_that_breaks_off_removes_nothing(
    simulator, server, one_gone_of_two_at_the_same_time, monkeypatch, fault
):
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.001)
    before = held()
    simulator.faults.add({**LOOK, **fault})

    run = do_sync(server)

    assert (run.state, run.points_removed, held()) == (SyncState.FAILED, 0, before)
