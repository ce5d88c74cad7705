"""Every operation, on every revision, against the contract: no answer has a validation error."""

from collections.abc import Callable
from typing import Any

import pytest

from replicas_app.simulator import Simulator

from .asking import Caller
from .contract.revisions import REVISIONS, operations, query_parameters
from .contract.schemas import faults_of, response_schema

LISTS = (
    "/api/v1/replicas",
    "/api/v1/replicaPoints",
    "/api/v1/replicas/{id}/replicaPoints",
    "/api/v1/sessions",
    "/api/v1/jobs/states",
    "/api/v1/taskSessions",
)
on_every_revision = pytest.mark.parametrize("revision", REVISIONS)


class Walker:
    """Asks, and compares each answer with the contract; remembers what it has asked."""

    def __init__(self, caller: Caller, revision: str) -> None:
        self.caller = caller
        self.revision = revision
        self.walked: set[tuple[str, str]] = set()

    def __call__(self, method: str, template: str, status: int = 200, /, **given: Any) -> Any:
        path = template.format(**given.pop("ids", {}))
        answer = self.caller.session.request(method, self.caller.simulator.url + path, timeout=20, **given)
        self.walked.add((method, template))
        assert answer.status_code == status, answer.text
        schema = response_schema(self.revision, operations(self.revision)[method, template], status)
        assert faults_of(self.revision, schema, answer.json()) == []
        return answer.json()


@pytest.fixture
def walk(revision: str, world_of_all: Simulator) -> Walker:
    return Walker(Caller(world_of_all, revision), revision)


@pytest.fixture
def signed_in(walk: Walker) -> Walker:
    walk.caller.signed_in()
    return walk


@on_every_revision
def test_a_client_walks_all_operations_without_one_validation_error(revision: str, walk: Walker):
    form = {"grant_type": "password", "username": "svc", "password": "pw1"}
    token = walk("POST", "/api/oauth2/token", data=form)
    walk.caller.session.headers["Authorization"] = f"Bearer {token['access_token']}"
    walk("GET", "/api/v1/serverTime")
    walk("GET", "/api/v1/serverInfo")
    _walk_inventory(walk)
    _walk_activity(walk)
    started = walk("POST", "/api/v1/replicas/rescan", 201, json={"replicaIds": [_ids(walk, "/api/v1/replicas")[0]]})
    walk("POST", "/api/v1/sessions/{id}/stop", ids={"id": started["id"]})
    walk("POST", "/api/oauth2/logout")

    assert walk.walked == set(operations(revision))


def _walk_inventory(walk: Walker) -> None:
    for replica in walk("GET", "/api/v1/replicas", params={"limit": 1000})["data"]:
        walk("GET", "/api/v1/replicas/{id}", ids=replica)
        points = walk("GET", "/api/v1/replicas/{id}/replicaPoints", ids=replica, params={"limit": 1000})["data"]
        for point in points[:1]:
            walk("GET", "/api/v1/replicas/{replicaId}/replicaPoints/{id}", ids=point)
    for point in walk("GET", "/api/v1/replicaPoints", params={"limit": 100_000})["data"][::50]:
        walk("GET", "/api/v1/replicaPoints/{id}", ids=point)


def _walk_activity(walk: Walker) -> None:
    for session in walk("GET", "/api/v1/sessions", params={"limit": 100_000})["data"][::60]:
        walk("GET", "/api/v1/sessions/{id}", ids=session)
        walk("GET", "/api/v1/sessions/{id}/logs", ids=session)
    walk("GET", "/api/v1/jobs/states", params={"limit": 1000})
    walk("GET", "/api/v1/taskSessions", params={"limit": 100_000})


def _ids(walk: Walker, path: str) -> list[str]:
    return [record["id"] for record in walk.caller.all(path)]


