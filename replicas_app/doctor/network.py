"""Below HTTP: does the name resolve, is the port open."""

import errno
import ipaddress
import queue
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

NAME_SECONDS = 5.0
PORT_SECONDS = 5.0
HINT_SECONDS = 1.5
REST_PORTS = (443, 9419)
"""Where backup servers answer: 443 from 13.1 on, 9419 before and still."""


@dataclass(frozen=True)
class Fault:
    """Why there was no connection: a cause of `vbr.causes`, and the system's own words."""

    cause: str
    words: str = ""


def is_number(host: str) -> bool:
    """Whether the host is an IP address, so that no name has to be resolved."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def resolve(host: str, port: int) -> list[str] | Fault:
    """The addresses behind a name, each once. The system's resolver knows no deadline, so it is asked from aside."""
    answers: queue.SimpleQueue[list[str] | Fault] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(_ask_resolver(host, port)), daemon=True).start()
    try:
        return answers.get(timeout=NAME_SECONDS)
    except queue.Empty:
        return Fault("dns", f"no answer within {NAME_SECONDS:.0f} s")


def _ask_resolver(host: str, port: int) -> list[str] | Fault:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Fault("dns", (getattr(error, "strerror", "") or "").strip())
    return list(dict.fromkeys(sockaddr[0] for *_, sockaddr in found))


def open_port(host: str, port: int, seconds: float = PORT_SECONDS) -> float | Fault:
    """How many seconds a TCP connection took to come about."""
    started = time.monotonic()
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except ConnectionRefusedError:
        return Fault("refused")
    except TimeoutError:
        return Fault("timeout", f"no connection within {seconds:g} s")
    except OSError as error:
        return Fault("unreachable", error.strerror or errno.errorcode.get(error.errno or 0, ""))
    return time.monotonic() - started


Doors = dict[int, float | Fault]
"""Port → how long a connection took, or why there was none; the address's own port first."""


def knock(host: str, port: int) -> Doors:
    """Try the port and the others on which backup servers answer, all at once: these are but a hint, and wait less."""
    others = [other for other in REST_PORTS if other != port]
    with ThreadPoolExecutor(len(others) + 1) as pool:
        own = pool.submit(open_port, host, port)
        hints = [pool.submit(open_port, host, other, HINT_SECONDS) for other in others]
        return {port: own.result(), **{other: hint.result() for other, hint in zip(others, hints, strict=True)}}
