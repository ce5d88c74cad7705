"""Walks a running simulator with `veeam-br`, a client that others generated from the vendor's OpenAPI documents.

Not part of the test run: the package weighs 100 MB. In an environment of its own:

    pip install veeam-br==0.5.1
    python -m replicas_app.simulator --port 9461 --rescan-seconds 0.5 &     # with the project's Python
    python tests/simulator/walk_sdk.py http://127.0.0.1:9461

It ends with exit status 0 where all four revisions were walked without one validation error.
"""

import sys
import time
from importlib import import_module
from typing import Any

REVISIONS = ("1.2-rev1", "1.3-rev0", "1.3-rev1", "1.3-rev2")


class Sdk:
    """One revision of the generated client, signed in."""

    def __init__(self, url: str, revision: str) -> None:
        self.revision = revision
        self.models, clients = self._module("models"), self._module("client")
        names = {word.value.lower(): word for word in self.models.ELoginGrantType}
        login = self.models.TokenLoginSpec(grant_type=names["password"], username="svc", password="pw1")
        self.client = clients.Client(base_url=url)
        token = self.call("login.create_token", body=login).access_token
        self.client = clients.AuthenticatedClient(base_url=url, token=token)

    def call(self, name: str, *ids: Any, **given: Any) -> Any:
        """What an operation answers, parsed by the client's own models."""
        operation = self._module(f"api.{name}").sync_detailed
        answer = operation(*ids, client=self.client, x_api_version=self.revision, **given)
        if answer.status_code not in {200, 201} or isinstance(answer.parsed, self.models.Error):
            sys.exit(f"{self.revision} {name}: {answer.status_code} {answer.content[:300]!r}")
        return answer.parsed

    def _module(self, name: str) -> Any:
        package = "v" + self.revision.replace(".", "_").replace("-", "_")
        return import_module(f"veeam_br.{package}.{name}")


def walk(sdk: Sdk) -> int:
    """How many records were read."""
    sdk.call("service.get_server_time")
    sdk.call("service.get_server_info")
    replicas = sdk.call("replicas.get_all_replicas", limit=1000).data
    for replica in replicas:
        sdk.call("replicas.get_replica", replica.id)
        for point in sdk.call("replicas.get_object_replica_restore_points", replica.id, limit=1000).data[:2]:
            sdk.call("replicas.get_object_replica_restore_point_in_replica", replica.id, point.id)
    points = sdk.call("replica_restore_points.get_all_object_replica_restore_points", limit=100_000).data
    for point in points[::40]:
        sdk.call("replica_restore_points.get_object_replica_restore_point", point.id)
    sessions = sdk.call("sessions.get_all_sessions", limit=100_000).data
    for session in sessions[::30]:
        sdk.call("sessions.get_session", session.id)
        sdk.call("sessions.get_session_logs", session.id)
    jobs = sdk.call("jobs.get_all_jobs_states", limit=1000).data
    tasks = sdk.call("sessions.get_all_task_sessions", limit=100_000).data
    rescan(sdk, replicas)
    sdk.call("login.logout")
    return sum(map(len, (replicas, points, sessions, jobs, tasks)))


def rescan(sdk: Sdk, replicas: list[Any]) -> None:
    wanted = sdk.models.ReplicaRescanSpec(replica_ids=[replica.id for replica in replicas[:3]])
    id = sdk.call("replicas.rescan_replica", body=wanted).id
    while sdk.call("sessions.get_session", id).state.value != "Stopped":
        sdk.call("sessions.get_session_logs", id)
        time.sleep(0.05)
    sdk.call("sessions.stop_session", sdk.call("replicas.rescan_replica", body=wanted).id)


if __name__ == "__main__":
    for revision in REVISIONS:
        print(revision, walk(Sdk(sys.argv[1], revision)), "records, no validation error")
