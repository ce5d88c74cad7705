"""What an interval's look at a time has to bring before anything of that time counts as gone."""

from operator import itemgetter

import pytest

from tests.sync.small_world import POINTS, interval, shown, there
from tests.sync.test_late_and_dropped import a_point_more_and_one_less_elsewhere


def beside(simulator, id: str) -> list[dict]:
    """The points before and after that one in time."""
    by_age = sorted(simulator.world.points, key=itemgetter("creationTime"))
    [place] = [place for place, point in enumerate(by_age) if point["id"] == id]
    return by_age[max(place - 1, 0) : place] + by_age[place + 1 : place + 2]


@pytest.mark.parametrize("damage", [{}, {"name": 7}], ids=["missing", "not to be read"])
def test_where_others_of_that_time_come_and_one_does_not_though_it_was_announced_nothing_is_gone(
    simulator, swept, damage
):
    """The counts would bear it out: as many went, but another one."""
    kept = a_point_more_and_one_less_elsewhere(simulator)
    damaged = [point | damage for point in simulator.world.points if damage and point["id"] == kept]
    listed = [*beside(simulator, kept), *damaged]
    total = len(beside(simulator, kept)) + 1
    for page, rows in (("skip=0", listed), ("skip=[1-9]", [])):
        look = {"path": f"^{POINTS}$", "query": f"{page}.*createdBeforeFilter", "action": "set"}
        simulator.faults.add({**look, "at": "data", "value": rows})
        simulator.faults.add({**look, "at": "pagination.total", "value": total})

    run = interval(swept)

    assert (run.is_full, run.points_removed) == (True, 1)
    assert shown() == there(simulator)
