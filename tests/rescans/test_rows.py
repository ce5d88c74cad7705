"""What is due is found, told once, and told again when the message is lost."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from replicas_app import locks, rescans
from replicas_app.choices import RescanState
from replicas_app.models import Rescan
from replicas_app.rescans import rows, steps
from tests.factories import make_rescan
from tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def in_seconds(seconds: float):
    return timezone.now() + timedelta(seconds=seconds)


def test_a_scheduler_that_finds_nothing_due_asks_one_question(django_assert_num_queries):
    make_rescan(next_poll_at=in_seconds(60))
    make_rescan(state=RescanState.SUCCEEDED)

    with django_assert_num_queries(1):
        assert rescans.take_due(timezone.now()) == []


def test_a_due_step_is_told_once():
    rescan = make_rescan()

    assert [rescans.take_due(timezone.now()) for _ in range(2)] == [[rescan.pk], []]


def test_a_message_that_was_lost_is_sent_again_when_its_lease_is_over():
    rescan = make_rescan(enqueued_at=timezone.now())

    lease = rows.MESSAGE_LEASE.total_seconds()
    assert rescans.take_due(in_seconds(lease - 1)) == []
    assert rescans.take_due(in_seconds(lease + 1)) == [rescan.pk]


def test_two_schedulers_at_the_same_moment_tell_each_rescan_once():
    keys = {make_rescan().pk for _ in range(5)}

    found = at_once(4, lambda _: rescans.take_due(timezone.now()))

    assert sorted(key for part in found for key in part) == sorted(keys)


def test_a_message_that_comes_twice_finds_nothing_to_do():
    rescan = make_rescan()

    with rescans.claim(rescan.pk) as first:
        rows.went_well(first)
    with rescans.claim(rescan.pk) as second:
        assert second is None


def test_two_workers_at_the_same_moment_take_one_step():
    rescan = make_rescan()

    def take(_: int) -> bool:
        with rescans.claim(rescan.pk) as claimed:
            if claimed:
                rows.went_well(claimed)
            return claimed is not None

    assert sorted(at_once(4, take)) == [False, False, False, True]


def test_a_step_that_was_told_is_taken_even_by_a_clock_that_runs_late():
    rescan = make_rescan(next_poll_at=in_seconds(5), enqueued_at=timezone.now())

    with rescans.claim(rescan.pk) as claimed:
        assert claimed == rescan


def test_an_ended_rescan_is_not_claimed():
    rescan = make_rescan(state=RescanState.SUCCEEDED)

    with rescans.claim(rescan.pk) as claimed:
        assert claimed is None


def test_no_lock_is_held_after_a_step():
    rescan = make_rescan()

    with rescans.claim(rescan.pk):
        assert locks.held(locks.Space.RESCAN) == {rescan.pk}

    assert locks.held(locks.Space.RESCAN) == set()


def test_the_due_are_found_by_an_index_that_holds_open_rescans_only():
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + rows._TAKE_DUE, dict.fromkeys(("now", "lapsed", "farthest"), timezone.now()))
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")

    assert "rescans_due" in plan


@pytest.mark.parametrize(("polls", "seconds"), [(1, 1), (2, 1.25), (3, 1.5625), (13, 14.551915), (14, 15), (1000, 15)])
def test_pauses_grow_from_one_second_to_fifteen(polls, seconds):
    assert rows.pause_after(polls).total_seconds() == seconds


@pytest.mark.parametrize(("failures", "seconds"), [(1, 2), (2, 4), (5, 32), (6, 60), (1000, 60)])
def test_pauses_without_an_answer_grow_to_a_minute(failures, seconds):
    assert rows.pause_after_failures(failures).total_seconds() == seconds


def test_a_lost_answer_is_looked_for_during_about_a_minute():
    pauses = sum((rows.pause_after(looks) for looks in range(1, steps.LOOKS)), rows.FIRST_PAUSE)

    assert timedelta(seconds=50) < pauses < timedelta(seconds=70)


def test_a_state_that_somebody_else_changed_meanwhile_is_not_overwritten():
    rescan = make_rescan()
    Rescan.objects.filter(pk=rescan.pk).update(state=RescanState.CANCELLED, ended_at=timezone.now(), next_poll_at=None)

    assert not rows.went_well(rescan, progress=50)

    rescan.refresh_from_db()
    assert (rescan.state, rescan.progress) == (RescanState.CANCELLED, None)
