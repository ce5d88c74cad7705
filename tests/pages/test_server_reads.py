"""What a server's page says of its reads: their two kinds and ages, a drop that waits for a person, clocks, tests."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import doctor, sync
from replicas_app.choices import SyncState
from replicas_app.models import BackupServer, SyncRun
from replicas_app.simulator import Simulator
from replicas_app.sync.schedule import next_sweep_after
from tests.factories import make_server, make_server_of, make_sync_run
from tests.pages.reading import PART, read
from tests.syncing import do_sync

DROPPED = {"replicas": [40, 401]}
SEEN = "replicas 40 of 401"


@pytest.fixture
def simulator():
    with Simulator(replicas=12, vms=1, points=2, seed=7, still=True, tls=True) as simulator:
        yield simulator


def page_of(client, server: BackupServer):
    return read(client, server.get_absolute_url())


# Two kinds, two ages


def test_a_page_tells_the_age_of_news_from_that_of_everything(operator):
    now = timezone.now()
    server = make_server(
        last_success_at=now - timedelta(minutes=2),
        last_full_at=now - timedelta(hours=6),
        next_full_at=next_sweep_after(now),
    )

    page = page_of(operator, server)

    assert page.text("#age-of-news").startswith("2 min ago")
    assert page.text("#age-of-all").startswith("6 h 00 min ago")
    assert page.text("#next-sweep").endswith("02:30 UTC")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"last_full_at": None, "next_full_at": None}, "with the next read"),
        ({"next_full_at": timezone.now(), "why_full": "after rescan 12"}, "with the next read: after rescan 12"),
    ],
)
def test_a_sweep_that_is_due_says_so_and_why(operator, fields, words):
    server = make_server(**{"last_full_at": timezone.now(), **fields})

    assert page_of(operator, server).text("#next-sweep") == words


def test_a_disabled_server_plans_no_sweep(operator):
    page = page_of(operator, make_server(is_enabled=False, next_full_at=timezone.now()))

    assert page.facts["Next read"] == "none: disabled"
    assert page.select("#next-sweep") == []


@pytest.mark.django_db(transaction=True)
def test_reading_everything_is_a_press_and_its_run_says_whose(operator, simulator):
    server = make_server_of(simulator)
    do_sync(server)

    operator.post(f"/servers/{server.pk}/sync/", {"full": "1"})
    run = SyncRun.objects.open().get()
    sync.sync(run.pk)

    page = read(operator, run.get_absolute_url())
    assert page.text("#kind") == f"Full sweep: asked for by {operator.person}"


@pytest.mark.django_db(transaction=True)
def test_reading_now_reads_what_is_new(operator, simulator):
    server = make_server_of(simulator)
    do_sync(server)

    operator.post(f"/servers/{server.pk}/sync/")
    run = SyncRun.objects.open().get()
    sync.sync(run.pk)

    page = read(operator, run.get_absolute_url())
    assert page.text("#kind") == "Interval sync"
    assert "An interval sync reads all replicas" in page.soup.get_text()


def test_a_wish_for_everything_while_only_news_is_read_follows_right_after_it(operator):
    server = make_server(last_full_at=timezone.now())
    make_sync_run(server, state=SyncState.RUNNING, ended_at=None)

    answer = operator.post(f"/servers/{server.pk}/sync/", {"full": "1"}, follow=True)

    server.refresh_from_db()
    assert "everything is read right after it" in answer.text
    assert server.why_full == f"asked for by {operator.person}"


def test_a_wish_for_everything_while_everything_is_read_is_that_read(operator):
    server = make_server(last_full_at=timezone.now())
    make_sync_run(server, state=SyncState.RUNNING, ended_at=None, is_full=True, why_full="the nightly sweep")

    answer = operator.post(f"/servers/{server.pk}/sync/", {"full": "1"}, follow=True)

    server.refresh_from_db()
    assert "this is that read" in answer.text
    assert server.why_full == ""


def test_each_read_in_the_list_says_its_kind_and_one_that_waits_does_not_know_it_yet(operator):
    server = make_server()
    make_sync_run(server, is_full=True)
    make_sync_run(server)
    make_sync_run(server, state=SyncState.QUEUED, started_at=None, ended_at=None)

    assert [row.cells[2] for row in page_of(operator, server).rows("run")] == ["–", "Interval sync", "Full sweep"]


def test_a_running_sweep_says_why_it_is_one(operator):
    server = make_server(last_full_at=timezone.now())
    make_sync_run(server, state=SyncState.RUNNING, ended_at=None, is_full=True, why_full="the nightly sweep")

    page = page_of(operator, server)

    assert "Full sweep: the nightly sweep" in page.text(".being-read")
    assert page.text("#next-sweep") == "under way"


def test_a_server_that_was_not_swept_for_a_day_asks_for_it(operator):
    server = make_server(last_full_at=timezone.now() - timedelta(days=2), next_full_at=timezone.now())

    assert page_of(operator, server).select("#sweep-now") != []


# A drop


@pytest.mark.django_db(transaction=True)
def test_what_a_read_found_first_is_a_list_away(operator, simulator):
    server = make_server_of(simulator)
    do_sync(server)
    new = simulator.world.points[0] | {"id": "00000000-0000-4000-8000-00000000beef"}
    simulator.world.points.append(new)

    page = read(operator, do_sync(server).get_absolute_url())

    assert page.select("#new-replicas") == []
    listed = read(operator, page.attribute("#new-points", "href"))
    assert [row["data-point"] for row in listed.select("tr[data-point]")] == [new["id"]]


def test_a_drop_is_told_with_its_numbers_and_an_admin_may_accept_it(admin, operator):
    server = make_server("vbr-oslo", doubt=DROPPED, last_error="…", last_error_cause="drop")

    page = page_of(admin, server)

    assert "vbr-oslo answered with 40 of 401 replicas. We kept all 401." in page.text(".notice")
    assert page.attribute("#accept-drop", "href") == f"/servers/{server.pk}/accept-drop/"
    assert page_of(operator, server).select("#accept-drop") == []
    assert "an admin can accept it" in page_of(operator, server).text(".notice")


def test_a_drop_waits_on_after_reads_that_came_through(admin):
    server = make_server("vbr-oslo", doubt=DROPPED)

    assert "We kept all 401." in page_of(admin, server).text(".notice")
    assert "Waits for a decision" in read(admin, "/servers/").text(f'tr[data-server="{server.pk}"]')


def test_accepting_a_drop_asks_first_and_says_what_will_happen(admin):
    server = make_server(doubt=DROPPED)

    page = read(admin, f"/servers/{server.pk}/accept-drop/")

    assert "40 of 401 replicas stay; about 361 are marked as removed" in page.text(".goes")
    assert page.attribute("input[name=seen]", "value") == SEEN
    server.refresh_from_db()
    assert server.accepted_drop == {}


@pytest.mark.django_db(transaction=True)
def test_an_accepted_drop_removes_what_is_gone_with_the_full_sweep_that_follows(admin, simulator):
    server = make_server_of(simulator)
    do_sync(server)
    kept, simulator.world.replicas = list(simulator.world.replicas), simulator.world.replicas[:1]
    do_sync(server)
    seen = f"replicas 1 of {len(kept)}"
    assert server.doubt["replicas"] == [1, len(kept)]

    mark = read(admin, f"/servers/{server.pk}/accept-drop/").attribute("input[name=seen]", "value")
    admin.post(f"/servers/{server.pk}/accept-drop/", {"seen": mark})
    run = SyncRun.objects.open().get()
    told = page_of(admin, server)
    sync.sync(run.pk)

    server.refresh_from_db()
    assert mark.startswith(seen)
    assert "The shorter list was accepted." in told.soup.get_text()
    assert (server.doubt, server.accepted_drop, server.replicas.present().count()) == ({}, {}, 1)


def test_numbers_that_a_person_has_not_seen_are_not_accepted(admin):
    server = make_server(doubt={"replicas": [3, 401]})

    answer = admin.post(f"/servers/{server.pk}/accept-drop/", {"seen": SEEN}, follow=True)

    server.refresh_from_db()
    assert "Nothing was accepted." in answer.text
    assert (server.accepted_drop, SyncRun.objects.count()) == ({}, 0)


def test_a_second_press_on_accept_finds_nothing_more(admin):
    server = make_server(doubt=DROPPED)

    admin.post(f"/servers/{server.pk}/accept-drop/", {"seen": SEEN})
    answer = admin.post(f"/servers/{server.pk}/accept-drop/", {"seen": SEEN}, follow=True)

    assert "There is nothing to accept" in answer.text
    assert SyncRun.objects.count() == 1


def test_where_nothing_is_doubted_a_dialog_leads_back_to_the_page(admin):
    server = make_server()

    answer = admin.get(f"/servers/{server.pk}/accept-drop/", headers=PART)

    assert answer["HX-Redirect"] == server.get_absolute_url()


def test_the_drop_of_a_disabled_server_is_not_accepted(admin):
    server = make_server(doubt=DROPPED, is_enabled=False)

    admin.post(f"/servers/{server.pk}/accept-drop/", {"seen": SEEN})

    assert not SyncRun.objects.exists()


# Clocks


@pytest.mark.parametrize(("skew", "words"), [(600.0, "10 min 00 s ahead of"), (-600.0, "10 min 00 s behind")])
def test_a_clock_that_runs_wrong_is_shown_with_what_comes_of_it(operator, skew, words):
    server = make_server(clock_skew_seconds=skew)
    run = make_sync_run(server)

    assert f"{words} this machine's" in page_of(operator, server).text(".notice")
    assert f"{words} ours" in page_of(operator, server).text("#clock")
    assert f"{words} this machine's" in read(operator, run.get_absolute_url()).text("#clock")


def test_clocks_that_agree_are_no_news(operator):
    page = page_of(operator, make_server(clock_skew_seconds=2.0))

    assert page.text("#clock") == "2.0 s ahead of ours"
    assert "The clocks differ." not in page.soup.get_text()


# Tests after failed reads


@pytest.mark.django_db(transaction=True)
def test_a_test_after_a_failed_read_names_that_read_and_the_read_leads_to_it(operator, simulator):
    server = make_server_of(simulator, password="wrong")
    run = do_sync(server)
    doctor.ask_after(run.pk)
    doctor.perform(server.pk)

    page, of_the_read = page_of(operator, server), read(operator, run.get_absolute_url())

    assert page.attribute("#tested-after", "href") == run.get_absolute_url()
    assert "“Signs in as svc” fails: refused." in of_the_read.soup.get_text()
    assert of_the_read.attribute("#report", "href") == server.get_absolute_url()


def test_a_test_by_hand_belongs_to_no_read(operator, simulator):
    server = make_server_of(simulator)
    doctor.ask(server)
    doctor.perform(server.pk)

    assert page_of(operator, server).select("#tested-after") == []


def test_a_failed_read_whose_row_is_gone_is_told_all_the_same(operator):
    now = timezone.now()
    report = {"verdict": "…", "seconds": 1.0, "steps": [], "certificate": None}
    server = make_server(doctor_run_id=999_999, doctor_asked_at=now, doctor_at=now, doctor_report=report)

    assert "after a failed read" in page_of(operator, server).soup.get_text()
