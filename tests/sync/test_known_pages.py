"""A page that looks as it did is not looked into: what is stored or counted of it otherwise is not lost for that."""

from replicas_app.choices import SyncState
from replicas_app.models import RestorePoint
from tests.sync.small_world import a_point, interval, shown, there
from tests.syncing import do_sync


def test_a_state_that_an_interval_saw_and_that_is_gone_again_is_not_kept_by_the_next_sweep(simulator, swept):
    """The page is just as the last sweep saw it, but not what we hold."""
    point = a_point(simulator, state="Ready")
    simulator.world.points.append(point)
    do_sync(swept)
    point["state"] = "Failover"
    seen = interval(swept)
    point["state"] = "Ready"

    run = do_sync(swept)

    assert (seen.is_full, seen.points_changed, run.points_changed) == (False, 1, 1)
    assert RestorePoint.objects.get(uuid=point["id"]).state == "Ready"


def test_times_without_a_zone_are_counted_at_every_sweep(simulator, server):
    for point in simulator.world.points[:3]:
        point["creationTime"] = "2026-11-20T10:00:00"

    runs = [do_sync(server) for _ in range(3)]

    assert [(run.state, run.naive_times) for run in runs] == [(SyncState.SUCCEEDED, 3)] * 3


def test_a_point_that_is_back_hides_no_other_one_that_goes_with_the_same_sweep(simulator, swept):
    """As many came as were held."""
    back, *others = simulator.world.points
    simulator.world.points[:] = others
    do_sync(swept)
    simulator.world.points[:] = [back, *others[:-1]]

    run = do_sync(swept)

    assert (run.points_changed, run.points_removed) == (1, 1)
    assert shown() == there(simulator)
