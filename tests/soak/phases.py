"""What the dashboard is in the middle of, as its database tells: phases of syncs and rescans that kills have to hit."""

from typing import LiteralString

from tests.soak.house import Eyes

IDLE = "idle"
UNKNOWN = "database away"
WITHOUT_A_SERVER = ("writing", "settling", IDLE)
PHASES = ("reading", "rescanning", "polling", *WITHOUT_A_SERVER)
"""Of a sync: it reads a server, and writes what it read. Of a rescan: the server is asked for it, it is followed, and
what it changed is found out. Idle: nobody is at work on any of these."""

NOW: LiteralString = """
WITH held AS (
    SELECT classid::int AS space, objid::bigint AS key FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
SELECT CASE WHEN r.step = 'Writing' THEN 'writing' ELSE 'reading' END
FROM sync_run r JOIN held ON held.space = 7301 AND held.key = r.server_id WHERE r.state = 'running'
UNION
SELECT CASE r.state WHEN 'asking' THEN 'rescanning' WHEN 'running' THEN 'polling' ELSE 'settling' END
FROM rescan r JOIN held ON held.space = 7302 AND held.key = r.id WHERE r.state <> 'queued'
"""
"""Who works at a server or at a rescan holds its lock (`replicas_app.locks.Space`): what has no lock only waits."""


def going_on(eyes: Eyes) -> frozenset[str]:
    """All phases in which somebody is right now; `UNKNOWN` alone while the database is away."""
    found = eyes.rows(NOW)
    if found is None:
        return frozenset({UNKNOWN})
    return frozenset(phase for (phase,) in found) or frozenset({IDLE})
