"""What a page says of the two ages of its data, and of what keeps it from being newer."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.utils import timezone

from replicas_app import pulse
from replicas_app.choices import RescanState, SyncState
from replicas_app.freshness import age_of, data_age
from replicas_app.models import BackupServer, Rescan, SyncRun
from replicas_app.notices import NOBODY_READS, notices_of
from replicas_app.overview import Overview
from replicas_app.times import utc_words
from tests.factories import make_point, make_replica, make_rescan, make_server, make_sync_run, make_vm
from tests.pages.reading import PART, Reading, read

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 13, 31, tzinfo=UTC)
LONG = pulse.SILENT_AFTER * 2


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def a_server(name: str = "vbr", **fields: object) -> BackupServer:
    return make_server(name, **{"last_success_at": ago(minutes=3), "last_full_at": ago(hours=9), **fields})


def words(answer) -> str:
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split()))


def test_the_proof_says_what_is_as_of_the_newest_read_and_what_as_of_the_full_sweep():
    a_server("vbr-oslo")
    a_server("vbr-bergen", last_success_at=ago(minutes=1), last_full_at=ago(hours=11))

    age = data_age(NOW)

    assert (age.words, age.tone, age.moment, age.swept) == ("Data 3 min old", "ok", ago(minutes=3), ago(hours=11))
    assert age.proof == (
        "vbr-oslo was read longest ago: 3 min ago, 25 Nov 2026, 13:28 UTC. Replicas, their states and new restore"
        " points are as of then. Which older restore points have gone or changed is as of the last full sweep:"
        " vbr-bergen, 11 h 00 min ago, 25 Nov 2026, 02:31 UTC."
    )


def test_a_server_that_was_never_read_in_full_is_named():
    a_server("vbr-oslo", last_full_at=None)

    age = data_age(NOW)

    assert (age.tone, age.swept) == ("late", None)
    assert age.proof.endswith("Which older restore points have gone or changed is not known yet of: vbr-oslo.")


def test_the_bar_tells_both_ages_where_they_differ(client, signed_in):
    viewer = signed_in()
    now = timezone.now()
    server = make_server(last_success_at=now - timedelta(minutes=3), last_full_at=now - timedelta(hours=9))

    both = words(viewer.get("/servers/"))
    BackupServer.objects.filter(pk=server.pk).update(last_full_at=server.last_success_at)
    one = words(viewer.get("/servers/"))

    assert "Data 3 min old swept 9 h 00 min ago" in both
    assert "swept" not in one.split("Replicas Restore points")[0]


def test_a_part_that_brings_something_new_brings_the_age_in_the_bar_along(signed_in):
    server, viewer = make_server(), signed_in()
    run, rescan = make_sync_run(server), make_rescan(make_replica(server))
    places = ["/", "/servers/", "/replicas/", "/vms/", "/restore-points/", "/rescans/", "/activity/"]
    places += [one.get_absolute_url() for one in (server, run, rescan)]

    parts = {place: len(Reading(viewer.get(place, headers=PART)).all("#data-age[hx-swap-oob]")) for place in places}
    pages = {place: len(Reading(viewer.get(place)).all("#data-age")) for place in places}

    assert parts == pages == dict.fromkeys(places, 1)


def test_without_javascript_a_page_of_what_goes_on_offers_to_look_again(signed_in):
    server, viewer = make_server(), signed_in()
    going_on = make_sync_run(server, state=SyncState.RUNNING, ended_at=None), make_rescan(make_replica(server))
    places = ["/servers/", "/rescans/", *(one.get_absolute_url() for one in (server, *going_on))]

    before = {place: len(Reading(viewer.get(place)).select("noscript a")) for place in places}
    SyncRun.objects.update(state=SyncState.SUCCEEDED, ended_at=timezone.now())
    Rescan.objects.update(state=RescanState.SUCCEEDED, ended_at=timezone.now(), next_poll_at=None)
    after = {place: len(Reading(viewer.get(place)).select("noscript a")) for place in places}

    assert (before, after) == (dict.fromkeys(places, 1), dict.fromkeys(places, 0))


def test_the_bar_beside_a_list_of_one_server_tells_the_age_of_all_data(signed_in):
    make_server("vbr-oslo", last_success_at=timezone.now() - timedelta(minutes=12))
    fresh = make_server("vbr-bergen")

    part = Reading(signed_in().get(f"/replicas/?server={fresh.pk}", headers=PART))

    assert part.text("#data-age").startswith("Data 12 min old")
    assert part.text("#foot [data-age]") == "Data 1 min old"


def test_the_points_of_one_replica_leave_the_age_of_all_data_in_the_bar_alone(signed_in):
    make_server("vbr-oslo", last_success_at=timezone.now() - timedelta(minutes=12))
    replica = make_replica(make_server("vbr-bergen"))

    part = Reading(signed_in().get(f"{replica.get_absolute_url()}?sort=created", headers=PART))

    assert part.select("#list") != []
    assert part.select("#data-age") == []


@pytest.mark.parametrize(
    ("fields", "tone", "strong"),
    [
        ({}, "", ""),
        ({"last_full_at": ago(hours=25.9)}, "", ""),
        ({"last_full_at": ago(hours=26.1)}, "late", "vbr has not been read in full for more than a day."),
        ({"last_full_at": None}, "late", "vbr has never been read in full."),
        ({"last_full_at": None, "is_enabled": False}, "unknown", "vbr is disabled."),
        ({"last_full_at": ago(hours=30), "last_error": "It is busy."}, "late", "vbr was not read completely"),
        ({"doubt": {"replicas": [40, 1401]}}, "late", "vbr answered with 40 of 1,401 replicas."),
        (
            {"doubt": {"replicas": [0, 12], "restore points": [1, 9000]}},
            "late",
            "vbr answered with 0 of 12 replicas and 1 of 9,000 restore points.",
        ),
        ({"last_success_at": NOW + timedelta(days=1)}, "late", "vbr was last read before our clock was set back"),
    ],
)
def test_what_keeps_the_rows_of_a_server_from_being_newer_is_told(fields, tone, strong):
    told = notices_of([a_server(**fields)], NOW)

    assert [notice.tone for notice in told] == ([tone] if tone else [])
    assert all(notice.strong.startswith(strong) for notice in told)


def test_a_doubted_drop_leads_to_the_page_where_it_can_be_accepted_and_hides_no_other_fault():
    server = a_server(
        doubt={"replicas": [4, 40]}, last_error="Its certificate expired.", last_error_cause="tls_expired"
    )

    (notice,) = notices_of([server], NOW)

    assert (notice.href, notice.act) == (server.get_absolute_url(), "Decide")
    assert notice.text == (
        "We kept all of them. Its rows are as of 25 Nov 2026, 13:28 UTC. If the others are really gone, accept that."
        " Its certificate expired."
    )


def test_data_read_before_our_clock_was_set_back_is_of_unknown_age_and_never_of_a_negative_one():
    age = age_of([a_server(last_success_at=NOW + timedelta(days=1))], NOW)

    assert (age.words, age.tone) == ("Data of unknown age", "late")
    assert age_of([BackupServer.objects.get()], NOW + timedelta(days=1, seconds=-40)).words == "Data just read"


def test_a_server_that_nobody_reads_tells_who_is_silent():
    server = a_server(last_success_at=ago(hours=2))
    (guess,) = notices_of([server], NOW)
    pulse.begin(ago(hours=2))

    (known,) = notices_of([server], NOW)

    assert guess.text.endswith(NOBODY_READS)
    assert "The scheduler has given no sign since 25 Nov 2026, 11:31 UTC." in known.text


@pytest.mark.parametrize("page", ["/", "/servers/"])
def test_that_no_worker_answers_is_told_until_one_does(signed_in, page):
    make_server()
    viewer, since = signed_in(), timezone.now() - LONG
    pulse.begin(since)
    pulse.take_question(since)
    pulse.sign_of_scheduler(timezone.now())

    silent = words(viewer.get(page))
    pulse.sign_of_worker(timezone.now())
    well = words(viewer.get(page))

    assert f"No worker has answered since {utc_words(since)}." in silent
    assert "No worker has answered" not in well


@pytest.mark.parametrize("page", ["/", "/servers/"])
def test_that_the_queue_cannot_be_reached_is_told_at_once_and_until_it_is_back(signed_in, page):
    make_server()
    viewer, since = signed_in(), timezone.now()
    pulse.begin(since)
    for moment in (since, since + timedelta(seconds=9)):
        pulse.queue_was_not_reached(moment)

    away = words(viewer.get(page))
    pulse.queue_was_reached(timezone.now())
    well = words(viewer.get(page))

    assert f"The queue cannot be reached since {utc_words(since)}." in away
    assert "What is asked for meanwhile is kept, and done once." in away
    assert "The queue" not in well


@pytest.mark.parametrize(
    ("part", "words_of_it"), [("scheduler", "nobody tells a worker"), ("worker", "taken anything up")]
)
def test_a_read_that_waits_says_why_nobody_takes_it_up(signed_in, part, words_of_it):
    server = make_server()
    run = make_sync_run(server, state=SyncState.QUEUED, started_at=None, ended_at=None)
    pulse.begin(timezone.now() - LONG)
    if part == "worker":
        pulse.take_question(timezone.now() - LONG)
        pulse.sign_of_scheduler(timezone.now())
    viewer = signed_in()

    told = [words(viewer.get(one.get_absolute_url())) for one in (server, run)]

    assert [(words_of_it in page, "This is kept, and goes on by itself" in page) for page in told] == [(True, True)] * 2


def test_an_open_overview_takes_up_that_a_worker_fell_silent_and_that_it_is_back(signed_in):
    make_server()
    viewer, now = signed_in(), timezone.now()
    pulse.begin(now)
    asks = re.search(r'hx-get="(/\?seen=[^"]+)"', viewer.get("/").content.decode())[1]

    quiet = viewer.get(asks, headers=PART)
    pulse.begin(now - LONG)
    silent = viewer.get(asks, headers=PART)
    asks_then = re.search(r'hx-get="(/\?seen=[^"]+)"', silent.content.decode())[1]
    pulse.begin(now)
    well = viewer.get(asks_then, headers=PART)

    assert quiet.status_code == 204
    assert "The scheduler has given no sign" in words(silent)
    assert well.status_code == 200
    assert "no sign" not in words(well)


@pytest.mark.parametrize("skew", [0, 600, -600, 86_400, -86_400], ids=lambda skew: f"{skew} s ahead")
def test_a_point_just_made_is_new_on_every_page_whatever_the_clocks_show(signed_in, skew):
    server = make_server(clock_skew_seconds=skew)
    vm = make_vm(make_replica(server))
    made = timezone.now() + timedelta(seconds=skew)
    point = make_point(vm, created_at=made)
    type(vm).objects.filter(pk=vm.pk).update(newest_point_at=made, point_count=1)
    type(vm.replica).objects.filter(pk=vm.replica_id).update(newest_point_at=made, point_count=1)
    viewer = signed_in()

    pages = ["/replicas/", "/vms/", "/restore-points/", *(row.get_absolute_url() for row in (vm.replica, vm, point))]
    ages = {page: times_of(viewer.get(page).content.decode(), made) for page in pages}

    assert ages == {page: {"just now"} for page in pages}
    assert Overview(timezone.now()).new_points.count == 1
    assert Overview(timezone.now()).days[-1].count == 1


def times_of(page: str, moment: datetime) -> set[str]:
    """The words of all ages of this moment on the page."""
    iso = moment.isoformat(timespec="seconds")
    return set(re.findall(rf'<time datetime="{re.escape(iso)}"[^>]* data-since[^>]*>([^<]*)<', page))


@pytest.mark.parametrize(
    ("read_before", "swept_before", "told"),
    [
        (90, 90, "read 1 min ago"),
        (90, 9 * 3600 + 30, "read 1 min ago , in full 9 h 00 min ago"),
        (90, None, "read 1 min ago , never in full"),
        (None, None, "never read"),
    ],
)
def test_a_page_of_one_thing_says_when_its_server_was_read_and_when_in_full(signed_in, read_before, swept_before, told):
    now = timezone.now()
    read_at, swept_at = (None if one is None else now - timedelta(seconds=one) for one in (read_before, swept_before))
    point = make_point(make_vm(make_replica(make_server("vbr", last_success_at=read_at, last_full_at=swept_at))))
    viewer = signed_in()

    facts = [read(viewer, one.get_absolute_url()).facts["Server"] for one in (point, point.vm, point.replica)]

    assert facts == [f"vbr , {told}"] * 3
