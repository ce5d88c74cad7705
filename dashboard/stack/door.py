"""The socket at which the web will listen, opened before anything slow begins."""

import errno
import socket

from dashboard.stack.refusal import CannotStart

LOOPBACK_FOR = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def open_door(host: str, port: int) -> socket.socket:
    """Take the port; 0 takes any free one.

    Raises:
        CannotStart: it is taken, or not ours to take, or `host` is no address of this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        door = socket.socket(family, kind)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
    except OSError as problem:
        raise CannotStart(_why_not(host, port, problem)) from None
    return door


def reachable(door: socket.socket) -> tuple[str, int]:
    """Host and port by which this machine reaches it."""
    host, port = door.getsockname()[:2]
    return LOOPBACK_FOR.get(host, host), port


def address(door: socket.socket) -> str:
    """What to type on this machine."""
    host, port = reachable(door)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def is_free(host: str, port: int) -> bool:
    try:
        open_door(host, port).close()
    except CannotStart:
        return False
    return True


def _why_not(host: str, port: int, problem: OSError) -> str:
    if problem.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken: stop what listens there, or set PORT to another one."
    if problem.errno == errno.EACCES:
        return f"Port {port} needs more rights than we have: set PORT to one above 1023."
    return f"HOST is no address of this machine: {host} ({problem.strerror})."
