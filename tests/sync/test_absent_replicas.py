"""Replicas that a list of replicas left out although it came whole: they are asked for once more before they are gone.

While the list is read page by page, a replica that goes moves all behind it up by one, and nobody meets the one that
moves across the end of a page. Where another one comes at the end meanwhile, as many came as were announced.
"""

from collections.abc import Callable, Iterable

import pytest

from replicas_app import sync
from replicas_app.choices import EventKind, Role, SyncState
from replicas_app.models import BackupServer, Event, Replica, SyncRun
from replicas_app.simulator import Simulator
from replicas_app.sync.absent import FEW
from replicas_app.vbr import retries
from tests.factories import make_person, make_server_of
from tests.sync.faulty import NEW_ID, REPLICAS, asked, held, ids, is_told, there
from tests.syncing import do_sync

LIST = "/api/v1/replicas"
BY_ID = "^/api/v1/replicas/[^/]+$"
COUNT = 60
A_PAGE = 5
"""So small that most of the list is still to come when its first page is stored."""
BOTH_KINDS = pytest.mark.parametrize("full", ["", "wanted by the test"], ids=["interval", "sweep"])


@pytest.fixture
def simulator():
    with Simulator(replicas=COUNT, vms=1, points=1, seed=5, still=True, max_limit=A_PAGE) as simulator:
        yield simulator


@pytest.fixture
def server(transactional_db, simulator) -> BackupServer:
    server = make_server_of(simulator)
    do_sync(server)
    simulator.requests.clear()
    return server


@pytest.fixture
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(retries, "FIRST_WAIT_SECONDS", 0.001)


def in_order(simulator) -> list[dict]:
    """The replicas as the server lists them."""
    return sorted(simulator.world.replicas, key=lambda replica: replica["name"].casefold())


def many(simulator) -> list[dict]:
    """More replicas than are asked for one by one."""
    return in_order(simulator)[7 : 8 + FEW]


def list_becomes(simulator, *, without: Iterable[dict] = (), more: Iterable[dict] = ()) -> None:
    """All at once. Their restore points stay, so that no count of them sets off a sweep."""
    gone = ids(without)
    simulator.world.replicas = [one for one in simulator.world.replicas if one["id"] not in gone] + list(more)


def a_new_one(simulator) -> dict:
    """A replica with which the list ends."""
    return simulator.world.replicas[0] | {"id": NEW_ID, "name": "zzzz the last one"}


def meanwhile(change: Callable[[], None]) -> Callable[[], bool]:
    """What a sync is to be given as `should_stop`: it makes a change while the first page of the list is stored."""
    waiting = [change]

    def should_stop() -> bool:
        if waiting:
            waiting.pop()()
        return False

    return should_stop


def one_goes_and_one_comes(simulator) -> Callable[[], bool]:
    """The first replica of the list goes, and another one comes at its end, while it is read."""
    return meanwhile(
        lambda: list_becomes(simulator, without=in_order(simulator)[:1], more=[a_new_one(simulator)]),
    )


def times_listed(simulator) -> int:
    return sum(one.query["skip"] == ["0"] for one in asked(simulator, LIST))


def asked_by_id(simulator) -> list[str]:
    rests = (one.path.removeprefix(f"{LIST}/") for one in simulator.requests if one.path.startswith(f"{LIST}/"))
    return [rest for rest in rests if "/" not in rest]


def removed(run: SyncRun) -> set[str]:
    """The replicas whose history says that they went with this run."""
    events = Event.objects.filter(run=run, kind=EventKind.REMOVED)
    return {str(uuid) for uuid in events.values_list("replica__uuid", flat=True)}


@BOTH_KINDS
def test_a_replica_that_moves_across_the_end_of_a_page_while_one_goes_and_one_comes_is_not_taken_for_gone(
    simulator, server, full
):
    """The one that went is seen by the next read."""
    gone = in_order(simulator)[0]["id"]

    run = do_sync(server, full=full, should_stop=one_goes_and_one_comes(simulator))

    missed = asked_by_id(simulator)
    assert (run.state, run.error, run.is_full) == (SyncState.SUCCEEDED, "", bool(full))
    assert (run.replicas_added, run.replicas_removed, run.replicas_unchanged) == (1, 0, COUNT)
    assert (len(missed), removed(run)) == (1, set())
    assert held() == (there(simulator)[0] | {gone}, there(simulator)[1])

    simulator.requests.clear()
    then = do_sync(server, full=full)

    assert (then.replicas_removed, removed(then), asked_by_id(simulator)) == (1, {gone}, [gone])
    assert held()[0] == there(simulator)[0]


