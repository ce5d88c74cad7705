"""Pages that are recognised by their digest, and listings that another thread reads."""

from queue import Queue
from threading import Thread

import pytest
from django.utils import timezone

from replicas_app.vbr import rows
from replicas_app.vbr.answers import Answer
from replicas_app.vbr.records import PointRecord, ReplicaRecord
from replicas_app.vbr.records.fields import LONGEST_WORD
from replicas_app.vbr.rows import rows_of
from replicas_app.vbr.times import Clock
from tests.vbr.conftest import logins, records

POINTS = "^/api/v1/replicaPoints$"


def answer_of(body: bytes) -> Answer:
    return Answer(200, {}, body, timezone.now(), 0.1)


def digests(pages) -> list[bytes]:
    return [page.digest for page in pages]


def test_the_same_rows_have_the_same_digest_and_others_another_one(client, simulator):
    before = digests(client.points(page_size=10))
    simulator.world.points[15]["malwareStatus"] = "Suspicious"

    after = digests(client.points(page_size=10))

    assert [one == other for one, other in zip(before, after, strict=True)].count(False) == 1
    assert {len(digest) for digest in before} == {16}
    assert len(set(before)) == len(before)


def test_a_new_row_behind_a_page_does_not_change_its_digest(client, simulator):
    first, *_ = digests(client.points(page_size=10, order="Name"))
    newest = simulator.world.points[0] | {"id": "00000000-0000-4000-8000-00000000beef", "name": "zzz"}
    simulator.world.points.append(newest)

    page, *_ = client.points(page_size=10, order="Name")

    assert page.digest == first
    assert page.total == len(simulator.world.points)


@pytest.mark.parametrize(
    "body",
    [
        '{"data":[{"name":"pagination"}]}',
        '{"data":[{"name":"a","pagination":{}}]}',
        '{"pagination":{"total":7},"data":[{"name":"a"}]}',
        '{"data":[{"pagination":{"total":7}}],"b":"pagination"}',
        '{"data":[{"name":"a"}],"pagination":{"total":7},"more":[]}',
        '{"data":[{"name":"a"}],"pagination":{"total":"7"}}',
        '{"data":[{"name":"a\x01"}],"pagination":{"total":7}}',
    ],
)
def test_whatever_stands_beside_the_rows_other_rows_have_another_digest(body):
    other = body.replace('"a', '"b').replace('"name":"pagination"', '"name":"x"').replace('[{"pagination"', '[{"other"')

    one, two = (rows_of(answer_of(text.encode())).digest for text in (body, other))

    assert one != two


@pytest.mark.parametrize("place", ['{"data":ROWS,"pagination":{"total":T}}', '{"pagination":{"total":T},"data":ROWS}'])
def test_the_total_is_not_part_of_the_digest_wherever_it_stands(place):
    bodies = (place.replace("ROWS", '[{"name":"a"}, {}]').replace("T", total).encode() for total in ("7", "8"))

    one, two = map(rows_of, map(answer_of, bodies))

    assert one.digest == two.digest
    assert (one.total, two.total) == (7, 8)


def test_of_a_page_that_is_known_no_record_is_made(client, simulator):
    simulator.faults.add({"path": POINTS, "action": "remove", "key": "name", "index": 3})
    [first, *others] = client.points(page_size=10)

    [known, *made] = client.points(page_size=10, known=lambda skip, digest: (skip, digest) == (0, first.digest))

    assert (known.records, known.broken, known.naive_times, known.is_known) == ([], [], 0, True)
    assert (known.received, known.total, known.skip, known.digest) == (10, first.total, 0, first.digest)
    assert made == others
    assert len(first.broken) == 1


def test_replicas_and_the_points_of_one_are_recognised_too(client):
    [replicas] = client.replicas(known=lambda *_: True)
    [replica, *_] = records(client.replicas())
    [points] = client.replica_points(replica.id, known=lambda *_: True)

    assert [page.is_known for page in (replicas, points)] == [True, True]


def test_a_listing_that_is_known_throughout_ends_all_the_same(client, simulator):
    pages = list(client.points(page_size=10, known=lambda *_: True))

    assert sum(page.received for page in pages) == len(simulator.world.points)


@pytest.mark.parametrize("status", [None, "Infected", "Clean"])
def test_points_are_counted_by_a_listing_of_one_row(client, simulator, status):
    simulator.world.points[3]["malwareStatus"] = "Infected"

    count = client.count_points(malware_status=status)

    assert count == sum(status in (None, point.get("malwareStatus")) for point in simulator.world.points)
    assert simulator.requests[-1].query["limit"] == ["1"]


def test_points_since_a_time_are_counted(client):
    times = sorted(point.created_at for point in records(client.points()))

    assert client.count_points(created_after=times[-3]) == 3


def test_a_server_that_tells_no_total_tells_no_count(client, simulator):
    simulator.faults.add({"path": POINTS, "action": "remove", "at": "pagination"})

    assert client.count_points() is None


def test_a_listing_can_be_read_by_another_thread_than_the_one_that_asked_for_it(client, simulator):
    everything = records(client.points())
    simulator.accounts.end_all()
    pages, queue = client.points(page_size=10), Queue()
    reader = Thread(target=lambda: [queue.put(page) for page in pages])

    reader.start()
    reader.join(timeout=20)

    assert records(queue.get() for _ in range(queue.qsize())) == everything
    assert logins(simulator) == 2


def test_how_records_are_read_is_part_of_the_digest():
    """Who changes what comes out here gives `rows.FORMAT` another value: else pages that were stored as they were
    read before would pass as known."""
    point = {"id": "{D27BFFC9-4C4D-47F2-B0A7-738E4532BAA4}", "name": " a\tb ", "platformName": "VMware",
             "replicaId": "d27bffc9-4c4d-47f2-b0a7-738e4532baa5", "creationTime": "2025-03-04T05:06:07.1234567+02:00",
             "allowedOperations": ["Fly"], "state": None}  # fmt: skip
    replica = {"id": point["replicaId"], "name": "n", "type": "CDP", "jobId": "j", "policyUniqueId": None}

    read = [str(PointRecord.from_json(point, Clock())), str(ReplicaRecord.from_json(replica, Clock()))]

    assert (rows.FORMAT, LONGEST_WORD, read) == (b"records 2", 500, [
        "PointRecord(id='d27bffc9-4c4d-47f2-b0a7-738e4532baa4', name=' a\\tb ', "
        "replica_id='d27bffc9-4c4d-47f2-b0a7-738e4532baa5', "
        "created_at=datetime.datetime(2025, 3, 4, 3, 6, 7, 123456, tzinfo=datetime.timezone.utc), platform='VMware', "
        "platform_id='', state='', malware_status='', allowed_operations=('Fly',))",
        "ReplicaRecord(id='d27bffc9-4c4d-47f2-b0a7-738e4532baa5', name='n', type='CDP', job_id='j', policy_id='', "
        "platform='', platform_id='', state='', created_at=None)",
    ])  # fmt: skip
