"""A server in a line: what the list, the overview and its own page say of its state, in the same words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app.choices import SyncState
from replicas_app.models import BackupServer
from replicas_app.overview import Overview
from tests.factories import make_replica, make_rescan, make_server, make_sync_run
from tests.pages.reading import read


def ago(**span: float):
    return timezone.now() - timedelta(**span)


def test_a_server_without_a_full_sweep_for_a_day_is_not_called_up_to_date(viewer):
    server = make_server("vbr-oslo", last_full_at=ago(hours=40))

    pages = [read(viewer, place) for place in ("/", "/servers/", server.get_absolute_url())]

    assert [page.text("main .pill") for page in pages] == ["No full sweep for a day"] * 3
    assert pages[0].attribute("li[data-server]", "data-status") == "late"
    assert Overview(timezone.now()).failed_reads == 0


def test_the_list_to_which_the_age_in_the_bar_leads_has_both_ages_of_each_server(viewer):
    make_server("vbr-oslo", last_success_at=ago(minutes=3), last_full_at=ago(hours=9, seconds=30))
    make_server("vbr-bergen", last_full_at=None)

    rows = read(viewer, "/servers/").rows("server")

    assert [row.cells[2:4] for row in rows] == [["1 min ago", "never"], ["3 min ago", "9 h 00 min ago"]]


def test_a_read_that_waits_for_a_worker_is_not_said_to_be_under_way(viewer):
    server = make_server()
    run = make_sync_run(server, state=SyncState.QUEUED, started_at=None, ended_at=None)

    assert read(viewer, "/servers/").text(f"#reading-{server.pk}") == "waits for a worker"
    assert "read 1 min ago" in read(viewer, "/").text("li[data-server]")
    run.state, run.started_at = SyncState.RUNNING, timezone.now()
    run.save()
    assert read(viewer, "/servers/").text(f"#reading-{server.pk}") == "reading"


def test_a_server_that_was_never_read_says_never_read(viewer):
    make_server(last_success_at=None, last_error="It is busy.", last_error_cause="busy")

    assert "0 points · never read" in read(viewer, "/").text("li[data-server]")


def test_the_next_read_of_a_server_that_is_left_alone_comes_after_the_pause(viewer):
    server = make_server(
        last_error="It is left alone.", last_error_cause="paused", sign_in_paused_until=ago(minutes=-12)
    )

    told = read(viewer, server.get_absolute_url()).facts["Next read"]

    assert told.endswith(f"{server.sign_in_paused_until:%H:%M} UTC , after the pause")


def test_the_ages_of_points_in_a_rescan_are_by_the_clock_of_the_server(viewer):
    server = make_server(clock_skew_seconds=-3600.0)
    replicas = make_replica(server, "a", newest_point_at=ago(hours=1, minutes=1)), make_replica(server, "b")
    rescan = make_rescan(*replicas)

    rows = read(viewer, rescan.get_absolute_url()).rows("replica")

    assert [row.cells[-1] for row in rows] == ["1 min", "–"]


@pytest.mark.parametrize(("count", "names"), [(1, "a"), (2, "a and b"), (3, "a, b and c"), (5, "a, b, c and 2 more")])
def test_servers_that_were_never_read_are_named_and_the_others_counted(viewer, count, names):
    for name in "abcde"[:count]:
        make_server(name, last_success_at=None)

    assert read(viewer, "/").attribute("#data-age", "title") == f"No read has succeeded yet of: {names}."
    assert BackupServer.objects.count() == count
