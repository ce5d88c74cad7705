"""Somebody who asks for rescans and syncs without end, in the browser, whatever happens to the dashboard meanwhile."""

from collections import Counter
from random import Random
from threading import Event, Thread
from typing import Self

import requests

from tests.soak.house import ADMIN_PASSWORD, Eyes, House

PAUSE_SECONDS = 2
ANSWER_SECONDS = 20
MOST_OPEN = 6
"""Rescans that wait or run: with so many no other is asked for."""
STOPPED_SHARE = 0.1
SYNC_SHARE = 0.4
FULL_SHARE = 0.5


class Operator(Thread):
    """`answers` counts what came of the wishes: "done", "away", "enough" (so many are open), or an HTTP status."""

    def __init__(self, house: House, random: Random) -> None:
        super().__init__(name="operator", daemon=True)
        self.answers: Counter[str] = Counter()
        self._house = house
        self._random = random
        self._eyes = Eyes(house.dashboard)
        self._ended = Event()
        self._browser = requests.Session()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()
        self._eyes.close()

    def run(self) -> None:
        while not self._ended.wait(self._random.uniform(0, 2 * PAUSE_SECONDS)):
            try:
                self.answers[self._act()] += 1
            except requests.RequestException:
                self.answers["away"] += 1

    def _act(self) -> str:
        is_open = self._eyes.rows("SELECT id FROM rescan WHERE state IN ('queued', 'asking', 'running')")
        servers = self._eyes.rows("SELECT id FROM backup_server ORDER BY id")
        if is_open is None or servers is None:
            return "away"
        (server,) = self._random.choice(servers)
        chance = self._random.random()
        if chance < SYNC_SHARE:
            return self._post(f"/servers/{server}/sync/", full="1" if self._random.random() < FULL_SHARE else "")
        if chance < SYNC_SHARE + STOPPED_SHARE and is_open:
            return self._post(f"/rescans/{self._random.choice(is_open)[0]}/stop/")
        return "enough" if len(is_open) >= MOST_OPEN else self._rescan(server)

    def _rescan(self, server: int) -> str:
        """Of one to four replicas of the server; some may be in another rescan already."""
        found = self._eyes.rows(
            "SELECT id FROM replica WHERE server_id = %s AND removed_at IS NULL ORDER BY id", server
        )
        keys = [key for (key,) in found or ()]
        wanted = self._random.sample(keys, k=min(len(keys), self._random.randint(1, 4)))
        return self._post("/rescans/start/", id=wanted, reason="soak") if wanted else "nothing"

    def _post(self, path: str, **fields: object) -> str:
        """What came of it: "done" where the dashboard leads on to another page."""
        if "sessionid" not in self._browser.cookies:
            self._sign_in()
        answer = self._send(path, fields)
        if "/accounts/login/" in answer.headers.get("Location", "") or answer.status_code == 403:
            self._browser.cookies.clear()
        return "done" if answer.status_code == 302 else str(answer.status_code)

    def _sign_in(self) -> None:
        self._browser.get(self._house.dashboard.url + "/accounts/login/", timeout=ANSWER_SECONDS)
        self._send("/accounts/login/", {"username": "admin", "password": ADMIN_PASSWORD})

    def _send(self, path: str, fields: dict[str, object]) -> requests.Response:
        token = {"csrfmiddlewaretoken": self._browser.cookies.get("csrftoken", "")}
        url = self._house.dashboard.url + path
        return self._browser.post(url, data=fields | token, allow_redirects=False, timeout=ANSWER_SECONDS)
