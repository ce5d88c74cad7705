"""What the work costs at least: the same pages fetched and parsed bare, the same rows by a bare COPY."""

import time
from collections.abc import Iterable, Sequence
from tempfile import TemporaryFile
from types import SimpleNamespace

import orjson
import requests
import urllib3
from django.db import connection
from psycopg.sql import SQL, Composed, Identifier

from tests.simulated import Asked

BLOCK_BYTES = 1 << 20
TOKEN = "/api/oauth2/token"
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)


def fetching(server: SimpleNamespace, asked: Iterable[Asked]) -> float:
    """Seconds that it takes to ask this again on one connection and to read the JSON of each answer."""
    if not (wanted := list(asked)):
        raise SystemExit("there is no floor: the sync asked for nothing of the kind")
    with requests.Session() as session:
        session.trust_env = session.verify = False
        version = {"x-api-version": wanted[0].api_version}
        form = {"grant_type": "password", "username": server.username, "password": server.password}
        token = session.post(server.url + TOKEN, data=form, headers=version).json()["access_token"]
        session.headers.update(version | {"Authorization": f"Bearer {token}"})
        began = time.perf_counter()
        for one in wanted:
            answer = session.get(server.url + one.path, params=one.query)
            answer.raise_for_status()
            orjson.loads(answer.content)
        return time.perf_counter() - began


def copying(tables: Sequence[str]) -> float:
    """Seconds that it takes to COPY the rows of these tables into empty ones with the same columns and indexes."""
    return sum(_copying(table) for table in tables)


def _copying(table: str) -> float:
    bare = f"bare_{table}"
    with connection.cursor() as cursor, TemporaryFile() as rows:
        with cursor.copy(_named("COPY {} TO STDOUT", table)) as copy:
            for block in copy:
                rows.write(block)
        rows.seek(0)
        cursor.execute(_named("CREATE TABLE {} (LIKE {} INCLUDING ALL)", bare, table))
        cursor.execute("CHECKPOINT")
        began = time.perf_counter()
        with cursor.copy(_named("COPY {} FROM STDIN", bare)) as copy:
            while block := rows.read(BLOCK_BYTES):
                copy.write(block)
        seconds = time.perf_counter() - began
        cursor.execute(_named("DROP TABLE {}", bare))
    return seconds


def _named(statement: str, *tables: str) -> Composed:
    return SQL(statement).format(*map(Identifier, tables))
