"""Whatever a call of a read or of a rescan answers: it is no fault of ours, removes nothing, starts nothing twice."""

from itertools import cycle

import pytest

from replicas_app import rescans
from replicas_app.choices import SyncState
from replicas_app.models import BackupServer, Rescan
from replicas_app.rescans import rows
from replicas_app.simulator import Simulator
from replicas_app.vbr import retries
from tests.factories import make_server_of
from tests.faults.answers import RULES
from tests.rescans.driving import step
from tests.sync.faulty import held
from tests.syncing import do_sync

READ = ("swagger", "serverTime$", "oauth2/token$", "replicas$", "replicaPoints$", "serverInfo$")
RESCANNED = (
    "replicas/[^/]*-[^/]*$",
    "replicas/rescan$",
    "sessions$",
    "sessions/[^/]+$",
    "logs$",
    "stop$",
    "serverTime$",
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.001)


@pytest.fixture
def simulator():
    with Simulator(replicas=3, vms=1, points=3, seed=7, still=True, tls=True, rescan_seconds=5) as simulator:
        yield simulator


@pytest.mark.parametrize("path", READ)
def test_whatever_one_call_of_a_read_answers_nothing_is_removed_and_nothing_is_our_fault(
    simulator, transactional_db, path
):
    server = make_server_of(simulator)
    do_sync(server)
    before = held()
    for rule, full in zip(RULES, cycle(["", "wanted by the test"]), strict=False):
        simulator.faults.clear()
        simulator.faults.add({"path": path, **rule})
        BackupServer.objects.update(token_encrypted="", sign_in_paused_until=None, refused_sign_ins=0)
        server.refresh_from_db()

        run = do_sync(server, full=full)

        assert (run.error_cause != "ours", run.is_open, held()) == (True, False, before), rule
    simulator.faults.clear()
    BackupServer.objects.update(sign_in_paused_until=None)
    assert do_sync(server).state == SyncState.SUCCEEDED


@pytest.mark.parametrize("path", RESCANNED)
def test_whatever_one_call_of_a_rescan_answers_it_is_started_once_at_most_and_ends(simulator, transactional_db, path):
    server = make_server_of(simulator)
    do_sync(server)
    for rule in RULES[RESCANNED.index(path) % 2 :: 2]:
        simulator.faults.clear()
        simulator.faults.add({"path": path, **rule})
        begun = len(simulator.rescans.all())
        BackupServer.objects.update(sign_in_paused_until=None, refused_sign_ins=0)
        rescan = rescans.start(None, list(server.replicas.select_related("server"))).started[0]

        for number in range(20):
            if not step(rescan).is_open:
                break
            simulator.clock.advance(3)
            if number == 1:
                Rescan.objects.filter(pk=rescan.pk).update(stop_asked_at=rescan.created_at)
            if number > 15:
                long_ago = rescan.created_at - rows.NO_ANSWER_LIMIT
                Rescan.objects.filter(pk=rescan.pk).update(unanswered_since=long_ago)

        is_started_once = len(simulator.rescans.all()) <= begun + 1
        assert (rescan.is_open, is_started_once, rescan.error_cause != "fault") == (False, True, True), rule
        Rescan.objects.update(next_poll_at=None)
        rescan.members.update(ended_well_at=None)
