"""A replica whose rescan ended well is left alone for a while, and everybody is told so in the same words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import cool_down, rescans
from replicas_app.choices import RescanState, Role
from replicas_app.models import Replica, RescanReplica
from tests.factories import make_person, make_replica, make_rescan, make_server
from tests.rescans.driving import to_the_end

COOL_DOWN = 60


@pytest.fixture(autouse=True)
def a_minute(settings):
    settings.RESCAN_COOL_DOWN_SECONDS = COOL_DOWN


def rescanned(replica: Replica, seconds_ago: float, **fields) -> None:
    """A rescan of the replica that ended so long ago, well unless `state` says otherwise."""
    ended_at = timezone.now() - timedelta(seconds=seconds_ago)
    rescan = make_rescan(replica, **{"state": RescanState.SUCCEEDED, "ended_at": ended_at, **fields})
    well = rescan.state in rescans.ENDS_WELL
    RescanReplica.objects.filter(rescan=rescan).update(ended_well_at=ended_at if well else None)


@pytest.mark.parametrize(
    ("result", "rests"), [("Success", True), ("Warning", True), ("Failed", False)], ids=lambda value: str(value)
)
def test_a_rescan_that_ended_well_leaves_its_replicas_alone_for_a_while(simulator, rescan, replicas, result, rests):
    simulator.next_result(result)
    to_the_end(rescan, simulator)

    found = rescans.start(None, replicas[:3])

    assert found.resting == ({rescan: replicas[:2]} if rests else {})
    assert [set(one.replicas.all()) for one in found.started] == [set(replicas[2:3] if rests else replicas[:3])]


@pytest.mark.django_db
def test_a_wish_whose_replicas_all_rest_starts_nothing_and_leads_to_the_rescan_that_they_had():
    replica = make_replica()
    rescanned(replica, 20, asked_by=make_person("anna"))

    found = rescans.start(None, [replica])

    assert (found.started, list(found.resting), found.leads_to) == ([], [replica.rescans.get()], replica.rescans.get())


@pytest.mark.django_db
def test_when_the_time_is_over_it_can_be_rescanned_again():
    replica = make_replica()
    rescanned(replica, COOL_DOWN + 1)

    assert [one.replica_count for one in rescans.start(None, [replica]).started] == [1]


@pytest.mark.django_db
def test_without_a_cool_down_it_can_be_rescanned_at_once(settings):
    settings.RESCAN_COOL_DOWN_SECONDS = 0
    replica = make_replica()
    rescanned(replica, 0.1)

    assert [one.replica_count for one in rescans.start(None, [replica]).started] == [1]


@pytest.mark.django_db
def test_the_newest_rescan_that_ended_well_counts_and_a_later_failure_does_not_undo_it():
    replica = make_replica()
    rescanned(replica, 500)
    rescanned(replica, 30)
    rescanned(replica, 10, state=RescanState.FAILED)

    (rests,) = rescans.start(None, [replica]).resting

    assert rests.state == RescanState.SUCCEEDED


@pytest.mark.django_db
def test_a_page_reads_who_rests_and_who_is_in_a_rescan_with_its_rows(django_assert_num_queries):
    server, anna = make_server(), make_person("anna", Role.OPERATOR)
    resting, taken, free = (make_replica(server, name) for name in "abc")
    rescanned(resting, 500)
    rescanned(resting, 20, asked_by=anna)
    rescanned(free, COOL_DOWN + 5, asked_by=anna)
    other = make_rescan(taken)

    with django_assert_num_queries(1):
        rows = list(rescans.with_acts(Replica.objects.order_by("name"), timezone.now()))

    assert [(row.name, row.open_rescan_id, row.rested_at is not None, row.rested_by) for row in rows] == [
        ("a", None, True, "anna"),
        ("b", other.pk, False, None),
        ("c", None, False, None),
    ]


@pytest.mark.parametrize(
    ("cool_down_seconds", "ago", "who", "words"),
    [
        (60, 20, "anna", "rescanned 20 s ago by anna; again in 40 s"),
        (60, 20.7, "anna", "rescanned 20 s ago by anna; again in 40 s"),
        (60, 59.9, None, "rescanned 59 s ago by the shell; again in 1 s"),
        (60, -3, "anna", "rescanned 0 s ago by anna; again in 1 min 03 s"),
        (3600, 125, "anna", "rescanned 2 min 05 s ago by anna; again in 57 min 55 s"),
    ],
)
def test_the_reason_is_said_in_whole_seconds(settings, cool_down_seconds, ago, who, words):
    settings.RESCAN_COOL_DOWN_SECONDS = cool_down_seconds
    now = timezone.now()

    assert cool_down.words(now - timedelta(seconds=ago), who, now) == words
