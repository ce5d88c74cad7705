"""A file on its way: whole, or visibly broken off, and never longer in the making than somebody waits for it."""

import csv
import http.client
import json
import tracemalloc
from io import StringIO

import pytest
from django.http import QueryDict

from replicas_app.exports import FORMATS, REPLICAS, Stream
from replicas_app.filters import ReplicaFilters
from replicas_app.models import BackupServer, Replica
from tests.exports.conftest import MANY
from tests.exports.web import connections, copies, kill_copies
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
SOME = 100_000


def test_a_whole_file_comes_in_pieces_and_has_every_row(web_server, many):
    answer = web_server.get("/replicas/?export=csv&per_page=25")

    rows = list(csv.DictReader(StringIO(answer.read().decode("utf-8-sig"))))

    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert len(rows) == MANY
    assert [row["name"].strip("x") for row in rows[:3]] == ["1", "2", "3"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_database_that_dies_in_the_middle_breaks_the_transfer_off(web_server, many, format):
    answer = web_server.get(f"/replicas/?export={format}")
    began = answer.read(SOME)

    kill_copies()

    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()
    assert answer.status == 200
    assert len(began) == SOME


def test_the_query_ends_when_nobody_takes_the_file_any_more(web_server, many):
    answer = web_server.get("/replicas/?export=csv")
    answer.read(SOME)
    assert copies() == 1

    answer.close()

    wait_until(lambda: copies() == 0)


def test_other_pages_are_answered_while_somebody_takes_a_file_slowly(web_server, many):
    answer = web_server.get("/replicas/?export=csv")
    answer.read(SOME)

    assert web_server.get("/replicas/?q=nothing&export=json").read() == b"[]\n"
    answer.close()


def test_who_cannot_be_told_of_a_break_gets_the_length_with_the_file(web_server, many):
    answer = web_server.get("/replicas/?export=json", protocol="HTTP/1.0")

    body = answer.read()

    assert int(answer.headers["Content-Length"]) == len(body)
    assert len(json.loads(body)) == MANY


def test_a_long_file_takes_no_more_memory_than_a_few_blocks(many):
    filters = ReplicaFilters(QueryDict(), path="/replicas/", servers=BackupServer.objects.all())
    stream = Stream(filters.sorted(filters.apply(Replica.objects.all())), REPLICAS, FORMATS["csv"])
    tracemalloc.start()

    length = sum(map(len, stream))

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    stream.close()
    assert length > 15_000_000
    assert most < 1_000_000


def test_a_stream_that_nobody_began_to_read_leaves_no_connection(many):
    before = connections()
    stream = Stream(Replica.objects.order_by("pk"), REPLICAS, FORMATS["csv"])
    assert connections() == before + 1

    stream.close()

    wait_until(lambda: connections() == before)
