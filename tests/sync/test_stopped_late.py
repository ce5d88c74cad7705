"""A read that is stopped after its last page came, and before it is stored."""

from django.db import connections

from replicas_app import sync
from replicas_app.choices import SyncState
from replicas_app.sync import runs
from tests.sync.faulty import Watched, held
from tests.sync.small_world import a_point
from tests.syncing import do_sync


def test_what_a_read_that_was_stopped_has_read_is_not_stored_even_if_all_of_it_had_come(simulator, swept):
    before = held()
    simulator.world.points.append(a_point(simulator))

    def stop_when_findings_are_counted() -> None:
        if "malwareStatusFilter" in simulator.requests[-1].query:
            runs.stop(swept)
            connections.close_all()  # this is a thread of the simulator's

    simulator.requests = Watched(stop_when_findings_are_counted)
    run = do_sync(swept)

    assert (run.state, run.error) == (SyncState.INTERRUPTED, runs.STOPPED)
    assert held() == before
    assert sync.request(swept, run.trigger)[1]
