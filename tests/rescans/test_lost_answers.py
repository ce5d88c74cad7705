"""A request whose answer was lost is never sent again: its session is looked for, and believed only without doubt."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import rescans
from replicas_app.choices import RescanState
from replicas_app.models import Rescan
from replicas_app.rescans import steps
from replicas_app.rescans.look import _is_same_account
from replicas_app.simulator import Simulator
from tests.factories import make_rescan, make_server_of
from tests.rescans.driving import posts, step, to_the_end

RESCAN = "^/api/v1/replicas/rescan$"
NEVER_ARRIVES = {"path": RESCAN, "method": "POST", "times": 1, "action": "reset"}
ANSWER_IS_LOST = {**NEVER_ARRIVES, "after": True}
NOT_KNOWN = "but its answer was lost. It is not known whether the rescan started, and it was not asked again."


@pytest.fixture(autouse=True)
def few_looks(monkeypatch):
    """Three looks find what thirteen do, and sooner."""
    monkeypatch.setattr(steps, "LOOKS", 3)


def a_session(number: int = 1, **fields) -> dict:
    """As a real server lists one that it runs by itself every quarter of an hour."""
    id = f"00000000-0000-4000-8000-{number:012}"
    return {
        "id": id,
        "jobId": id,
        "name": "Configuration Database Resynchronize",
        "sessionType": "ConfigurationResynchronize",
        "creationTime": {"$now": 2},
        "endTime": {"$now": 42},
        "state": "Stopped",
        "progressPercent": 100,
        "result": {"result": "Success", "message": "Success", "isCanceled": False},
        "initiatedBy": "SYSTEM",
        "usn": number,
        **fields,
    }


def list_only(simulator: Simulator, *sessions: dict, total: int = 0, **which) -> None:
    """From now on the server lists these sessions and no others."""
    path = "^/api/v1/sessions$"
    simulator.faults.add({"path": path, "action": "set", "at": "data", "value": list(sessions), **which})
    simulator.faults.add({"path": path, "action": "set", "at": "pagination.total", "value": total, **which})


def test_a_session_that_our_account_started_just_then_is_ours(simulator, rescan):
    simulator.faults.add(ANSWER_IS_LOST)

    step(rescan)
    assert (rescan.state, rescan.session_id) == (RescanState.ASKING, None)
    step(rescan)

    assert (rescan.state, rescan.is_found_again) == (RescanState.RUNNING, True)
    to_the_end(rescan, simulator)
    assert rescan.state == RescanState.SUCCEEDED
    assert posts(simulator) == 1


def test_a_rescan_that_never_arrived_ends_as_not_known_and_is_not_asked_again(simulator, rescan, replicas):
    simulator.faults.add(NEVER_ARRIVES)

    to_the_end(rescan, simulator, seconds=1)

    when = f"{rescan.asked_at:%H:%M:%S} UTC"
    found = "None of its sessions can be ours, so it most likely did not start."
    assert rescan.state == RescanState.UNKNOWN
    assert rescan.error == f"lab was asked at {when}, {NOT_KNOWN} {found}"
    assert "You may start the rescan again" in rescans.fix(rescan.error_cause)
    assert (posts(simulator), rescan.session_id, rescan.log) == (1, None, [])
    assert rescans.start(None, replicas[:2]).started != []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_fault_of_the_server_leaves_it_open_whether_the_rescan_started(simulator, rescan, status):
    simulator.faults.add({"path": RESCAN, "action": "status", "status": status})

    step(rescan)

    assert rescan.state == RescanState.ASKING
    assert posts(simulator) == 1


def test_an_answer_that_cannot_be_read_is_looked_for(simulator, rescan):
    simulator.faults.add({"path": RESCAN, "action": "invalid_json"})

    step(rescan)
    step(rescan)

    assert (rescan.state, rescan.is_found_again, posts(simulator)) == (RescanState.RUNNING, True, 1)


def test_a_server_that_is_too_busy_is_asked_later(simulator, rescan):
    simulator.faults.add(
        {"path": RESCAN, "times": 1, "action": "status", "status": 429, "headers": {"Retry-After": "7"}}
    )

    step(rescan)
    assert (rescan.state, rescan.error_cause, rescan.asked_at) == (RescanState.QUEUED, "busy", None)
    assert rescan.next_poll_at - timezone.now() > timedelta(seconds=5)

    assert step(rescan).state == RescanState.RUNNING


@pytest.mark.parametrize("initiator", ["SYSTEM", ".\\SYSTEM", "NT AUTHORITY\\SYSTEM", "LAB\\kim", "another"])
def test_a_strangers_session_is_never_ours(simulator, rescan, initiator):
    simulator.faults.add(NEVER_ARRIVES)
    list_only(simulator, a_session(initiatedBy=initiator), total=1)

    to_the_end(rescan, simulator, seconds=0)

    assert (rescan.state, rescan.session_id, rescan.progress) == (RescanState.UNKNOWN, None, None)
    assert rescan.error.endswith("None of its sessions can be ours, so it most likely did not start.")


def test_one_session_without_an_initiator_is_at_most_probably_ours(simulator, rescan):
    simulator.faults.add(NEVER_ARRIVES)
    list_only(simulator, a_session(initiatedBy=None), total=1)

    to_the_end(rescan, simulator, seconds=0)

    assert (rescan.state, rescan.session_id) == (RescanState.UNKNOWN, None)
    assert "is probably ours, but the server does not say who started it." in rescan.error


@pytest.mark.parametrize("initiator", ["svc", None])
def test_two_sessions_that_could_be_ours_are_none(simulator, rescan, initiator):
    simulator.faults.add(NEVER_ARRIVES)
    list_only(simulator, a_session(1, initiatedBy=initiator), a_session(2, initiatedBy=initiator), total=2)

    to_the_end(rescan, simulator, seconds=0)

    assert (rescan.state, rescan.session_id) == (RescanState.UNKNOWN, None)
    assert rescan.error.endswith("2 of its sessions could be ours, and nothing tells which.")


def test_a_session_of_ours_from_before_the_request_or_long_after_it_is_another_one(simulator, rescan):
    simulator.faults.add(NEVER_ARRIVES)
    early, late = ({"initiatedBy": "svc", "creationTime": {"$now": seconds}} for seconds in (-30, 300))
    list_only(simulator, a_session(1, **early), a_session(2, **late), total=2)

    to_the_end(rescan, simulator, seconds=0)

    assert rescan.error.endswith("None of its sessions can be ours, so it most likely did not start.")


def test_a_session_that_another_rescan_has_is_not_taken_twice(simulator, rescan, replicas):
    session = a_session(initiatedBy="svc")
    make_rescan(replicas[5], state=RescanState.SUCCEEDED, session_id=session["id"])
    simulator.faults.add(NEVER_ARRIVES)
    list_only(simulator, session, total=1)

    to_the_end(rescan, simulator, seconds=0)

    assert rescan.error.endswith("None of its sessions can be ours, so it most likely did not start.")


def test_a_list_of_sessions_without_end_is_looked_at_in_part_and_believed_in_nothing(simulator, rescan):
    simulator.faults.add(NEVER_ARRIVES)
    for page in range(1, 8):
        sessions = [a_session(page * 1000 + place, initiatedBy="svc") for place in range(3)]
        list_only(simulator, *sessions, total=40_000, when=page)

    step(rescan)
    step(rescan)

    looks = [request for request in simulator.requests if request.path == "/api/v1/sessions"]
    assert len(looks) == 6
    assert {request.query["typeFilter"][0] for request in looks} == {"ConfigurationResynchronize"}
    assert all("createdAfterFilter" in request.query for request in looks)
    assert (rescan.state, rescan.session_id) == (RescanState.ASKING, None)


def test_sessions_that_may_not_be_read_end_the_look(simulator, rescan):
    simulator.faults.add(NEVER_ARRIVES)
    simulator.faults.add({"path": "^/api/v1/sessions$", "action": "status", "status": 403})

    step(rescan)
    for _ in range(steps.LOOKS):
        step(rescan)

    assert rescan.state == RescanState.UNKNOWN
    assert "Its sessions cannot be read." in rescan.error


def test_a_clock_that_runs_wrong_on_the_server_does_not_hide_our_session(simulator, rescan):
    simulator.clock.advance(3 * 3600)
    simulator.faults.add(ANSWER_IS_LOST)

    step(rescan)
    step(rescan)

    assert (rescan.state, rescan.is_found_again) == (RescanState.RUNNING, True)


def test_the_oldest_revision_names_no_initiator_and_so_nothing_is_believed(db):
    with Simulator(replicas=2, still=True, versions=["1.2-rev1"]) as simulator:
        rescan = make_rescan(state=RescanState.ASKING, session_id=None)
        server = make_server_of(simulator)
        Rescan.objects.filter(pk=rescan.pk).update(server=server, asked_at=timezone.now())
        simulator.rescans.start([], [], "svc")

        step(rescan)

        assert (rescan.state, rescan.polls) == (RescanState.ASKING, 1)
        for _ in range(steps.LOOKS):
            step(rescan)
        assert (rescan.state, rescan.session_id) == (RescanState.UNKNOWN, None)


@pytest.mark.parametrize(
    ("initiator", "username", "same"),
    [
        ("svc", "svc", True),
        ("VBR01\\svc", "svc", True),
        (".\\svc", "VBR01\\svc", True),
        ("LAB\\Svc", "lab\\svc", True),
        ("LAB\\svc", "svc@lab.example", True),
        ("OTHER\\svc", "LAB\\svc", False),
        ("LAB\\svc2", "LAB\\svc", False),
        ("", "svc", False),
        ("", "", False),
    ],
)
def test_an_account_is_known_in_its_spellings(initiator, username, same):
    assert _is_same_account(initiator, username) is same
