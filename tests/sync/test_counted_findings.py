"""What a sweep leaves behind of the server's counts of findings, where they are not what it had read."""

import pytest

from replicas_app.models import RestorePoint
from tests.sync.faulty import Watched, oldest
from tests.sync.small_world import POINTS, interval
from tests.syncing import do_sync


def test_a_finding_in_a_point_whose_page_came_already_does_not_wait_for_the_next_night(simulator, swept):
    found = oldest(simulator)

    def it_is_scanned_while_the_points_are_read() -> None:
        if any(one.path == POINTS for one in simulator.requests):
            found["malwareStatus"] = "Infected"

    found["malwareStatus"] = "Clean"
    simulator.requests = Watched(it_is_scanned_while_the_points_are_read)
    do_sync(swept)

    runs = [interval(swept), interval(swept)]

    assert [run.is_full for run in runs] == [True, False]
    assert RestorePoint.objects.get(uuid=found["id"]).malware == "Infected"


def test_a_count_of_findings_that_was_right_once_and_stays_wrong_is_asked_for_no_more(simulator, swept):
    wrong = {"query": "malwareStatusFilter", "action": "set", "at": "pagination.total", "value": 49}
    simulator.faults.add({"path": f"^{POINTS}$", **wrong})

    assert [interval(swept).is_full for _ in range(4)] == [True, True, False, False]


@pytest.mark.parametrize("status", ["Infected", "Suspicious"])
def test_a_scan_that_finds_something_in_the_oldest_point_is_seen_by_the_next_interval(simulator, swept, status):
    point = oldest(simulator)
    point["malwareStatus"] = status

    run = interval(swept)

    assert (run.is_full, f"points as {status}" in run.why_full) == (True, True)
    assert RestorePoint.objects.get(uuid=point["id"]).malware == status