@BOTH_KINDS
def test_a_replica_that_is_renamed_across_the_pages_while_they_are_read_is_there_by_its_new_name(
    simulator, server, full
):
    first, *_, last = in_order(simulator)
    renamed = last | {"name": "!renamed"}
    more = [renamed, a_new_one(simulator)]
    stop = meanwhile(lambda: list_becomes(simulator, without=[first, last], more=more))

    run = do_sync(server, full=full, should_stop=stop)

    assert asked_by_id(simulator) == [last["id"]]
    assert (run.state, run.replicas_removed, run.replicas_changed) == (SyncState.SUCCEEDED, 0, 1)
    assert Replica.objects.present().get(uuid=last["id"]).name == "!renamed"


def test_a_replica_that_comes_twice_since_it_is_renamed_is_counted_once_and_hides_no_other(simulator, server):
    first = in_order(simulator)[0]
    renamed = first | {"name": "zzzz renamed"}

    run = do_sync(server, should_stop=meanwhile(lambda: list_becomes(simulator, without=[first], more=[renamed])))

    assert (run.state, run.replicas_changed, run.replicas_unchanged) == (SyncState.SUCCEEDED, 1, COUNT - 1)
    assert (times_listed(simulator), asked_by_id(simulator)) == (2, [])
    assert held() == there(simulator)
    assert Replica.objects.get(uuid=first["id"]).name == "zzzz renamed"


def test_replicas_that_are_missing_are_asked_for_by_their_ids_where_they_are_few(simulator, server):
    gone = in_order(simulator)[7 : 7 + FEW]
    list_becomes(simulator, without=gone)

    run = do_sync(server)

    assert (len(asked_by_id(simulator)), set(asked_by_id(simulator))) == (FEW, ids(gone))
    assert (run.state, run.replicas_removed, removed(run)) == (SyncState.SUCCEEDED, FEW, ids(gone))
    assert times_listed(simulator) == 1
    assert held()[0] == there(simulator)[0]


@BOTH_KINDS
def test_where_many_replicas_are_missing_the_list_is_read_once_more_instead(simulator, server, full):
    gone, vanishing = many(simulator), in_order(simulator)[0]["id"]
    list_becomes(simulator, without=gone)

    run = do_sync(server, full=full, should_stop=one_goes_and_one_comes(simulator))

    assert (run.state, run.replicas_added, run.replicas_removed) == (SyncState.SUCCEEDED, 1, len(gone))
    assert removed(run) == ids(gone)
    assert (times_listed(simulator), asked_by_id(simulator)) == (2, [])
    assert held()[0] == there(simulator)[0] | {vanishing}


def test_a_list_that_is_read_once_more_and_comes_short_removes_nothing(simulator, server):
    before = held()[0]
    list_becomes(simulator, without=many(simulator))
    simulator.faults.add({"path": REPLICAS, "query": "skip=10", "when": "2-", "action": "drop"})

    run = do_sync(server)

    assert (run.state, run.error_cause, run.replicas_removed) == (SyncState.PARTIAL, "short", 0)
    assert held()[0] == before
    assert is_told(run, server)


def test_a_record_that_only_the_second_look_cannot_read_is_set_aside_and_nothing_is_removed(simulator, server):
    before = held()[0]
    list_becomes(simulator, without=many(simulator))
    fault = {"action": "set", "index": 2, "key": "name", "value": None}
    simulator.faults.add({"path": REPLICAS, "query": "skip=10", "when": "2", **fault})

    run = do_sync(server)

    assert (run.state, run.error_cause, run.set_aside_count) == (SyncState.PARTIAL, "aside", 1)
    assert held()[0] == before


