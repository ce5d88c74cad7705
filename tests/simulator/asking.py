"""A caller for these tests: plain requests, nothing of the dashboard's client."""

import ssl
from datetime import datetime
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter

from replicas_app.simulator import Simulator

NEWEST = "1.3-rev2"


class TrustingOne(HTTPAdapter):
    """Trusts one certificate, given as PEM."""

    def __init__(self, certificate: str) -> None:
        self._context = ssl.create_default_context(cadata=certificate)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)


class Caller:
    """Asks one simulated server, signed in as its user unless said otherwise."""

    def __init__(self, simulator: Simulator, revision: str | None = NEWEST) -> None:
        self.simulator = simulator
        self.session = requests.Session()
        self.session.trust_env = False
        if simulator.certificate:
            self.session.mount("https://", TrustingOne(simulator.certificate))
        if revision:
            self.session.headers["x-api-version"] = revision

    def signed_in(self, username: str = "", password: str = "") -> Self:
        self.token = self.token_for(username, password).json()
        self.session.headers["Authorization"] = f"Bearer {self.token['access_token']}"
        return self

    def token_for(self, username: str = "", password: str = "") -> requests.Response:
        given = (username or self.simulator.username, password or self.simulator.password)
        form = {"grant_type": "password", "username": given[0], "password": given[1]}
        return self.post("/api/oauth2/token", data=form)

    def renewed(self, refresh_token: str) -> requests.Response:
        return self.post("/api/oauth2/token", data={"grant_type": "refresh_token", "refresh_token": refresh_token})

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.simulator.url + path, params=query, timeout=20)

    def post(self, path: str, **given: Any) -> requests.Response:
        return self.session.post(self.simulator.url + path, timeout=20, **given)

    def rescan(self, *replica_ids: str) -> requests.Response:
        return self.post("/api/v1/replicas/rescan", json={"replicaIds": list(replica_ids)})

    def all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """The records of a list, in one page."""
        answer = self.get(path, **{"limit": 100_000} | query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def session_of(self, id: str) -> dict[str, Any]:
        return self.get(f"/api/v1/sessions/{id}").json()


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def by_id(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in records}


def statuses(caller: Caller, times: int, path: str = "/api/v1/replicas") -> list[int]:
    return [caller.get(path).status_code for _ in range(times)]
