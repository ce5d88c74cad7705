"""A record that cannot be read among the newest points: one sweep sets it aside, and no interval becomes one again."""

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import SyncRun
from tests.sync.small_world import POINTS, a_point, interval, shown, there

DAMAGED = {"name": 7}
UNREADABLE = {"allowedOperations": "StartFlrRestore"}


@pytest.fixture
def damaged(simulator, swept) -> dict:
    """A new point that cannot be read, which a sweep has set aside."""
    point = a_point(simulator, 0, **DAMAGED)
    simulator.world.points.append(point)
    assert interval(swept).is_full
    simulator.requests.clear()
    return point


def facts(run: SyncRun) -> tuple:
    return run.state, run.error_cause, run.is_full, run.set_aside_count, run.points_added, run.points_removed


def test_what_a_sweep_set_aside_makes_no_sweep_of_the_next_intervals_and_is_told_by_each(simulator, swept, damaged):
    runs = [interval(swept) for _ in range(3)]

    assert [facts(run) for run in runs] == [(SyncState.PARTIAL, "aside", False, 1, 0, 0)] * 3
    assert swept.last_success_at == runs[-1].started_at
    assert swept.last_error == runs[-1].error
    assert len(simulator.requests) <= 3 * 8


def test_new_points_beside_it_are_stored_without_a_sweep(simulator, swept, damaged):
    simulator.world.points.append(a_point(simulator, 1))

    run = interval(swept)

    assert facts(run) == (SyncState.PARTIAL, "aside", False, 1, 1, 0)
    assert shown() == there(simulator) - {damaged["id"]}


@pytest.mark.parametrize("other", [
    {"id": "00000000-0000-4000-8000-0000000000ff"}, {"id": "no id"}, {"creationTime": "soon"},
])  # fmt: skip
def test_another_one_or_another_reason_is_worth_a_sweep_once(simulator, swept, damaged, other):
    fault = a_point(simulator, 0, **DAMAGED) | other
    if fault["id"] == damaged["id"]:
        simulator.faults.add({"path": f"^{POINTS}$", "query": "limit=(?!1&)", "action": "set", "key": "replicaId",
                              "index": -1, "value": 5})  # fmt: skip
        damaged["name"] = "web"
    else:
        simulator.world.points.append(fault)

    runs = [interval(swept), interval(swept)]

    assert [run.is_full for run in runs] == [True, False]


def test_a_point_that_we_hold_and_that_cannot_be_read_any_more_stays(simulator, swept):
    held = a_point(simulator, 1)
    simulator.world.points.append(held)
    interval(swept)
    held.update(DAMAGED)

    runs = [interval(swept), interval(swept)]

    assert [(run.is_full, run.set_aside_count, run.points_removed) for run in runs] == [(True, 1, 0), (False, 1, 0)]
    assert held["id"] in shown()


def test_beside_it_nothing_is_removed_before_it_can_be_read(simulator, swept, damaged):
    """Retention dropped a point for a new one: an interval without such a record would see it go."""
    new = a_point(simulator, 1)
    same_vm = [point for point in simulator.world.points if point["name"] == new["name"]]
    oldest = min(same_vm, key=lambda point: point["creationTime"])
    simulator.world.points.remove(oldest)
    simulator.world.points.append(new)

    before = interval(swept)
    kept = oldest["id"] in shown()
    damaged["name"] = "web"
    after = interval(swept)

    assert (before.points_added, before.points_removed, kept) == (1, 0, True)
    assert (after.state, after.points_added, after.points_removed) == (SyncState.SUCCEEDED, 1, 1)
    assert shown() == there(simulator)


def test_a_record_that_is_met_by_several_looks_is_counted_once(simulator, swept, damaged):
    began = simulator.clock.text(simulator.clock.now() - 3_600_000_000)
    simulator.world.points.append(a_point(simulator, 2, creationTime=began))

    run = interval(swept)

    assert facts(run) == (SyncState.PARTIAL, "aside", False, 1, 1, 0)


@pytest.mark.parametrize(("damages", "sweeps"), [(UNREADABLE, False), (DAMAGED, False)])
def test_of_more_than_are_kept_with_their_reasons_no_list_tells_which_they_were(simulator, swept, damages, sweeps):
    simulator.world.points += [a_point(simulator, number, **damages) for number in range(50)]
    interval(swept)
    known = interval(swept)
    simulator.world.points.append(a_point(simulator, 50, **damages))
    interval(swept)

    more = interval(swept)

    assert (known.is_full, more.is_full, more.set_aside_count) == (sweeps, True, 51)
