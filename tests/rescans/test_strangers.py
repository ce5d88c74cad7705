"""C04: a backup server runs resynchronisations of its own every quarter of an hour; none of them is taken for ours."""

import time

import pytest
from django.test import Client

from replicas_app import rescans
from replicas_app.choices import RescanState
from replicas_app.models import Rescan
from replicas_app.rescans import look, steps
from replicas_app.simulator import Simulator
from tests.factories import make_person
from tests.pages.reading import read
from tests.rescans.driving import posts, step, to_the_end
from tests.rescans.test_lost_answers import NEVER_ARRIVES, a_session, list_only

LISTED = "^/api/v1/sessions$"
WITHOUT_INITIATOR = {"path": LISTED, "action": "remove", "key": "initiatedBy"}


@pytest.fixture(autouse=True)
def few_looks(monkeypatch):
    monkeypatch.setattr(steps, "LOOKS", 3)


@pytest.fixture(params=["1.3-rev2", "1.2-rev1"])
def simulator(request):
    """In the time zone in which the captured server stood."""
    options = {"versions": [request.param], "utc_offset": "-07:00"}
    with Simulator(replicas=2, vms=1, points=2, seed=7, still=True, rescan_seconds=60, **options) as simulator:
        yield simulator


@pytest.fixture
def rescan(replicas, simulator) -> Rescan:
    """A rescan whose request never reached the server."""
    simulator.faults.add(NEVER_ARRIVES)
    return rescans.start(None, replicas[:1]).started[0]


@pytest.mark.parametrize(
    ("strangers", "has_initiator", "words"),
    [
        (1, True, "None of its sessions can be ours, so it most likely did not start."),
        (2, True, "None of its sessions can be ours, so it most likely did not start."),
        (1, False, "is probably ours, but the server does not say who started it."),
        (2, False, "2 of its sessions could be ours, and nothing tells which."),
    ],
)
def test_what_the_server_does_by_itself_never_becomes_the_rescans_end(
    simulator, rescan, strangers, has_initiator, words
):
    list_only(simulator, *(a_session(number) for number in range(1, strangers + 1)), total=strangers)
    if not has_initiator:
        simulator.faults.add(WITHOUT_INITIATOR)

    to_the_end(rescan, simulator, seconds=0)

    assert (rescan.state, rescan.session_id, rescan.progress) == (RescanState.UNKNOWN, None, None)
    assert (rescan.result, rescan.message, rescan.log) == ("", "", [])
    assert rescan.error.endswith(words)
    assert posts(simulator) == 1


def test_the_page_of_such_a_rescan_sends_people_to_the_server_and_lets_them_start_again(simulator, rescan):
    list_only(simulator, a_session(), total=1)
    to_the_end(rescan, simulator, seconds=0)
    client = Client()
    client.force_login(make_person(role="operator"))

    page = read(client, rescan.get_absolute_url())

    assert page.text("#state") == "Whether it started is not known"
    assert "Look in the console of the backup server" in page.text(".notice")
    assert "aria-disabled" not in page.all("#again")[0]
    assert rescans.start(None, rescan.replicas.all()).started != []


def test_the_server_narrows_its_list_by_type_and_time_and_not_all_of_40000_is_read(simulator, rescan):
    for page in range(1, 8):
        sessions = [a_session(page * 1000 + place, initiatedBy="svc") for place in range(200)]
        list_only(simulator, *sessions, total=40_000, when=page)

    step(rescan)
    step(rescan)

    looks = [request for request in simulator.requests if request.path == "/api/v1/sessions"]
    assert len(looks) == look.PAGES_LOOKED_AT + 1
    assert {request.query["typeFilter"][0] for request in looks} == {look.RESYNCHRONISATION}
    assert all({"createdAfterFilter", "createdBeforeFilter"} <= request.query.keys() for request in looks)
    assert (rescan.state, rescan.session_id) == (RescanState.ASKING, None)


def test_a_list_that_comes_slowly_is_not_read_to_its_end(simulator, rescan, monkeypatch):
    monkeypatch.setattr(look, "SECONDS_LOOKED", 0.2)
    for page in range(1, 8):
        list_only(simulator, a_session(page, initiatedBy="svc"), total=40_000, when=page)
    simulator.faults.add({"path": LISTED, "action": "delay", "seconds": 0.3})
    step(rescan)
    began = time.monotonic()

    step(rescan)

    assert sum(request.path == "/api/v1/sessions" for request in simulator.requests) == 2
    assert time.monotonic() - began < 10
    assert (rescan.state, rescan.session_id) == (RescanState.ASKING, None)
