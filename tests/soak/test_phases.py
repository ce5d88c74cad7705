"""Which phase somebody is in, and which one is to be struck next."""

from collections import Counter
from itertools import islice
from random import Random
from types import SimpleNamespace

import psycopg
import pytest

from replicas_app import locks
from replicas_app.choices import RescanState, SyncState
from replicas_app.sync import runs
from tests.factories import make_rescan, make_server, make_sync_run
from tests.queue.processes import on_this_database
from tests.soak.house import Eyes
from tests.soak.kills import CHILDREN, PARTS, Killer, Tally
from tests.soak.phases import IDLE, PHASES, UNKNOWN, going_on

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def eyes():
    eyes = Eyes(SimpleNamespace(addresses=on_this_database()))
    yield eyes
    eyes.close()


@pytest.fixture
def hold():
    """`hold(space, key)`: somebody else holds that lock until the test ends."""
    with psycopg.connect(on_this_database()["DATABASE_URL"], autocommit=True) as somebody:
        yield lambda space, key: somebody.execute("SELECT pg_advisory_lock(%s, %s)", [int(space), key])


@pytest.mark.parametrize(
    ("step", "phase"), [("Connecting", "reading"), ("Reading replicas", "reading"), ("Writing", "writing")]
)
def test_a_sync_reads_or_writes_while_somebody_holds_its_server(eyes, hold, step, phase):
    run = make_sync_run(state=SyncState.RUNNING, ended_at=None)
    runs.progress(run.pk, step=step)
    assert going_on(eyes) == {IDLE}

    hold(locks.Space.SYNC, run.server_id)

    assert going_on(eyes) == {phase}


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        (RescanState.QUEUED, IDLE),
        (RescanState.ASKING, "rescanning"),
        (RescanState.RUNNING, "polling"),
        (RescanState.SUCCEEDED, "settling"),
    ],
)
def test_a_rescan_is_in_the_phase_of_its_state_while_somebody_takes_a_step_of_it(eyes, hold, state, phase):
    rescan = make_rescan(state=state)
    assert going_on(eyes) == {IDLE}

    hold(locks.Space.RESCAN, rescan.pk)

    assert going_on(eyes) == {phase}


def test_several_are_seen_at_once(eyes, hold):
    for step in ("Reading replicas", "Writing"):
        run = make_sync_run(make_server(), state=SyncState.RUNNING, ended_at=None, step=step)
        hold(locks.Space.SYNC, run.server_id)

    assert going_on(eyes) == {"reading", "writing"}


def test_while_the_database_is_away_nobody_knows():
    nowhere = SimpleNamespace(addresses={"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"})

    assert going_on(Eyes(nowhere)) == {UNKNOWN}


def test_the_phase_that_a_process_was_killed_in_least_comes_next_and_of_several_that_which_was_struck_least():
    tally = Tally()
    tally.count("beat", frozenset({"reading", "writing"}))
    tally.count("web", frozenset({"polling"}))
    tally.count("web", frozenset({"settling"}))

    assert tally.rarest("beat", ["writing", "polling", IDLE]) == IDLE
    assert tally.rarest("web", ["polling", "reading", "idle"]) == IDLE
    assert tally.rarest("web", ["polling", "reading"]) == "reading"
    assert tally.by_phase == dict.fromkeys(PHASES, 0) | {"reading": 1, "writing": 1, "polling": 1, "settling": 1}
    assert tally.kills == {"beat": 1, "web": 2}


def test_the_plan_kills_a_child_of_either_worker_every_second_time_and_between_them_everybody_else():
    killer = Killer(SimpleNamespace(dashboard=None), Random(7), print)

    plan = list(islice(killer._plan, 2 * len(PARTS) * len(CHILDREN)))

    assert Counter(plan[::2]) == dict.fromkeys(CHILDREN, len(PARTS))
    assert Counter(plan[1::2]) == dict.fromkeys(PARTS, len(CHILDREN))
