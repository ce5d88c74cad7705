"""Case: whole lists as CSV."""

import time
from collections.abc import Iterator
from statistics import median
from typing import LiteralString

from django.db import connection

from tests.bench.bench import Bench
from tests.bench.inventory import loaded
from tests.bench.results import Result
from tests.bench.web import Web, web

RUNS = 3
BLOCK_BYTES = 1 << 16
LISTS = {"replicas": "/replicas/", "restore points": "/restore-points/"}
BARE: dict[str, LiteralString] = {
    "replicas": """
        SELECT r.name, r.state, r.worst_malware, r.vm_count, r.point_count, r.newest_point_at, s.name, r.created_at,
               r.type, r.platform, r.job_id, r.policy_id, r.platform_id, r.uuid, r.removed_at
        FROM replica r JOIN backup_server s ON s.id = r.server_id
        WHERE r.removed_at IS NULL ORDER BY r.sort_key, r.id
    """,
    "restore points": """
        SELECT v.name, p.created_at, p.malware, p.state, r.name, s.name, p.platform, p.platform_id, p.operations,
               p.uuid, r.uuid, p.removed_at
        FROM restore_point p JOIN replica_vm v ON v.id = p.vm_id JOIN replica r ON r.id = p.replica_id
        JOIN backup_server s ON s.id = p.server_id
        WHERE p.removed_at IS NULL ORDER BY p.created_at DESC, p.id DESC
    """,
}
"""The same rows and columns in the same order, as they are stored."""


def export(bench: Bench) -> Iterator[Result]:
    loaded(bench)
    with web() as server:
        _exported(server, "/rescans/")
        before = server.peak_megabytes()
        for name, path in LISTS.items():
            yield from _measured(bench, server, name, path)
        after = server.peak_megabytes()
    bench.say(f"peak memory of a web process: {before:.1f} MB before, {after:.1f} MB after")
    yield Result("CSV export: memory above a list without rows", after - before, 10, unit="MB")


def _measured(bench: Bench, server: Web, name: str, path: str) -> Iterator[Result]:
    ours, floor, firsts = [], [], []
    for _ in range(RUNS):
        first, seconds, rows = _exported(server, path)
        ours.append(seconds)
        firsts.append(first)
        floor.append(_copied(BARE[name]))
        bench.say(f"ours {seconds:.2f} s, first byte {first * 1000:.0f} ms, {rows:,} rows; bare COPY {floor[-1]:.2f} s")
    yield Result(f"CSV export of {rows:,} {name}", median(ours), 2, floor=median(floor))
    yield Result(f"CSV export of {rows:,} {name}: first byte", median(firsts), 0.3)


def _exported(server: Web, path: str) -> tuple[float, float, int]:
    """Seconds to the first byte and to the last, and how many rows came."""
    began, first, lines = time.perf_counter(), 0.0, 0
    with server.browser.get(server.url + path, params={"export": "csv"}, stream=True) as answer:
        answer.raise_for_status()
        if not answer.headers["Content-Type"].startswith("text/csv"):
            raise SystemExit(f"{path} gave no CSV, but {answer.headers['Content-Type']}")
        for block in answer.iter_content(BLOCK_BYTES):
            first = first or time.perf_counter() - began
            lines += block.count(b"\n")
    return first, time.perf_counter() - began, lines - 1


def _copied(query: LiteralString) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy:
        for _ in copy:
            pass
    return time.perf_counter() - began
