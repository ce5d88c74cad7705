"""The parts of the stack, one by one, as the supervisor wants them."""

import http.client
import signal
import socket
from pathlib import Path

from dashboard.stack.child import Part
from dashboard.stack.door import reachable
from dashboard.stack.ours import python
from dashboard.stack.postgres import Postgres
from dashboard.stack.valkey import Valkey

RESCAN_PROCESSES = "2"
WEB_WORKERS = "2"
WEB_THREADS = "4"
WEB_GRACE_SECONDS = "4"
LONGEST_ADDRESS = "8190"
"""Bytes of a request's first line: the most that gunicorn counts. Of itself it refuses half of that."""
ANSWER_SECONDS = 5
READY_OR_NOT = (200, 503)
POSTGRES_READY = "database system is ready to accept connections"
"""Its last word at a start, a moment after it is true."""
CELERY = ("-m", "celery", "-A", "dashboard", "-q", "--skip-checks")
ALONE = ("--without-gossip", "--without-mingle", "--without-heartbeat")
"""Our workers have nothing to say to each other: what they do stands in rows."""
KNOWN = "ignore:You're running the worker with superuser privileges"


def postgres(server: Postgres) -> Part:
    return Part(
        "postgres",
        server.command(),
        lambda pid, said: server.is_ready(pid) and POSTGRES_READY in said,
        stop_signal=signal.SIGINT,
        may_be_killed=False,
    )


def valkey(server: Valkey) -> Part:
    return Part("valkey", server.command(), lambda pid, said: server.is_ready(), mend=server.mend)


def worker(data: Path) -> Part:
    """Reads and tests servers, for minutes at a time: it takes no step of a rescan, which would wait behind that."""
    return _worker(data, "worker", "celery")


def rescans(data: Path) -> Part:
    """Takes the steps of rescans, which are short and which people wait for."""
    return _worker(data, "rescans", "rescans", "--concurrency", RESCAN_PROCESSES, "--hostname", "rescans@%h")


def _worker(data: Path, name: str, queue: str, *options: str) -> Part:
    """As root it would warn at every start that it is root, which whoever started it knows."""
    return Part(name, python(data, *CELERY, "worker", *ALONE, "--queues", queue, *options, PYTHONWARNINGS=KNOWN))


def beat(data: Path) -> Part:
    return Part("beat", python(data, *CELERY, "beat"))


def web(data: Path, door: socket.socket) -> Part:
    """On a socket that the launcher holds open, so that callers wait while the web is started again."""
    arguments = ["-m", "gunicorn", "dashboard.wsgi", "--bind", f"fd://{door.fileno()}", "--worker-class", "gthread"]
    arguments += ["--workers", WEB_WORKERS, "--threads", WEB_THREADS, "--graceful-timeout", WEB_GRACE_SECONDS]
    arguments += ["--preload", "--forwarded-allow-ips", "", "--no-control-socket", "--log-level", "warning"]
    arguments += ["--limit-request-line", LONGEST_ADDRESS]
    return Part("web", python(data, *arguments, pass_fds=(door.fileno(),)), lambda pid, said: bool(readiness(door)))


def readiness(door: socket.socket) -> bytes:
    """What the web says at /readyz, ready or not; nothing while it does not answer."""
    connection = http.client.HTTPConnection(*reachable(door), timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.read() if answer.status in READY_OR_NOT else b""
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()
