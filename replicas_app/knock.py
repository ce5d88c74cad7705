"""One short try ahead of the rest, where a server gave no answer the last time: seconds of a worker, not minutes.

A server that hangs takes connections and says nothing. Each call to it would wait a minute, three times over; so before
a read or a step of a rescan asks anything in earnest, it knocks, and what is still dead is left at that.
"""

from replicas_app.connections import connect
from replicas_app.models import BackupServer
from replicas_app.vbr import Deadlines, Pace, Retries

SHORT = Deadlines(connect=5, read=10, total=10)
"""Of each call of a knock, in seconds. Nothing is repeated."""
PATIENT = Deadlines(connect=10, read=60, total=60)
"""For a knock now and then: the server may be slow, and not dead."""
NO_ANSWER = ("timeout", "refused", "unreachable", "dns", "reset", "between")
"""Causes after which a server is knocked at before it is asked again; the last one, where a proxy answers for it."""


def knock(server: BackupServer, deadlines: Deadlines = SHORT) -> None:
    """Raises VbrError where the server still gives no answer.

    The time alone is no proof: a server whose database hangs tells it as ever. So one replica is asked for, too.
    """
    with connect(server, deadlines=deadlines, retries=Retries(times=0)) as client:
        client.server_time()
        next(client.replicas(pace=Pace(1)))
