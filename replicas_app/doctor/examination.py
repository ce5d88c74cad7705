"""One test of one server: what has been learned so far, each thing asked for once."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from replicas_app.connections import connect
from replicas_app.doctor import network
from replicas_app.models import BackupServer
from replicas_app.vbr import Certificate, Client, Deadlines, Pace, ServerInfo, Unavailable, VbrError, parse_address

T = TypeVar("T")

DEADLINES = Deadlines(connect=8, read=15, total=25)
MEASURED_WITH = 1000


class OnePage(Pace):
    """For a single page of so many rows. Less is asked for only where that is refused: nobody waits a second time."""

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self._rows = rows

    @property
    def first(self) -> int:
        return self._rows

    def smaller(self, asked: int, error: VbrError) -> int:
        if isinstance(error, Unavailable):
            raise error
        return super().smaller(asked, error)


@dataclass(frozen=True)
class Measure:
    """How long the server took for one page of restore points, and how much there is to read in that way."""

    points: int
    seconds: float
    total: int | None
    """Of all points of the server; None where it does not say."""
    replicas: int = 0
    """Where each replica has a list of its own: how many such lists there are. 0: one list has all."""

    def seconds_for(self, points: int) -> float:
        return self.seconds / self.points * points if self.points else 0.0


class Examination:
    """`by_hand`: a person asked for it, so the password is tried, also while the server is left alone. Otherwise only
    the token is used that the reads share: a test that nobody asked for must not cause a refused login.
    """

    def __init__(self, server: BackupServer, *, by_hand: bool = True) -> None:
        self.server = server
        self.by_hand = by_hand
        self.address = parse_address(server.base_url)
        self.certificate: Certificate | None = None
        self.skew_seconds: float | None = None
        self.licence_refusal: VbrError | None = None
        """What the server refused for its licence or edition, whichever question met it."""
        self._open = ExitStack()

    def __enter__(self) -> "Examination":
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    @cached_property
    def doors(self) -> network.Doors:
        """The port of the address and the others of backup servers, each with what a knock at it brought."""
        return network.knock(self.address.host, self.address.port)

    @cached_property
    def client(self) -> Client:
        """Raises Denied("secret") where the stored password cannot be opened."""
        way_in = connect(self.server, by_hand=self.by_hand, token_only=not self.by_hand, deadlines=DEADLINES)
        return self._open.enter_context(way_in)

    @cached_property
    def greeting(self) -> VbrError | None:
        """What went wrong with the first call of all; None when the server answered it."""
        found = outcome(lambda: self.client.server_time().skew_seconds)
        if isinstance(found, VbrError):
            return found
        self.skew_seconds = found
        return None

    @cached_property
    def replicas(self) -> int | VbrError | None:
        """How many there are (None where the server does not say), or why they cannot be read."""
        return outcome(lambda: next(iter(self.client.replicas(page_size=1))).total)

    @cached_property
    def info(self) -> ServerInfo | VbrError:
        """What the server says of itself, or why it does not."""
        return outcome(self.client.server_info)

    @cached_property
    def measure(self) -> Measure | VbrError:
        found = outcome(self._of_one_list)
        is_without = isinstance(found, VbrError) and found.cause == "gone"
        return outcome(self._of_a_replica) if is_without else found

    def _of_one_list(self) -> Measure:
        began = time.monotonic()
        page = next(iter(self.client.points(pace=OnePage(MEASURED_WITH))))
        return Measure(page.received, time.monotonic() - began, page.total)

    def _of_a_replica(self) -> Measure:
        """Of the first one that is listed, as servers have it that know no list of all points."""
        replicas = next(iter(self.client.replicas(page_size=1)))
        if not replicas.records:
            return Measure(0, 0.0, None, replicas=replicas.total or 1)
        began = time.monotonic()
        page = next(iter(self.client.replica_points(replicas.records[0].id, pace=OnePage(MEASURED_WITH))))
        return Measure(page.received, time.monotonic() - began, None, replicas=replicas.total or 1)


def outcome(ask: Callable[[], T]) -> T | VbrError:
    """What `ask` gives, or the fault that it met: asked once, and known from then on."""
    try:
        return ask()
    except VbrError as error:
        return error
