"""After the kills: what the dashboard holds against what the backup servers have, and what was left lying about."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, LiteralString, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from redis import Redis

from tests.soak.house import Eyes, House
from tests.soak.kills import Tally
from tests.stack.running import Dashboard

T = TypeVar("T")
Facts = dict[str, tuple]
"""What is known of a thing, by its id."""
MUST_BE_NONE = (
    "rows_missing",
    "rows_invented",
    "rows_different",
    "rows_without_their_own",
    "sums_wrong",
    "removals_taken_back",
    "last_reads_not_whole",
    "rescans_started_twice",
    "rescans_unfinished",
    "syncs_unfinished",
    "messages_left",
    "locks_held",
    "transactions_open",
    "not_ready",
)
MUST_BE_NONE_IN_A_LONG_RUN = ("kills_missing", "phases_missed")
QUEUES = ("celery", "rescans")
LEAST_KILLS = 50
LASTING_SECONDS = 20
"""What is there that long without a change lies about; a message, a lock or a read of a moment does not."""
LOOK_SECONDS = 0.2
LATEST = timedelta(minutes=2)
"""After the moment at which a rescan was about to be asked for, in which its session must have begun."""


@dataclass
class Verdict:
    """The figures by name; `examples` has some of the things that were counted, for whoever looks into it."""

    figures: dict[str, Any] = field(default_factory=dict)
    examples: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return not any(self.figures.get(name) for name in MUST_BE_NONE + MUST_BE_NONE_IN_A_LONG_RUN)

    def count(self, name: str, found: Iterable[Any]) -> None:
        found = list(found)
        self.figures[name] = self.figures.get(name, 0) + len(found)
        if found:
            self.examples.setdefault(name, []).extend(map(str, found[:5]))


def judge(house: House) -> Verdict:
    """With the world frozen and read for the last time."""
    verdict, eyes = Verdict(), Eyes(house.dashboard)
    for name, simulated in house.worlds.items():
        world = simulated.world()
        _compare(verdict, replicas_of_world(world), replicas_of_ours(eyes, name))
        _compare(verdict, points_of_world(world), points_of_ours(eyes, name))
        verdict.count("rescans_started_twice", started_twice(eyes, name, simulated.sessions()))
    for name, statement in LEFT.items():
        verdict.count(name, lasting(lambda: eyes.rows(statement)))  # noqa: B023
    verdict.count("messages_left", lasting(lambda: messages(house.dashboard)))
    verdict.count("not_ready", why_not_ready(house.dashboard))
    for name, statement in TALLIES.items():
        verdict.figures[name] = dict(Counter(dict(eyes.rows(statement))))
    eyes.close()
    return verdict


def judge_kills(verdict: Verdict, tally: Tally) -> None:
    """Of a run of full length: one that killed too little has shown too little."""
    verdict.figures["kills_missing"] = max(0, LEAST_KILLS - tally.kills.total())
    verdict.count("phases_missed", [phase for phase, kills in tally.by_phase.items() if not kills])


def _compare(verdict: Verdict, theirs: Facts, ours: Facts) -> None:
    verdict.count("rows_missing", theirs.keys() - ours.keys())
    verdict.count("rows_invented", ours.keys() - theirs.keys())
    both = theirs.keys() & ours.keys()
    verdict.count("rows_different", ((id, theirs[id], ours[id]) for id in both if theirs[id] != ours[id]))


def replicas_of_world(world: dict[str, list[dict]]) -> Facts:
    return {one["id"]: (one["name"], one.get("state", ""), one.get("policyUniqueId", "")) for one in world["replicas"]}


def replicas_of_ours(eyes: Eyes, server: str) -> Facts:
    found = eyes.rows(
        "SELECT r.uuid::text, r.name, r.state, r.policy_id FROM replica r JOIN backup_server s ON s.id = r.server_id"
        " WHERE s.name = %s AND r.removed_at IS NULL",
        server,
    )
    return {id: tuple(facts) for id, *facts in found}


def points_of_world(world: dict[str, list[dict]]) -> Facts:
    return {
        point["id"]: (
            point["replicaId"],
            point["name"],
            datetime.fromisoformat(point["creationTime"]),
            point.get("state", ""),
            point.get("malwareStatus", ""),
            point["allowedOperations"],
        )
        for point in world["points"]
    }


def points_of_ours(eyes: Eyes, server: str) -> Facts:
    found = eyes.rows(
        "SELECT p.uuid::text, r.uuid::text, v.name, p.created_at, p.state, p.malware, p.operations"
        " FROM restore_point p JOIN backup_server s ON s.id = p.server_id"
        " JOIN replica r ON r.id = p.replica_id JOIN replica_vm v ON v.id = p.vm_id"
        " WHERE s.name = %s AND p.removed_at IS NULL",
        server,
    )
    return {id: tuple(facts) for id, *facts in found}


def started_twice(eyes: Eyes, server: str, sessions: list[dict[str, Any]]) -> list[str]:
    """Sessions on the server that no rescan of ours accounts for.

    One accounts for the session that it followed; one that never learned of a session accounts for one of the same
    replicas that began when it asked.
    """
    followed, lost = set(), []
    for session_id, asked_at, replicas in eyes.rows(ASKED_FOR, server):
        if session_id:
            followed.add(session_id)
        else:
            lost.append((asked_at, set(replicas)))
    unknown = []
    for session in sorted(sessions, key=lambda session: session["started"]):
        if session["id"] not in followed and not _takes_out(lost, _asked_by(session)):
            unknown.append(session["id"])
    return unknown


def _asked_by(session: dict[str, Any]) -> Callable[[tuple], bool]:
    started, replicas = datetime.fromisoformat(session["started"]), set(session["replicas"])
    return lambda one: one[1] == replicas and one[0] - timedelta(seconds=5) <= started <= one[0] + LATEST


def _takes_out(things: list[tuple], fits: Callable[[tuple], bool]) -> bool:
    """Whether one of them fits; that one is taken out."""
    for one in things:
        if fits(one):
            things.remove(one)
            return True
    return False


def lasting(look: Callable[[], Iterable[T]]) -> set[T]:
    """Of what is there now, all that is still there at each look for a while."""
    left, ends = set(look()), time.monotonic() + LASTING_SECONDS
    while left and time.monotonic() < ends:
        time.sleep(LOOK_SECONDS)
        left &= set(look())
    return left


def messages(dashboard: Dashboard) -> list[bytes]:
    """What lies in the queues and was taken by nobody."""
    address = urlsplit(dashboard.addresses["CELERY_BROKER_URL"])
    number = parse_qs(address.query).get("virtual_host", ["0"])[0]
    with Redis(unix_socket_path=unquote(address.path), db=int(number)) as queue:
        return [message for name in QUEUES for message in queue.lrange(name, 0, -1)]


def why_not_ready(dashboard: Dashboard) -> list[str]:
    """What the dashboard itself says is wrong with it: a part that is gone and did not come back."""
    status, words = dashboard.get("/readyz")
    return [] if status == 200 else [words]


ASKED_FOR: LiteralString = """
SELECT a.session_id::text, a.asked_at, array_agg(r.uuid::text)
FROM rescan a JOIN backup_server s ON s.id = a.server_id
JOIN rescan_replica m ON m.rescan_id = a.id JOIN replica r ON r.id = m.replica_id
WHERE s.name = %s AND a.asked_at IS NOT NULL
GROUP BY a.id
"""

LEFT: dict[str, LiteralString] = {
    "rescans_unfinished": "SELECT id, state, error FROM rescan WHERE state IN ('queued', 'asking', 'running')",
    "syncs_unfinished": "SELECT id, state, step FROM sync_run WHERE state IN ('queued', 'running')",
    "last_reads_not_whole": """
        SELECT s.name, newest.state, newest.error
        FROM backup_server s JOIN LATERAL (
            SELECT state, error FROM sync_run r
            WHERE r.server_id = s.id AND r.ended_at IS NOT NULL ORDER BY r.id DESC LIMIT 1
        ) AS newest ON newest.state <> 'succeeded'
    """,
    "locks_held": """
        SELECT pid, classid, objid FROM pg_locks WHERE locktype = 'advisory'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """,
    "transactions_open": """
        SELECT pid, xact_start, query FROM pg_stat_activity
        WHERE state LIKE 'idle in transaction%%' AND datname = current_database()
    """,
    "sums_wrong": """
        SELECT 'vm', v.id, v.point_count, count(p.id)
        FROM replica_vm v LEFT JOIN restore_point p ON p.vm_id = v.id AND p.removed_at IS NULL
        GROUP BY v.id
        HAVING (v.point_count, v.oldest_point_at, v.newest_point_at)
            IS DISTINCT FROM (count(p.id), min(p.created_at), max(p.created_at))
        UNION ALL
        SELECT 'replica', r.id, r.point_count, count(p.id)
        FROM replica r LEFT JOIN restore_point p ON p.replica_id = r.id AND p.removed_at IS NULL
        GROUP BY r.id
        HAVING (r.point_count, r.vm_count, r.oldest_point_at, r.newest_point_at)
            IS DISTINCT FROM (count(p.id), count(DISTINCT p.vm_id), min(p.created_at), max(p.created_at))
    """,
    "rows_without_their_own": """
        SELECT 'point', p.id FROM restore_point p
        LEFT JOIN replica_vm v ON (v.id, v.replica_id, v.server_id) = (p.vm_id, p.replica_id, p.server_id)
        WHERE v.id IS NULL
        UNION ALL
        SELECT 'vm', v.id FROM replica_vm v
        LEFT JOIN replica r ON (r.id, r.server_id) = (v.replica_id, v.server_id)
        WHERE r.id IS NULL
        UNION ALL
        SELECT 'event', e.id FROM event e
        LEFT JOIN replica r ON (r.id, r.server_id) = (e.replica_id, e.server_id)
        LEFT JOIN replica_vm v ON (v.id, v.replica_id) = (e.vm_id, e.replica_id)
        LEFT JOIN restore_point p ON (p.id, p.vm_id) = (e.point_id, e.vm_id)
        WHERE r.id IS NULL OR (e.vm_id IS NOT NULL AND v.id IS NULL) OR (e.point_id IS NOT NULL AND p.id IS NULL)
    """,
    "removals_taken_back": """
        SELECT replica_id, vm_id, point_id, at, old FROM event WHERE kind = 'reappeared'
    """,
}

TALLIES: dict[str, LiteralString] = {
    "rescans": "SELECT state, count(*) FROM rescan GROUP BY state",
    "syncs": "SELECT state, count(*) FROM sync_run GROUP BY state",
}
