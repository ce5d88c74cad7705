"""Every call ends: limits on connecting, on each wait for the server, and on the call as a whole.

The limits of requests and urllib3 hold for each single wait only: a server that sends one byte now and then would hold
a call for ever. So the connections here ask before each read how much of the whole call's time is left; headers,
bodies and chunks are all read through that one place.
"""

import http.client
import io
import socket
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


@dataclass(frozen=True)
class Deadlines:
    """In seconds. `total` holds for one call with all its repetitions and the waits between them."""

    connect: float = 10
    read: float = 60
    total: float = 180


class Call:
    """A call under way: until when it may take, and since when its present request is on its way."""

    __slots__ = ("_ends", "sent_at")

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self.sent_at: float | None = None
        """By the monotonic clock; None: nothing of the request was sent yet."""

    def seconds_left(self) -> float:
        """Raises TimeoutError when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call took too long as a whole")
        return left

    def has_time_for(self, seconds: float) -> bool:
        return time.monotonic() + seconds < self._ends


current_call: ContextVar[Call] = ContextVar("current_call")
"""Set by whoever sends: urllib3 has no other way from a request down to its connection."""


class _BoundedReader(io.RawIOBase):
    """What the server sends, each read within the rest of the call's time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._read_seconds = sock.gettimeout() or Deadlines.read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(min(self._read_seconds, current_call.get().seconds_left()))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_BoundedReader(self.fp.detach(), sock))


class _BoundedConnection:
    """Marks the call as sent from the first byte of its request on, not while it connects."""

    response_class = _BoundedResponse

    def connect(self) -> None:
        try:
            super().connect()
        finally:  # what a proxy's tunnel sends is no part of the request
            current_call.get().sent_at = None

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        call = current_call.get()
        call.sent_at = call.sent_at or time.monotonic()
        super().send(data)


class _PlainConnection(_BoundedConnection, HTTPConnection):
    pass


class _TlsConnection(_BoundedConnection, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


POOLS = {"http": _PlainPool, "https": _TlsPool}
"""For a urllib3 pool manager's `pool_classes_by_scheme`."""
