"""Files as somebody gets them who is signed in, and a list that is long enough to be cut off in the middle."""

import csv
import json
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.db import connection
from django.test import Client

from replicas_app.models import BackupServer
from tests.exports.web import Web, web
from tests.factories import make_person, make_server

MANY = 20_000
LONG_NAME_LETTERS = 900


@pytest.fixture
def client(transactional_db) -> Client:
    """Rows are committed: a file is read on a connection of its own."""
    client = Client()
    client.force_login(make_person())
    return client


@pytest.fixture
def download(client: Client) -> Callable[[str], bytes]:
    """The whole file at this address, which has to be given."""

    def download(address: str) -> bytes:
        response = client.get(address)
        assert response.status_code == 200
        return response.getvalue()

    return download


@pytest.fixture
def table(download) -> Callable[[str], list[dict[str, str]]]:
    """The rows of a CSV as Python's own reader reads them, by their heads."""

    def table(address: str) -> list[dict[str, str]]:
        return list(csv.DictReader(StringIO(download(address).decode("utf-8-sig"), newline="")))

    return table


@pytest.fixture
def objects(download) -> Callable[[str], list[dict[str, object]]]:
    return lambda address: json.loads(download(address))


@pytest.fixture
def many(transactional_db) -> BackupServer:
    """A server with so many replicas of such long names that no buffer on the way holds the file."""
    server = make_server("oslo")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO replica (server_id, uuid, type, name, sort_key, job_id, policy_id, platform, platform_id,"
            " state, search, first_seen_at, changed_at, vm_count, point_count)"
            " SELECT %s, gen_random_uuid(), 'Regular', repeat('x', %s) || n, lpad(n::text, 12, '0'), '', '', 'VMware',"
            " '', 'Ready', '', now(), now(), 0, 0 FROM generate_series(1, %s) AS n",
            [server.pk, LONG_NAME_LETTERS, MANY],
        )
    return server


@pytest.fixture
def web_server(transactional_db) -> Iterator[Web]:
    with web() as running:
        yield running
