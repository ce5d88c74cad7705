"""What becomes of a selection of replicas."""

import pytest
from django.utils import timezone

from replicas_app import rescans
from replicas_app.choices import RescanState, Role
from replicas_app.models import Replica, Rescan, RescanReplica
from replicas_app.rescans.wishes import LONGEST_REASON
from replicas_app.text import sort_key
from tests.factories import make_person, make_replica, make_rescan, make_server
from tests.threads import at_once


def replicas_of(server, count: int) -> list[Replica]:
    now = timezone.now()
    return Replica.objects.bulk_create(
        Replica(
            server=server,
            uuid=f"00000000-0000-4000-8000-{server.pk:06}{number:06}",
            name=f"tier {number}",
            sort_key=sort_key(f"tier {number}"),
            first_seen_at=now,
            changed_at=now,
        )
        for number in range(count)
    )


@pytest.mark.django_db
def test_a_wish_becomes_one_waiting_rescan_per_server():
    lab, oslo = make_server("lab"), make_server("oslo")
    wanted = [make_replica(oslo), make_replica(lab), make_replica(lab)]
    person = make_person("kim", Role.OPERATOR)

    found = rescans.start(person, wanted, "  points missing  ")

    assert [(one.server, one.replica_count, one.state, one.asked_by, one.reason) for one in found.started] == [
        (lab, 2, RescanState.QUEUED, person, "points missing"),
        (oslo, 1, RescanState.QUEUED, person, "points missing"),
    ]
    assert found.leads_to is None


@pytest.mark.django_db
def test_a_rescan_is_due_as_soon_as_it_is_wished():
    found = rescans.start(None, [make_replica()])

    assert rescans.take_due(timezone.now()) == [found.started[0].pk]


@pytest.mark.django_db
def test_a_wish_for_nothing_is_refused():
    with pytest.raises(rescans.NothingSelected):
        rescans.start(None, [])


@pytest.mark.django_db
def test_more_than_500_replicas_of_a_server_become_several_rescans():
    server = make_server()
    replicas = replicas_of(server, 1201)

    found = rescans.start(None, replicas)

    assert [one.replica_count for one in found.started] == [500, 500, 201]
    assert RescanReplica.objects.filter(is_open=True).count() == 1201


@pytest.mark.django_db
def test_replicas_in_another_rescan_are_left_out_and_told_with_that_rescan():
    server = make_server()
    taken, free = make_replica(server), make_replica(server)
    other = make_rescan(taken, asked_by=make_person("kim"))

    found = rescans.start(None, [taken, free])

    assert found.taken == {other: [taken]}
    assert [list(one.replicas.all()) for one in found.started] == [[free]]


@pytest.mark.django_db
def test_a_wish_whose_replicas_are_all_taken_leads_to_the_rescan_that_has_them():
    replica = make_replica()
    other = make_rescan(replica)

    found = rescans.start(None, [replica])

    assert (found.started, found.leads_to) == ([], other)
    assert Rescan.objects.count() == 1


@pytest.mark.django_db
def test_removed_replicas_and_those_of_disabled_servers_are_left_out():
    here, off = make_server(), make_server(is_enabled=False)
    gone, sleeping, fine = make_replica(here, removed_at=timezone.now()), make_replica(off), make_replica(here)

    found = rescans.start(None, [gone, sleeping, fine])

    assert (found.removed, found.closed) == ([gone], {off: [sleeping]})
    assert [list(one.replicas.all()) for one in found.started] == [[fine]]


@pytest.mark.django_db
def test_a_replica_may_be_rescanned_again_once_its_rescan_has_ended():
    replica = make_replica()
    make_rescan(replica, state=RescanState.SUCCEEDED)

    found = rescans.start(None, [replica])

    assert [one.replica_count for one in found.started] == [1]


@pytest.mark.django_db
def test_a_reason_that_postgres_cannot_hold_or_that_is_too_long_loses_some_letters_only():
    found = rescans.start(None, [make_replica()], "why\x00" + "x" * 1000)

    found.started[0].refresh_from_db()
    assert found.started[0].reason == ("why\ufffd" + "x" * 1000)[:LONGEST_REASON]


@pytest.mark.django_db(transaction=True)
def test_two_people_who_press_at_the_same_moment_get_one_rescan():
    server = make_server()
    replicas = [make_replica(server), make_replica(server)]
    people = [make_person(role=Role.OPERATOR) for _ in range(4)]

    found = at_once(4, lambda number: rescans.start(people[number], replicas[:: 1 if number % 2 else -1]))

    only = Rescan.objects.get()
    assert {one.leads_to for one in found} == {only}
    assert sorted(len(one.started) for one in found) == [0, 0, 0, 1]
    assert only.replica_count == 2


@pytest.mark.django_db(transaction=True)
def test_wishes_that_overlap_at_the_same_moment_share_the_replicas_out():
    server = make_server()
    replicas = replicas_of(server, 60)

    at_once(4, lambda number: rescans.start(None, replicas[number * 10 : number * 10 + 30]))

    counts = {one.pk: one.members.count() for one in Rescan.objects.all()}
    assert sum(counts.values()) == 60
    assert {one.pk: one.replica_count for one in Rescan.objects.all()} == counts
