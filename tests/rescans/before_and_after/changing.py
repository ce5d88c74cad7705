"""What happens to the points of a backup server while it is rescanned, and what is said of the rescan then."""

from uuid import uuid4

from django.utils import timezone

from replicas_app import rescans
from replicas_app.choices import RescanState
from replicas_app.models import Replica, Rescan
from replicas_app.simulator import Simulator
from tests.rescans.driving import step

NOTHING = {
    "replicas": 0,
    "replicas_gone": 0,
    "states": 0,
    "vms_gained": 0,
    "vms_lost": 0,
    "points_gained": 0,
    "points_made_since": 0,
    "points_lost": 0,
    "points_restated": 0,
    "points_rejudged": 0,
}


def asked_for(rescan: Rescan) -> Rescan:
    """The server has been asked, so "before" is written down; what happens from now on is a change."""
    assert step(rescan).state == RescanState.RUNNING
    return rescan


def of(replica: Replica, simulator: Simulator) -> list[dict]:
    """Its restore points on the server."""
    return [point for point in simulator.world.points if point["replicaId"] == str(replica.uuid)]


def add(simulator: Simulator, like: dict, **fields: object) -> None:
    simulator.world.points.append({**like, "id": str(uuid4()), **fields})


def take_away(simulator: Simulator, *points: dict) -> None:
    simulator.world.points[:] = [point for point in simulator.world.points if point not in points]


def sums(rescan: Rescan) -> dict[str, int]:
    """What it changed, without what it did not change."""
    assert rescan.changes.keys() == NOTHING.keys()
    return {name: count for name, count in rescan.changes.items() if count}


def words(rescan: Rescan) -> rescans.Changes:
    return rescans.Changes(Rescan.objects.select_related("server", "sync_run").get(pk=rescan.pk), timezone.now())
