"""What tests of faults look at: what is held, what is there, and what a person is told."""

from collections.abc import Callable, Iterable
from typing import Any

from django.test import Client

from replicas_app.choices import Role
from replicas_app.models import BackupServer, Replica, RestorePoint, SyncRun
from replicas_app.simulator import Simulator
from replicas_app.templatetags.look import brief
from tests.factories import make_person
from tests.pages.reading import read

REPLICAS = "^/api/v1/replicas$"
POINTS = "^/api/v1/replicaPoints$"
LISTED = {"path": POINTS, "query": "limit=(?!1&)"}
"""What a rule says that means the list of all points as it is read, not the looks at its total."""
TOKEN = "/api/oauth2/token$"
NEW_ID = "00000000-0000-4000-8000-00000000beef"


class Watched(list):
    """For `Simulator.requests`: after each answer, before the client has it, this happens."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens = happens

    def append(self, request: object) -> None:
        super().append(request)
        self._happens()


def held() -> tuple[set[str], set[str]]:
    """The ids of the replicas and of the points that count as present."""
    return ids_of(Replica), ids_of(RestorePoint)


def ids_of(model: type) -> set[str]:
    return {str(uuid) for uuid in model.objects.present().values_list("uuid", flat=True)}


def there(simulator: Simulator) -> tuple[set[str], set[str]]:
    """The same of what the server has."""
    return ids(simulator.world.replicas), ids(simulator.world.points)


def ids(records: Iterable[dict[str, Any]]) -> set[str]:
    """Of what the server has."""
    return {record["id"] for record in records}


def oldest(simulator: Simulator) -> dict[str, Any]:
    """The point that a listing in order of creation begins with."""
    return min(simulator.world.points, key=lambda point: point["creationTime"])


def newest(simulator: Simulator) -> dict[str, Any]:
    return max(simulator.world.points, key=lambda point: point["creationTime"])


def asked(simulator: Simulator, path: str) -> list:
    return [one for one in simulator.requests if one.path == path]


def is_told(run: SyncRun, server: BackupServer) -> bool:
    """Whether the run's sentence stands with the server, and, with short fingerprints, on the page about it."""
    client = Client()
    client.force_login(make_person(role=Role.ADMIN))
    page = read(client, server.get_absolute_url())
    return run.error == server.last_error and " ".join(brief(run.error).split()) in page.text("main")