@BOTH_KINDS
def test_what_changed_between_a_list_and_the_second_look_at_it_is_not_taken_for_unchanged_later(
    simulator, server, full
):
    """A page that is remembered says how its replicas are stored: of those on it the first look counts."""
    watched = next(one for one in in_order(simulator) if one["type"] != "CDP" and one["state"] == "Ready")
    list_becomes(simulator, without=[one for one in in_order(simulator) if one is not watched][-FEW - 1 :])
    page, place = divmod(in_order(simulator).index(watched), A_PAGE)
    fault = {"action": "set", "index": place, "key": "state", "value": "Failover"}
    simulator.faults.add({"path": REPLICAS, "query": f"skip={page * A_PAGE}&", "when": "2", **fault})

    states = [do_sync(server, full=full).state for _ in range(2)]

    assert (states, times_listed(simulator)) == ([SyncState.SUCCEEDED] * 2, 3)
    assert Replica.objects.get(uuid=watched["id"]).state == "Ready"


def test_a_replica_that_was_answered_for_in_another_state_is_seen_to_have_its_old_one_again(simulator, server):
    simulator.faults.add({"path": BY_ID, "action": "set", "values": {"state": "Levitating", "type": "Regular"}})
    before = dict(Replica.objects.values_list("uuid", "state"))

    run = do_sync(server, should_stop=one_goes_and_one_comes(simulator))
    missed = Replica.objects.get(uuid=asked_by_id(simulator)[0])
    in_between = missed.state
    do_sync(server)
    missed.refresh_from_db()

    assert (run.replicas_changed, in_between) == (1, "Levitating")
    assert missed.state == before[missed.uuid]


REFUSALS = (
    {"status": 500},
    {"status": 403, "body": {"errorCode": "AccessDenied", "message": "no"}},
    {"status": 400, "body": {"errorCode": "UnexpectedContent", "message": "no"}},
    {"action": "html", "status": 404},
    {"action": "html", "status": 502},
    {"action": "reset"},
    {"action": "invalid_json"},
    {"action": "empty"},
    {"action": "remove", "key": "name"},
    {"action": "set", "key": "id", "value": "00000000-0000-4000-8000-00000000dead"},
)


@pytest.mark.parametrize("fault", REFUSALS, ids=str)
def test_no_fault_of_the_second_look_means_that_a_replica_is_gone(simulator, server, impatient, fault):
    before = held()[0]
    simulator.faults.add({"path": BY_ID, **fault})

    run = do_sync(server, full="", should_stop=one_goes_and_one_comes(simulator))
    kept, told = held()[0], is_told(run, server)
    simulator.faults.clear()
    then = do_sync(server, full="")

    assert (run.state, run.replicas_removed, kept, told) == (SyncState.FAILED, 0, before | {NEW_ID}, True)
    assert (then.state, held()[0]) == (SyncState.SUCCEEDED, there(simulator)[0])


def test_a_second_look_that_breaks_off_removes_none_of_those_that_the_server_no_longer_knew(
    simulator, server, impatient
):
    before = held()[0]
    list_becomes(simulator, without=in_order(simulator)[3:6])
    simulator.faults.add({"path": BY_ID, "when": "3-", "status": 503})

    run = do_sync(server)

    assert len(set(asked_by_id(simulator))) == 3
    assert (run.state, run.error_cause, run.replicas_removed) == (SyncState.FAILED, "busy", 0)
    assert held()[0] == before


@pytest.mark.parametrize("kept", [0, 3])
def test_whether_a_list_that_dropped_to_nearly_nothing_is_true_is_not_asked_the_server_but_a_person(
    simulator, server, kept
):
    before = held()[0]
    list_becomes(simulator, without=in_order(simulator)[kept:])

    doubted = do_sync(server)
    held_in_doubt = held()[0]
    sync.sync(sync.accept_drop(server, make_person(role=Role.ADMIN)).pk)

    assert (doubted.error_cause, held_in_doubt) == ("drop", before)
    assert (times_listed(simulator), asked_by_id(simulator)) == (2, [])
    assert held()[0] == there(simulator)[0]


@BOTH_KINDS
def test_nothing_is_asked_for_again_where_nothing_is_missing(simulator, server, full):
    fourth = in_order(simulator)[3]
    list_becomes(simulator, without=[fourth], more=[fourth | {"name": "of another name"}, a_new_one(simulator)])

    do_sync(server, full=full)

    assert (times_listed(simulator), asked_by_id(simulator)) == (1, [])
    assert held()[0] == there(simulator)[0]
