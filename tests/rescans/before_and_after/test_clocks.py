"""What jobs made since the request is told apart by the server's clock, which may be another than ours."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app.simulator import Simulator
from tests.rescans.before_and_after.changing import add, asked_for, of, sums
from tests.rescans.driving import until_settled


@pytest.fixture(params=[-20, 20], ids=["slow", "fast"])
def simulator(request):
    """A server whose clock is twenty minutes away from ours."""
    now = timezone.now() + timedelta(minutes=request.param)
    with Simulator(replicas=4, vms=2, points=3, seed=7, still=True, tls=True, rescan_seconds=60, now=now) as simulator:
        yield simulator


def test_a_point_counts_as_made_since_the_request_by_the_clock_that_made_it(simulator, rescan, replicas):
    asked_for(rescan)
    asked_at = simulator.clock.now()
    for minutes in (-5, 5):
        moment = simulator.clock.text(asked_at + minutes * 60_000_000)
        add(simulator, of(replicas[0], simulator)[0], creationTime=moment)

    until_settled(rescan, simulator)

    assert sums(rescan) == {"replicas": 1, "points_gained": 2, "points_made_since": 1}
