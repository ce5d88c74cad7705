"""One simulated backup server, from its parts to a thread that serves it."""

import json
from pathlib import Path
from threading import Thread
from typing import Any, Self

from .accounts import Accounts
from .api import Api
from .backend import Manners, assembled
from .certificate import Certificate, kept_certificate, new_certificate
from .clock import SECOND, Clock
from .exchange import Answer, Request
from .faults import Faults, Happening
from .listener import Listener
from .memory import Memory
from .options import Options
from .rescans import Rescans
from .world import World

REQUESTS_KEPT = 20_000


class Simulator:
    """A backup server in a thread of this process: `with Simulator(...) as simulator:`.

    Its arguments are the fields of `Options`. Raises ValueError for one that makes no sense, OSError where it cannot
    listen. What it shows of itself may be changed while it runs (docs/simulator.md).
    """

    def __init__(self, **given: Any) -> None:
        self._options = options = Options(**given)
        self.clock = Clock(options.now, options.utc_offset)
        folder = Path(options.state_dir) if options.state_dir else None
        self._memory = Memory(folder, str(options.seed), self.clock.now() // SECOND * SECOND)
        self._backend = assembled(options, self.clock, self._memory)
        self._api = Api(self._backend)
        self.faults = Faults(options.faults)
        self.requests: list[Request] = []
        self._certificate = self._first_certificate() if options.tls else None
        self._listener = Listener(options.host, options.port, self._answer)
        self._listener.tls = self._certificate.context() if self._certificate else None
        self._thread = Thread(target=self._listener.serve_forever, args=(0.05,), name=options.name, daemon=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._listener.stop()
        self._thread.join()

    @property
    def username(self) -> str:
        return self._options.username

    @property
    def password(self) -> str:
        return self._options.password

    @property
    def manners(self) -> Manners:
        return self._backend.manners

    @property
    def accounts(self) -> Accounts:
        return self._backend.accounts

    @property
    def rescans(self) -> Rescans:
        return self._backend.rescans

    @property
    def url(self) -> str:
        host = f"[{self._options.host}]" if ":" in self._options.host else self._options.host
        return f"{self._listener.scheme}://{host}:{self._listener.port}{self.manners.base_path}"

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def certificate(self) -> str:
        """As PEM; empty without TLS."""
        return self._certificate.certificate if self._certificate else ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate in hexadecimal digits; empty without TLS."""
        return self._certificate.fingerprint if self._certificate else ""

    @property
    def world(self) -> World:
        """The world, with the effects of all rescans that have ended."""
        self.rescans.settle()
        return self._backend.world

    def next_result(self, result: str, message: str | None = None) -> None:
        """How the next rescan ends that a client starts: Success, Warning or Failed. May be said several times."""
        self.rescans.next_results.append((result, message))

    def renew_certificate(self) -> None:
        """Another certificate for all connections from now on; a `state_dir` keeps the first one."""
        if self._certificate is not None:
            self._certificate = new_certificate(self._options.name, self._options.host, self._options.certificate_days)
            self._listener.tls = self._certificate.context()

    def ready_line(self) -> str:
        """What a person who starts the command wants to know."""
        trust = f" (SHA-256 {self.fingerprint})" if self.fingerprint else ""
        versions = ", ".join(self.manners.versions)
        return f"{self._options.name} listens at {self.url}{trust}, user {self.username}, revisions {versions}"

    def facts(self) -> str:
        """The same as JSON, for programs; without the password."""
        found = {
            "url": self.url,
            "name": self._options.name,
            "fingerprint": self.fingerprint,
            "certificate": self.certificate,
            "username": self.username,
            "versions": list(self.manners.versions),
        }
        return json.dumps(found)

    def _first_certificate(self) -> Certificate:
        if self._memory.folder:
            return kept_certificate(
                self._memory.folder, self._options.name, self._options.host, self._options.certificate_days
            )
        return new_certificate(self._options.name, self._options.host, self._options.certificate_days)

    def _answer(self, request: Request, address: str) -> Answer:
        answer = self._stripped(request) or self._with_faults(request, address)
        request.status = 0 if answer.reset else answer.status
        self.requests.append(request)
        if len(self.requests) > REQUESTS_KEPT:
            del self.requests[: REQUESTS_KEPT // 2]
        return answer

    def _stripped(self, request: Request) -> Answer | None:
        """Takes the base path off; what lies beside it is not ours."""
        base = self.manners.base_path
        if not request.path.startswith(base + "/"):
            return Answer(404, b"<html><body>Nothing here.</body></html>", "text/html")
        request.path = request.path[len(base) :]
        return None

    def _with_faults(self, request: Request, address: str) -> Answer:
        rules = self.faults.firing(request)
        happening = Happening(request, self._backend, self.renew_certificate)
        ahead = [rule for rule in rules if rule.action.before and not rule.after]
        behind = [rule for rule in rules if rule.action.before and rule.after]
        answer = next((a for rule in ahead if (a := rule.action.before(rule.given, happening))), None)
        answer = answer or self._api.answer(request, address)
        answer = next((a for rule in behind if (a := rule.action.before(rule.given, happening))), answer)
        for rule in rules:
            if rule.action.change:
                answer = rule.action.change(rule.given, happening, answer)
        return answer
