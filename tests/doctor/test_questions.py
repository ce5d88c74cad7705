"""What single questions find: ports, the right to rescan, clock, page, pace, licence."""

import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from replicas_app import doctor
from replicas_app.doctor import figures
from replicas_app.doctor.examination import Measure, OnePage
from replicas_app.simulator import Simulator
from replicas_app.vbr import Rejected, Unavailable
from tests.doctor.conftest import REPLICAS, TOKEN, failed, step
from tests.factories import make_server_of

POINTS = "^/api/v1/replicaPoints$"
EDITION = {"errorCode": "AccessDenied", "message": "This functionality is not supported by your product edition."}
LICENCE = {"errorCode": "AccessDenied", "message": "The license does not allow the REST API."}


def test_both_ports_of_backup_servers_are_tried_and_told(server, monkeypatch):
    with closing(socket.socket()) as opened, closing(socket.socket()) as unused:
        for door in (opened, unused):
            door.bind(("127.0.0.1", 0))
        opened.listen()
        ports = opened.getsockname()[1], unused.getsockname()[1]
        monkeypatch.setattr("replicas_app.doctor.network.REST_PORTS", ports)

        told = step(doctor.examine(server), "port")

    assert told.status == "ok"
    assert told.detail.endswith(f"{ports[0]} open, {ports[1]} closed")


@pytest.mark.parametrize(
    ("role", "versions", "status"),
    [
        ("administrator", ["1.3-rev2"], "ok"),
        ("restore operator", ["1.3-rev1"], "ok"),
        ("restore operator", ["1.3-rev2"], "unknown"),
        ("custom", ["1.3-rev2"], "unknown"),
        ("viewer", ["1.3-rev2"], "critical"),
    ],
)
def test_the_right_to_rescan_is_worked_out_from_what_may_be_read_and_never_tried(db, role, versions, status):
    with Simulator(replicas=2, vms=1, points=1, role=role, versions=versions) as simulator:
        report = doctor.examine(make_server_of(simulator))

        assert step(report, "rescan").status == status
        assert simulator.rescans.all() == []


def test_a_server_that_breaks_leaves_the_right_to_rescan_a_question(server, simulator):
    simulator.faults.add({"path": REPLICAS, "status": 500})

    assert step(doctor.examine(server), "rescan").status == "unknown"


@pytest.mark.parametrize(("minutes", "words"), [(10, "10 min 00 s ahead of"), (-10, "10 min 00 s behind")])
def test_clocks_that_differ_are_told_with_what_comes_of_it(db, minutes, words):
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    with Simulator(replicas=1, vms=1, points=1, now=now) as simulator:
        report = doctor.examine(make_server_of(simulator))

    assert step(report, "clock").status == "late"
    assert words in step(report, "clock").fix.replace("9 min 59 s", "10 min 00 s")
    assert "Ages and targets are reckoned by the server's own clock" in step(report, "clock").fix


@pytest.fixture(scope="module")
def large():
    """A server with 12,000 restore points."""
    with Simulator(replicas=30, vms=1, points=12_000) as simulator:
        yield simulator


@pytest.fixture
def large_server(db, large):
    yield make_server_of(large)
    large.faults.clear()
    large.manners.max_limit = None


@pytest.mark.parametrize(("cap", "detail"), [(None, "10,000, as asked for"), (500, "500 where 10,000 were asked for")])
def test_the_largest_page_is_what_came_of_ten_thousand_points(large_server, large, cap, detail):
    large.manners.max_limit = cap

    assert step(doctor.examine(large_server), "page").detail == detail


def test_a_server_with_fewer_points_gives_all_of_them_at_once(server, simulator):
    held = len(simulator.world.points)

    assert step(doctor.examine(server), "page").detail == f"all {held} that there are, at once"


def test_a_server_without_points_leaves_page_and_pace_open(server, simulator):
    simulator.world.points = []

    report = doctor.examine(server)

    assert step(report, "page").detail == "no restore point to ask for"
    assert step(report, "pace").detail == "no restore point to measure with"
    assert report.passed


def test_a_slow_server_is_not_asked_for_more_than_it_can_give_in_time(large_server, large):
    large.faults.add({"path": POINTS, "query": r"limit=1000(\D|$)", "action": "delay", "seconds": 1.6})
    before = len(large.requests)

    report = doctor.examine(large_server)

    assert (step(report, "page").status, step(report, "page").detail) == ("unknown", "not asked")
    assert not [request for request in large.requests[before:] if "10000" in str(request.query.get("limit"))]
    assert step(report, "pace").detail.startswith("1.")


def test_a_page_that_did_not_come_in_time_is_not_asked_for_in_smaller_ones_too():
    with pytest.raises(Unavailable):
        OnePage(10_000).smaller(10_000, Unavailable("timeout"))

    assert OnePage(10_000).smaller(10_000, Rejected("rejected", status=400)) == 5_000


def test_a_server_that_refuses_large_pages_is_read_in_smaller_ones(large_server, large):
    large.faults.add({"path": POINTS, "query": "limit=10000", "status": 500})

    report = doctor.examine(large_server)

    assert report.passed
    assert (step(report, "page").status, step(report, "page").detail) == ("late", "smaller ones only")


def test_the_pace_of_a_server_says_how_long_a_full_sweep_takes(large_server, large):
    held = len(large.world.points)

    assert f" s; a full sweep of {held:,} points takes about " in step(doctor.examine(large_server), "pace").detail


def test_the_pace_of_a_server_without_a_list_of_all_points_is_that_of_one_replica(db):
    with Simulator(replicas=3, vms=1, points=50, bulk_points=False) as simulator:
        report = doctor.examine(make_server_of(simulator))

    assert "for one replica; a full sweep takes about a second" in step(report, "pace").detail
    assert step(report, "page").status == "unknown"


@pytest.mark.parametrize(
    ("measure", "status", "detail"),
    [
        (Measure(1000, 1.2, 150_000), "ok", "1.2 s; a full sweep of 150,000 points takes about 3 min"),
        (Measure(500, 0.1, 500), "ok", "0.20 s; a full sweep of 500 points takes about a second"),
        (Measure(1000, 8.2, 150_000), "late", "8.2 s; a full sweep of 150,000 points takes about 20 min"),
        (Measure(40, 0.01, None, replicas=40_000), "ok", "0.01 s for one replica; a full sweep takes about 7 min"),
        (Measure(6, 0.01, 6), "ok", "too few to tell: all 6 in 0.01 s"),
        (Measure(0, 0.01, 0), "unknown", "no restore point to measure with"),
    ],
)
def test_a_measure_becomes_words(measure, status, detail):
    told = figures.pace(measure)

    assert (told.status, told.detail) == (status, detail)


@pytest.mark.parametrize("words", [EDITION, LICENCE])
@pytest.mark.parametrize(("path", "key"), [(TOKEN, "login"), (POINTS, "points")])
def test_what_is_refused_for_licence_or_edition_is_told_as_that(server, simulator, words, path, key):
    simulator.faults.add({"path": path, "action": "status", "status": 403, "body": words})

    report = doctor.examine(server)

    assert failed(report) == [(key, "licence"), ("licence", "licence")]
    assert words["message"].removesuffix(".") in step(report, "licence").fix
