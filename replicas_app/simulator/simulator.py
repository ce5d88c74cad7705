"""One simulated backup server, from its parts to a thread that serves it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any, Self

from .accounts import Accounts, users_of
from .api import Api
from .backend import Backend, Manners
from .certificate import Certificate, kept_certificate, new_certificate
from .clock import SECOND, Clock
from .exchange import Answer, Request
from .faults import Faults, Happening
from .history import History
from .jobs import Jobs
from .listener import Listener
from .listing import Pages
from .memory import Memory
from .rescans import Rescans
from .revisions import REVISIONS, revision
from .world import Sizes, World
from .world.ids import Ids

REQUESTS_KEPT = 20_000


class Simulator:
    """A backup server in a thread of this process: `with Simulator(...) as simulator:`.

    `points` counts for each VM (above 1,000 for the whole world). Raises OSError where it cannot listen, ValueError for
    a value that makes no sense. docs/simulator.md describes every argument.
    """

    def __init__(
        self,
        replicas: int = 20,
        vms: int = 2,
        points: int = 20,
        seed: int | str = 7,
        still: bool = True,
        tls: bool = True,
        versions: Sequence[str] = REVISIONS,
        username: str = "svc",
        password: str = "pw1",  # noqa: S107  of a play
        role: str = "administrator",
        port: int = 0,
        host: str = "127.0.0.1",
        faults: Iterable[Mapping[str, Any]] = (),
        state_dir: str | Path | None = None,
        *,
        name: str = "vbr-sim",
        users: Mapping[str, tuple[str, str]] | None = None,
        mfa_users: Iterable[str] = (),
        swagger: bool = True,
        names_versions: bool = True,
        base_path: str = "",
        max_limit: int | None = None,
        bulk_points: bool = True,
        empty_rescan: str = "refuse",
        empty_unauthorized: bool = False,
        stop_says_cancelled: bool = False,
        token_seconds: int = 900,
        lock_after: int = 5,
        lock_seconds: int = 1800,
        rescan_seconds: float = 1.0,
        certificate_days: float = 3650,
        now: datetime | None = None,
        utc_offset: str = "+02:00",
        page_cache_mb: int = 96,
    ) -> None:
        self.username, self.password = username, password
        self.requests: list[Request] = []
        self.faults = Faults(faults)
        self.clock = Clock(now, utc_offset)
        self._memory = Memory(Path(state_dir) if state_dir else None, str(seed), self.clock.now() // SECOND * SECOND)
        self._name, self._host, self._days = name, host, certificate_days
        self.manners = Manners(
            name=name,
            versions=_ordered(versions),
            names_versions=names_versions,
            swagger=swagger,
            max_limit=max_limit,
            bulk_points=bulk_points,
            empty_rescan=empty_rescan,
            empty_unauthorized=empty_unauthorized,
            base_path="/" + base_path.strip("/") if base_path.strip("/") else "",
        )
        sizes = Sizes(replicas, vms, points)
        self._world = World(seed, sizes, clock=self.clock, memory=self._memory, still=still)
        given = [(username, password, role), *((user, *rest) for user, rest in (users or {}).items())]
        self.accounts = Accounts(users_of(given, mfa_users), token_seconds, lock_after, lock_seconds)
        self.rescans = Rescans(self._world, self.clock, seed, rescan_seconds, stop_says_cancelled)
        history = History(self._world, self.clock, seed)
        jobs = Jobs(self._world, history, self.clock, seed)
        self._backend = Backend(
            server_id=Ids(seed, "server").of(0),
            manners=self.manners,
            clock=self.clock,
            world=self._world,
            accounts=self.accounts,
            rescans=self.rescans,
            history=history,
            jobs=jobs,
            pages=Pages(page_cache_mb * 1_000_000),
        )
        self._api = Api(self._backend)
        self._certificate = self._first_certificate() if tls else None
        self._listener = Listener(host, port, self._answer)
        self._listener.tls = self._certificate.context() if self._certificate else None
        self._thread = Thread(target=self._listener.serve_forever, args=(0.05,), name=f"simulator {name}", daemon=True)

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
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
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
        return self._world

    def next_result(self, result: str, message: str | None = None) -> None:
        """How the next rescan ends that a client starts: Success, Warning or Failed. May be said several times."""
        self.rescans.next_results.append((result, message))

    def renew_certificate(self) -> None:
        """Another certificate for all connections from now on; a `state_dir` keeps the first one."""
        if self._certificate is not None:
            self._certificate = new_certificate(self._name, self._host, self._days)
            self._listener.tls = self._certificate.context()

    def ready_line(self) -> str:
        """What a person who starts the command wants to know."""
        trust = f" (SHA-256 {self.fingerprint})" if self.fingerprint else ""
        versions = ", ".join(self.manners.versions)
        return f"{self._name} listens at {self.url}{trust}, user {self.username}, revisions {versions}"

    def facts(self) -> str:
        """The same as JSON, for programs; without the password."""
        found = {
            "url": self.url,
            "name": self._name,
            "fingerprint": self.fingerprint,
            "certificate": self.certificate,
            "username": self.username,
            "versions": list(self.manners.versions),
        }
        return json.dumps(found)

    def _first_certificate(self) -> Certificate:
        if self._memory.folder:
            return kept_certificate(self._memory.folder, self._name, self._host, self._days)
        return new_certificate(self._name, self._host, self._days)

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


def _ordered(versions: Sequence[str]) -> tuple[str, ...]:
    """Oldest first. ValueError for a revision that there is not, and for none at all."""
    if not versions:
        raise ValueError("a server supports one revision at least")
    try:
        return tuple(sorted(dict.fromkeys(versions), key=lambda name: revision(name).place))
    except ValueError:
        raise ValueError(f"the revisions are {', '.join(REVISIONS)}, not {', '.join(versions)}") from None
