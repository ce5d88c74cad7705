"""A list that is read a second time, and one whose pages do not agree on how long it is."""

import pytest

from replicas_app.choices import SyncState
from tests.sync.faulty import LISTED, Watched, held, newest, there
from tests.syncing import do_sync


@pytest.fixture
def in_pages(simulator, server):
    """A server that cuts its lists into pages of 10 and was read whole."""
    simulator.manners.max_limit = 10
    do_sync(server)
    simulator.requests.clear()
    return server


def test_what_only_the_first_pass_saw_is_gone(simulator, in_pages):
    gone = newest(simulator)
    simulator.faults.add({**LISTED, "query": "skip=20", "times": 1, "action": "drop", "index": 4})

    def it_goes_before_the_second_pass() -> None:
        if any(one.query.get("skip") == ["49"] for one in simulator.requests):
            simulator.world.points = [point for point in simulator.world.points if point != gone]

    simulator.requests = Watched(it_goes_before_the_second_pass)
    run = do_sync(in_pages)

    assert (run.state, run.points_removed) == (SyncState.SUCCEEDED, 1)
    assert held() == there(simulator)


def test_a_last_page_that_announces_fewer_than_all_before_it_does_not_make_a_list_whole(simulator, in_pages):
    before = held()
    simulator.faults.add({**LISTED, "query": "skip=20", "action": "drop", "index": 4, "count": 3})
    simulator.faults.add({**LISTED, "query": "skip=4[0-9]", "action": "set", "at": "pagination.total", "value": 47})

    run = do_sync(in_pages)

    assert (run.state, run.error_cause, held()) == (SyncState.PARTIAL, "short", before)
