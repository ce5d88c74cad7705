"""What is asked again, how often, and after which wait; and what never is."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Event

import pytest

from replicas_app.vbr import Deadlines, Malformed, Retries, Unavailable, VbrError
from tests.vbr.conftest import asked, logins, records

REPLICAS = "/api/v1/replicas$"

passing_faults = pytest.mark.parametrize(
    "rule",
    [
        {"status": 429},
        {"status": 503},
        {"status": 500},
        {"status": 502, "action": "html"},
        {"status": 200, "action": "html"},
        {"action": "reset"},
        {"action": "truncate"},
        {"action": "invalid_json"},
    ],
    ids=lambda rule: " ".join(str(value) for value in rule.values()),
)


@passing_faults
def test_a_listing_outlives_a_passing_fault(client, simulator, waits, rule):
    simulator.faults.add({"path": REPLICAS, "times": 2} | rule)

    assert len(records(client.replicas())) == 6
    first, second = waits
    assert 0.25 <= first <= 0.75
    assert 0.5 <= second <= 1.5


def test_clients_that_failed_together_do_not_come_back_together(client, simulator, waits):
    simulator.faults.add({"path": REPLICAS, "when": "1,3,5,7", "status": 503})

    for _ in range(4):
        records(client.replicas())

    assert len(set(waits)) == 4


@passing_faults
def test_a_fault_that_does_not_pass_ends_the_call_after_three_tries(client, simulator, waits, rule):
    simulator.faults.add({"path": REPLICAS} | rule)

    with pytest.raises((Unavailable, Malformed)):
        records(client.replicas())

    assert (len(asked(simulator, "/api/v1/replicas")), len(waits)) == (3, 2)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_is_not_asked_again(client, simulator, waits, status):
    simulator.faults.add({"path": "/api/v1/serverInfo$", "status": status})

    with pytest.raises(VbrError):
        client.server_info()

    assert (len(asked(simulator, "/api/v1/serverInfo")), waits) == (1, [])


def test_a_login_is_never_asked_again_by_itself(client, simulator, waits):
    simulator.faults.add({"path": "oauth2/token$", "status": 500})

    with pytest.raises(Unavailable):
        records(client.replicas())

    assert (logins(simulator), waits) == (1, [])


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("spell", "seconds"),
    [
        (lambda now: "7", 7),
        (lambda now: format_datetime(now + timedelta(seconds=12), usegmt=True), 12),
    ],
    ids=["seconds", "a date"],
)
def test_retry_after_is_obeyed_in_both_forms(connect, simulator, waits, status, spell, seconds):
    client = connect(deadlines=Deadlines(total=100))
    said = spell(datetime.now(UTC))
    simulator.faults.add({"path": REPLICAS, "times": 1, "status": status, "headers": {"Retry-After": said}})

    assert len(records(client.replicas())) == 6
    [waited] = waits
    assert seconds - 1.5 < waited <= seconds


@pytest.mark.parametrize(
    "spell",
    [lambda now: "31", lambda now: "86400", lambda now: format_datetime(now + timedelta(days=2), usegmt=True)],
    ids=["half a minute", "a day", "a date far away"],
)
def test_a_server_that_wants_to_be_left_alone_for_longer_is_not_asked_again(connect, simulator, waits, spell):
    client = connect(deadlines=Deadlines(total=100))
    headers = {"Retry-After": spell(datetime.now(UTC))}
    simulator.faults.add({"path": REPLICAS, "times": 1, "status": 503, "headers": headers})

    with pytest.raises(Unavailable) as error:
        records(client.replicas())

    assert (error.value.cause, waits, len(asked(simulator, "/api/v1/replicas"))) == ("busy", [], 1)


@pytest.mark.parametrize(
    "said", ["soon", "-5", "", "٣", format_datetime(datetime(2001, 1, 1, tzinfo=UTC), usegmt=True)]
)
def test_a_retry_after_that_says_nothing_does_not_stop_the_call(client, simulator, waits, said):
    header = {"Retry-After": said.encode().decode("latin-1")}
    simulator.faults.add({"path": REPLICAS, "times": 1, "status": 429, "headers": header})

    assert len(records(client.replicas())) == 6
    assert 0 < waits[0] < 1


def test_a_wait_past_the_deadline_of_the_call_is_not_begun(connect, simulator, waits):
    simulator.faults.add({"path": REPLICAS, "status": 503, "headers": {"Retry-After": "25"}})

    with pytest.raises(Unavailable) as error:
        records(connect().replicas())

    assert (error.value.cause, error.value.retry_after, waits) == ("busy", 25, [])


def test_who_is_asked_to_stop_does_not_ask_again(connect, simulator):
    stopping = Event()
    stopping.set()
    simulator.faults.add({"path": REPLICAS, "status": 503})

    with pytest.raises(Unavailable):
        records(connect(retries=Retries(5, stopping.wait)).replicas())

    assert len(asked(simulator, "/api/v1/replicas")) == 1
