"""Two rescans of one server, of which one was faster by a moment: the constraint decides, and the other one waits."""

import pytest
from django.db import connections

from replicas_app import rescans
from replicas_app.choices import RescanState
from replicas_app.models import Rescan
from tests.rescans.driving import posts, step
from tests.sync.faulty import Watched


@pytest.mark.django_db(transaction=True)
def test_whoever_finds_another_rescan_on_the_server_at_the_last_moment_waits_its_turn_without_a_fault(
    simulator, rescan, replicas
):
    other = rescans.start(None, replicas[2:3]).started[0]

    def the_other_one_is_faster() -> None:
        Rescan.objects.filter(pk=other.pk).update(state=RescanState.ASKING)
        connections.close_all()  # this is a thread of the simulator's

    simulator.requests = Watched(the_other_one_is_faster)
    step(rescan)

    assert (rescan.state, rescan.error, rescan.failed_polls, posts(simulator)) == (RescanState.QUEUED, "", 0, 0)
