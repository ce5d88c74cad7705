"""Taking the steps of a rescan by hand, without waiting for its pauses."""

from django.utils import timezone

from replicas_app import rescans, sync
from replicas_app.models import Rescan, SyncRun
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
    """Step after step up to the end, and the first one after it; so many seconds go by on the server between two."""
    for _ in range(MOST_STEPS):
        was_open = rescan.is_open
        if not step(rescan).is_open and not (was_open and rescan.next_poll_at):
            return rescan
        simulator.clock.advance(seconds)
    raise AssertionError(f"{rescan} is still {rescan.state} after {MOST_STEPS} steps: {rescan.error}")


def read_what_is_asked_for() -> None:
    """Carry out the syncs that wait, as a worker does."""
    for run in SyncRun.objects.open():
        sync.sync(run.pk)


def until_settled(rescan: Rescan, simulator: Simulator) -> Rescan:
    """To the end, and on until the server was read again and it is written down what changed."""
    to_the_end(rescan, simulator)
    for _ in range(MOST_STEPS):
        if rescan.next_poll_at is None:
            return rescan
        read_what_is_asked_for()
        step(rescan)
    raise AssertionError(f"nobody knows what {rescan} changed: {rescan.sync_run and rescan.sync_run.error}")


def posts(simulator: Simulator) -> int:
    """How often the server was asked for a rescan."""
    return sum(request.path == "/api/v1/replicas/rescan" for request in simulator.requests)
