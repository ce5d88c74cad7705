"""What the tests of interval syncs say of a simulated server, and of what is stored of it."""

from replicas_app.models import RestorePoint, SyncRun
from tests.syncing import do_sync

POINTS = "/api/v1/replicaPoints"


def interval(server) -> SyncRun:
    return do_sync(server, full="")


def a_point(simulator, number: int = 0, **fields) -> dict:
    """A new point of the VM of an old one, created now by the server's clock."""
    like = simulator.world.points[number]
    now = simulator.clock.text(simulator.clock.now())
    return like | {"id": f"00000000-0000-4000-8000-{number:012}", "creationTime": now, **fields}


def shown() -> set[str]:
    return {str(uuid) for uuid in RestorePoint.objects.present().values_list("uuid", flat=True)}


def there(simulator) -> set[str]:
    return {point["id"] for point in simulator.world.points}


def asked_for_points(simulator) -> list:
    return [one for one in simulator.requests if one.path == POINTS]