@on_every_revision
def test_a_rescan_is_as_the_contract_says_at_every_moment(revision: str, ask: Callable[..., Caller]):
    walk = Walker(ask(revision), revision)
    walk.caller.simulator.clock.freeze()
    seen = []
    started = walk("POST", "/api/v1/replicas/rescan", 201, json={"replicaIds": _ids(walk, "/api/v1/replicas")})

    for _ in range(12):
        seen.append(walk("GET", "/api/v1/sessions/{id}", ids=started)["state"])
        walk("GET", "/api/v1/sessions/{id}/logs", ids=started)
        walk.caller.simulator.clock.advance(0.03)

    assert list(dict.fromkeys(seen)) == ["Starting", "Working", "Stopped"]


@on_every_revision
def test_refusals_are_errors_as_the_contract_says(revision: str, signed_in: Walker):
    nobody = {"id": "00000000-0000-0000-0000-000000000001"}

    signed_in("GET", "/api/v1/replicas/{id}", 404, ids=nobody)
    signed_in("GET", "/api/v1/replicaPoints/{id}", 404, ids=nobody)
    signed_in("GET", "/api/v1/sessions/{id}", 404, ids=nobody)
    signed_in("GET", "/api/v1/sessions/{id}/logs", 404, ids=nobody)
    signed_in("POST", "/api/v1/sessions/{id}/stop", 404, ids=nobody)
    signed_in("POST", "/api/v1/replicas/rescan", 400, json={"replicaIds": ["x"]})
    signed_in("POST", "/api/oauth2/token", 400, data={"grant_type": "none"})
    signed_in("POST", "/api/oauth2/token", 401, data={"grant_type": "password", "username": "svc", "password": "x"})
    signed_in.caller.token_for()  # the count of wrong passwords begins anew


@on_every_revision
def test_without_a_login_every_operation_but_two_is_refused(revision: str, walk: Walker):
    public = {("POST", "/api/oauth2/token"), ("GET", "/api/v1/serverTime")}
    some = {"id": "x", "replicaId": "x"}

    for method, path in operations(revision).keys() - public:
        walk(method, path, 401, ids=some)

    assert walk("GET", "/api/v1/serverTime")


def _samples(schema: dict[str, Any]) -> list[Any]:
    """Values that the schema of a parameter allows."""
    if "enum" in schema:
        return schema["enum"][:: 1 + len(schema["enum"]) // 20]
    if schema["type"] == "array":
        return [schema["items"]["enum"][0], schema["items"]["enum"]]
    if "format" in schema and schema["type"] == "string":
        return [{"uuid": "11111111-2222-4333-8444-555555555555", "date-time": "2026-01-02T03:04:05Z"}[schema["format"]]]
    return {"boolean": ["true", "false"], "integer": [1, 7], "string": ["a*"]}[schema["type"]]


def _nonsense(schema: dict[str, Any]) -> list[str]:
    """Values that it does not allow."""
    if "enum" in schema or schema["type"] == "array" or schema["type"] == "boolean":
        return ["Nonsense"]
    if schema["type"] == "integer":
        return ["seven", "99999999999", "1.5"]
    return ["yesterday", "12"] if "format" in schema else []


@on_every_revision
@pytest.mark.parametrize("path", LISTS)
def test_every_parameter_of_a_list_takes_its_values_and_refuses_others(revision: str, path: str, signed_in: Walker):
    ids = {"id": _ids(signed_in, "/api/v1/replicas")[0]}

    for name, schema in query_parameters(revision, path).items():
        for value in _samples(schema):
            signed_in("GET", path, ids=ids, params={"limit": 3} | {name: value})
        for value in _nonsense(schema):
            answer = signed_in.caller.get(path.format(**ids), **{name: value})
            assert (answer.status_code, name, value) == (400, name, value)
            assert faults_of(revision, "Error", answer.json()) == []


@on_every_revision
def test_parameters_that_a_list_does_not_know_are_ignored(revision: str, signed_in: Walker):
    everything = signed_in("GET", "/api/v1/replicas")

    assert signed_in("GET", "/api/v1/replicas", params={"colour": "red", "malwareStatusFilter": "x"}) == everything
