"""A replica that cannot be rescanned holds no other up: it is left out, and it is told which one and why."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import rescans
from replicas_app.choices import RescanState, Role
from replicas_app.models import Replica, Rescan
from replicas_app.rescans.left_out import KEPT_NAMES
from replicas_app.simulator import Simulator
from tests.factories import make_person, make_replica, make_rescan, make_server
from tests.rescans.driving import posts, step, to_the_end, until_settled
from tests.rescans.test_cool_down import rescanned
from tests.rescans.test_wishes import replicas_of

RESCAN = "^/api/v1/replicas/rescan$"


def vanish(simulator: Simulator, *replicas: Replica) -> None:
    """Be gone from the server, without any read having seen it."""
    gone = {str(replica.uuid) for replica in replicas}
    simulator.world.replicas[:] = [one for one in simulator.world.replicas if one["id"] not in gone]


def asked_for(simulator: Simulator) -> list[list[str]]:
    """The replicas of each request for a rescan, in the order of the requests."""
    bodies = [one.body for one in simulator.requests if one.method == "POST" and one.path.endswith("/replicas/rescan")]
    return [json.loads(body)["replicaIds"] for body in bodies]


def left_out_of(rescan: Rescan) -> list[tuple[list[str], str]]:
    rescan.refresh_from_db()
    return [(group["replicas"], group["words"]) for group in rescan.left_out]


# --- when somebody asks -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_whatever_keeps_a_replica_out_the_others_are_started_and_the_rescan_keeps_who_and_why(settings):
    settings.RESCAN_COOL_DOWN_SECONDS = 60
    lab, off = make_server("lab"), make_server("off", is_enabled=False)
    kim = make_person("kim", Role.OPERATOR)
    taken, rests, gone, free = (make_replica(lab, name) for name in ("taken", "rests", "gone", "free"))
    other = make_rescan(taken, asked_by=kim)
    rescanned(rests, 20, asked_by=kim)
    before = rests.rescans.get()
    Replica.objects.filter(pk=gone.pk).update(removed_at=timezone.now())
    wanted = Replica.objects.exclude(pk=make_replica(off, "sleeps").pk) | Replica.objects.filter(server=off)

    found = rescans.start(None, wanted.select_related("server"))

    assert [list(one.replicas.all()) for one in found.started] == [[free]]
    assert left_out_of(found.started[0]) == [
        (["taken"], f"was in rescan {other.pk} of kim already"),
        (["rests"], "was rescanned 20 s before by kim"),
        (["gone"], "was no longer on lab"),
    ]
    assert [group["rescan"] for group in found.started[0].left_out] == [other.pk, before.pk, None]
    assert [f"{group.who} {group.words}" for group in found.left_out] == [
        f"taken is in rescan {other.pk} of kim already",
        "rests was rescanned 20 s ago by kim; again in 40 s",
        "sleeps is on off, which is disabled: nothing is sent to it",
        "gone is no longer on lab",
    ]


@pytest.mark.django_db
def test_several_that_are_left_out_for_one_reason_are_told_together_by_name():
    lab = make_server("lab")
    taken = [make_replica(lab, f"tier {number}") for number in range(7)]
    make_rescan(*taken)

    (group,) = rescans.start(None, [*taken, make_replica(lab)]).left_out

    assert group.who == "7 replicas"
    assert group.words.startswith("are in rescan ")
    assert group.names == "tier 0, tier 1, tier 2, tier 3, tier 4 and 2 more"


@pytest.mark.django_db
def test_of_thousands_that_are_left_out_the_first_names_and_their_number_are_kept(client):
    client.force_login(make_person())
    lab = make_server("lab")
    rescans.start(None, replicas_of(lab, 1200))

    (rescan,) = rescans.start(None, [*lab.replicas.select_related("server"), make_replica(lab)]).started
    page = client.get(f"{rescan.get_absolute_url()}?all=1").content.decode()

    rescan.refresh_from_db()
    assert [(group["count"], len(group["replicas"])) for group in rescan.left_out] == [
        (500, KEPT_NAMES),
        (500, KEPT_NAMES),
        (200, KEPT_NAMES),
    ]
    assert "The shell asked for a rescan of 1,201 replicas" in page
    assert "and 300 more" in page


@pytest.mark.django_db
def test_what_is_left_out_stands_with_the_rescan_of_its_own_server():
    lab, oslo = make_server("lab"), make_server("oslo")
    taken = make_replica(oslo, "taken")
    make_rescan(taken)

    found = rescans.start(None, [make_replica(lab), make_replica(oslo), taken])

    assert [len(left_out_of(one)) for one in found.started] == [0, 1]


# --- when the server is asked -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2], ids=["the first", "one in the middle", "the last"])
def test_one_that_vanished_from_the_server_since_the_click_does_not_refuse_the_others(simulator, replicas, place):
    rescan = rescans.start(None, replicas[:3]).started[0]
    vanish(simulator, replicas[place])
    others = [replica for replica in replicas[:3] if replica != replicas[place]]

    to_the_end(rescan, simulator)

    assert (rescan.state, rescan.error, rescan.replica_count) == (RescanState.SUCCEEDED, "", 2)
    assert list(rescan.replicas.order_by("pk")) == others
    assert asked_for(simulator)[-1] == [str(replica.uuid) for replica in others]
    assert left_out_of(rescan) == [([replicas[place].name], "was no longer on lab when its turn came")]
    assert len(simulator.rescans.all()) == 1


@pytest.mark.django_db(transaction=True)  # a sync: its temporary tables last as long as a transaction
def test_several_that_vanished_one_after_the_other_are_all_left_out(simulator, replicas):
    rescan = rescans.start(None, replicas[:4]).started[0]
    vanish(simulator, replicas[1])
    step(rescan)
    vanish(simulator, replicas[3])

    until_settled(rescan, simulator)

    assert rescan.state == RescanState.SUCCEEDED
    assert [names for names, _ in left_out_of(rescan)] == [[replicas[1].name], [replicas[3].name]]
    assert asked_for(simulator)[-1] == [str(replica.uuid) for replica in (replicas[0], replicas[2])]
    assert rescan.changes["replicas_gone"] == 0


def test_a_replica_that_only_the_list_lacks_is_no_reason_to_leave_it_out(simulator, rescan, replicas):
    vanish_from_list = {"path": "^/api/v1/replicas$", "action": "set", "at": "data", "value": []}
    refuse = {"path": RESCAN, "times": 1, "action": "status", "status": 400, "body": {"message": "Not now."}}
    simulator.faults.add(vanish_from_list)
    simulator.faults.add(refuse)

    step(rescan)

    assert (rescan.state, rescan.replica_count, rescan.left_out) == (RescanState.REFUSED, 2, [])
    assert rescan.asked_at is not None


def test_a_server_that_cannot_say_who_vanished_is_asked_later_and_nothing_is_given_up(simulator, rescan, replicas):
    vanish(simulator, replicas[1])
    simulator.faults.add({"path": "^/api/v1/replicas$", "times": 1, "action": "status", "status": 503})

    step(rescan)
    assert (rescan.state, rescan.asked_at, rescan.left_out) == (RescanState.QUEUED, None, [])

    to_the_end(rescan, simulator)
    assert (rescan.state, len(simulator.rescans.all())) == (RescanState.SUCCEEDED, 1)


def test_the_page_tells_who_was_left_out_with_the_moment_and_the_list_how_many(simulator, replicas, client):
    client.force_login(make_person(role=Role.OPERATOR))
    rescan = rescans.start(None, replicas[:3]).started[0]
    vanish(simulator, replicas[1])
    step(rescan)

    page = client.get(rescan.get_absolute_url()).content.decode()

    assert f"Left out: {replicas[1]} was no longer on lab when its turn came" in page
    assert "The shell asked for a rescan of 3 replicas" in page
    assert "1 left out" in client.get("/rescans/").content.decode()


def test_one_that_is_to_be_stopped_while_it_is_asked_for_is_not_asked_for_again(simulator, rescan, replicas):
    vanish(simulator, replicas[1])
    step(rescan)
    Rescan.objects.filter(pk=rescan.pk).update(stop_asked_at=timezone.now() - timedelta(seconds=1))
    asked = posts(simulator)

    step(rescan)

    assert (rescan.state, posts(simulator)) == (RescanState.CANCELLED, asked)
    assert rescan.error == "Somebody cancelled it before its turn came. Nothing was started."
