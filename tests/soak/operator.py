"""Somebody who asks for one rescan after the other, in the browser, whatever happens to the dashboard meanwhile."""

from collections import Counter
from random import Random
from threading import Event, Thread
from typing import Self

import requests

from tests.soak.house import ADMIN_PASSWORD, Eyes, House

PAUSE_SECONDS = 3
ANSWER_SECONDS = 20
MOST_OPEN = 6
"""Rescans that wait or run: with so many no other is asked for."""
STOPPED_SHARE = 0.1


class Operator(Thread):
    """`answers` counts what the dashboard said: "asked", "away" or a status."""

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
        if is_open is None:
            return "away"
        if is_open and self._random.random() < STOPPED_SHARE:
            (key,) = self._random.choice(is_open)
            return self._post(f"/rescans/{key}/stop/")
        if len(is_open) >= MOST_OPEN:
            return "enough"
        server = self._random.choice(self._house.names)
        keys = self._eyes.rows(
            "SELECT r.id FROM replica r JOIN backup_server s ON s.id = r.server_id"
            " WHERE s.name = %s AND r.removed_at IS NULL ORDER BY r.id",
            server,
        )
        wanted = self._random.sample(keys or [], k=min(len(keys or []), self._random.randint(1, 4)))
        return self._post("/rescans/start/", id=[key for (key,) in wanted], reason="soak") if wanted else "nothing"

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
