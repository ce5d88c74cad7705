"""How large the pages are that are asked for, and what is remembered of it."""

import pytest

from replicas_app.simulator import Simulator
from replicas_app.vbr import Deadlines, Pace, Rejected, Retries
from replicas_app.vbr import pace as pace_module
from tests.vbr.conftest import Waits, asked, client_of, records

POINTS = "^/api/v1/replicaPoints$"
REFUSAL = {"errorCode": "UnexpectedContent", "message": "The limit is too large."}


@pytest.fixture(scope="module")
def large():
    """25,000 points."""
    with Simulator(replicas=400, vms=2, points=25_000, seed=7, still=True) as simulator:
        yield simulator


@pytest.fixture
def connect(large, monkeypatch):
    """Makes clients to whom the server is fast, however busy this machine is."""
    monkeypatch.setattr(pace_module, "AIM_SECONDS", 600)
    large.faults.clear()
    large.manners.max_limit = None
    large.requests.clear()
    return lambda **given: client_of(large, retries=Retries(1, Waits()), **given)


@pytest.fixture
def client(connect):
    with connect() as client:
        yield client


@pytest.fixture
def hasty_client(connect):
    with connect(deadlines=Deadlines(connect=5, read=3, total=5)) as client:
        yield client


def limits(simulator) -> list[int]:
    return [int(one.query["limit"][0]) for one in asked(simulator, "/api/v1/replicaPoints")]


def test_a_listing_begins_with_a_small_page_and_goes_on_with_the_largest_that_comes_in_seconds(client, large):
    pace = Pace()

    pages = list(client.points(pace=pace))

    assert limits(large) == [1_000, 10_000, 10_000, 10_000]
    assert [page.received for page in pages] == [1_000, 10_000, 10_000, 4_000]
    assert pace.granted is None


def test_a_listing_is_cut_at_the_same_places_each_time(client):
    first, second = ([page.skip for page in client.points(pace=Pace())] for _ in range(2))

    assert first == second


def test_a_size_that_is_refused_leads_down_to_one_that_is_granted_which_is_remembered(client, large):
    for limit in (10_000, 5_000):
        large.faults.add({"path": POINTS, "query": f"limit={limit}$|limit={limit}&", "status": 400, "body": REFUSAL})
    pace = Pace()

    found = records(client.points(pace=pace))

    assert limits(large)[:5] == [1_000, 10_000, 5_000, 2_000, 2_000]
    assert (len(found), pace.granted) == (25_000, 2_000)

    large.requests.clear()
    again = Pace(pace.granted)
    records(client.points(pace=again))

    assert set(limits(large)) == {1_000, 2_000}
    assert again.granted == 2_000


@pytest.mark.parametrize("cap", [3_000, 1_000, 500, 60])
def test_a_silent_limit_is_remembered(client, large, cap):
    large.manners.max_limit = cap
    pace = Pace()

    pages = [page.received for page in client.points(pace=pace, skip=25_000 - 6 * cap)]

    assert pages == [min(cap, 1_000)] + [cap] * (len(pages) - 2) + [pages[-1]]
    assert pace.granted == cap
    assert limits(large)[-1] == cap


def test_a_row_that_is_missing_from_a_page_is_no_limit(client, large):
    large.faults.add({"path": POINTS, "when": "2", "action": "drop"})
    pace = Pace()

    pages = list(client.points(pace=pace))

    assert [page.received for page in pages][:3] == [1_000, 9_999, 10_000]
    assert pace.granted is None


def test_a_large_page_that_does_not_come_in_time_is_asked_for_in_smaller_ones_without_a_repetition(hasty_client, large):
    large.faults.add({"path": POINTS, "query": "limit=10000", "action": "delay", "seconds": 60})
    pace = Pace()

    found = records(hasty_client.points(pace=pace))

    assert len(found) == 25_000
    assert limits(large)[:4] == [1_000, 10_000, 5_000, 5_000]
    assert pace.granted is None


def test_a_small_page_that_does_not_come_in_time_is_asked_for_again_and_then_in_the_smallest_size(hasty_client, large):
    large.faults.add({"path": POINTS, "query": "limit=1000&", "action": "delay", "seconds": 60})

    page = next(iter(hasty_client.points(pace=Pace())))

    assert page.received == 200
    assert limits(large) == [1_000, 1_000, 200]


def test_a_refusal_for_another_reason_is_told_and_not_remembered(client, large):
    large.faults.add({"path": POINTS, "when": "2-", "status": 400, "body": {"message": "no such column"}})
    pace = Pace()

    with pytest.raises(Rejected) as error:
        records(client.points(pace=pace))

    assert error.value.detail == "no such column"
    assert pace.granted is None


@pytest.mark.parametrize(
    ("asked", "received", "seconds", "following"),
    [
        (1_000, 1_000, 0.1, 10_000),
        (1_000, 1_000, 1.0, 5_000),
        (1_000, 1_000, 2.0, 2_000),
        (1_000, 1_000, 4.0, 1_000),
        (1_000, 1_000, 40.0, 1_000),
        (10_000, 10_000, 14.0, 10_000),
        (10_000, 10_000, 16.0, 5_000),
        (2_000, 2_000, 16.0, 1_000),
        (5_000, 5_000, 2.4, 10_000),
    ],
)
def test_pages_grow_while_they_come_in_five_seconds_and_shrink_after_fifteen(asked, received, seconds, following):
    assert Pace().following(asked, received, seconds, is_cut=False) == following
