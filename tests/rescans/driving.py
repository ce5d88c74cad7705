"""Taking the steps of a rescan by hand, without waiting for its pauses."""

from django.utils import timezone

from replicas_app import rescans
from replicas_app.models import Rescan
from replicas_app.simulator import Simulator

MOST_STEPS = 60


def step(rescan: Rescan) -> Rescan:
    """Take the next step now, whenever it is due."""
    Rescan.objects.filter(pk=rescan.pk).exclude(next_poll_at=None).update(next_poll_at=timezone.now())
    with rescans.claim(rescan.pk) as claimed:
        if claimed:
            rescans.advance(claimed)
    rescan.refresh_from_db()
    return rescan


def to_the_end(rescan: Rescan, simulator: Simulator, seconds: float = 20) -> Rescan:
    """Step after step until nothing is left to do; on the backup server so many seconds go by between two."""
    for _ in range(MOST_STEPS):
        if step(rescan).next_poll_at is None:
            return rescan
        simulator.clock.advance(seconds)
    raise AssertionError(f"{rescan} is still {rescan.state} after {MOST_STEPS} steps: {rescan.error}")


def posts(simulator: Simulator) -> int:
    """How often the server was asked for a rescan."""
    return sum(request.path == "/api/v1/replicas/rescan" for request in simulator.requests)
