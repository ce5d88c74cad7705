"""The servers' pages: the list, reading one, testing the way to it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app import doctor, models, sync
from replicas_app.choices import Role, SyncState
from replicas_app.models import BackupServer, SyncRun
from tests.factories import (
    make_person,
    make_replica,
    make_server,
    make_server_of,
    make_sync_run,
)
from tests.pages.reading import PART
from tests.pages.server_forms import words
from tests.refusals import FOUR_REFUSALS
from tests.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_the_list_says_of_each_server_what_it_holds_and_how_old_that_is(operator, simulator):
    server = make_server_of(simulator, "lab")
    run, _ = sync.request(server, "person")
    sync.sync(run.pk)

    page = operator.get("/servers/").content.decode()

    assert f'data-server="{server.pk}"' in page
    assert 'data-total="1"' in page
    assert f'href="/replicas/?server={server.pk}">3</a>' in page
    assert "just now" in page


def test_the_list_asks_the_database_as_often_for_three_servers_as_for_one(operator, django_assert_num_queries):
    make_sync_run(make_server())
    with django_assert_num_queries(8):
        operator.get("/servers/")

    for _ in range(2):
        make_sync_run(make_server())
    with django_assert_num_queries(8):
        operator.get("/servers/")


def test_two_people_who_read_a_server_share_one_read_and_the_second_is_told_whose_it_is(signed_in):
    server = make_server()
    anna, bo = (signed_in(make_person(name, role=Role.OPERATOR)) for name in ("anna", "bo"))

    anna.post(f"/servers/{server.pk}/sync/")
    answer = bo.post(f"/servers/{server.pk}/sync/", follow=True)

    assert server.sync_runs.get().asked_by == anna.person
    assert "is being read already, asked for by anna" in words(answer)


@pytest.mark.django_db(transaction=True)
def test_presses_on_sync_within_a_moment_are_one_read(signed_in):
    server = make_server()
    clients = [signed_in(make_person(role=Role.OPERATOR)) for _ in range(4)]

    at_once(4, lambda number: clients[number].post(f"/servers/{server.pk}/sync/"))

    assert server.sync_runs.count() == 1


def test_a_viewer_may_not_read_a_server_again(signed_in):
    server = make_server()

    assert signed_in().post(f"/servers/{server.pk}/sync/").status_code == 403
    assert "/sync/" not in signed_in().get(f"/servers/{server.pk}/").content.decode()


def test_a_running_read_shows_a_bar_that_looks_again_and_an_ended_one_does_not(operator):
    server = make_server()
    run = make_sync_run(server, state=SyncState.RUNNING, rows_read=50, rows_expected=200, step="Reading replicas")

    running = operator.get(f"/servers/{server.pk}/").content.decode()
    SyncRun.objects.filter(pk=run.pk).update(state=SyncState.SUCCEEDED)
    ended = operator.get(f"/servers/{server.pk}/").content.decode()

    assert 'role="progressbar"' in running
    assert 'aria-valuenow="25"' in running
    assert 'data-poll="1"' in running
    assert "hx-trigger" not in ended.split('id="main"')[1].split("<div", 2)[1]
    assert 'role="progressbar"' not in ended


def test_an_open_page_is_sent_nothing_while_nothing_changes_and_announces_changes_only(operator):
    server = make_server()
    run = make_sync_run(server, state=SyncState.RUNNING, rows_read=50, rows_expected=200, step="Reading replicas")
    page = operator.get(f"/servers/{server.pk}/").content.decode()
    again = re.search(r'hx-get="([^"]+)"', page).group(1).replace("&amp;", "&")

    unchanged = operator.get(again, headers=PART)
    SyncRun.objects.filter(pk=run.pk).update(rows_read=60)
    further = operator.get(again, headers=PART)
    SyncRun.objects.filter(pk=run.pk).update(step="Reading restore points")
    next_step = operator.get(again, headers=PART)

    assert unchanged.status_code == 204
    assert further.status_code == 200
    assert "HX-Trigger" not in further.headers
    assert "Reading restore points" in next_step["HX-Trigger"]


def test_the_page_of_a_read_shows_all_of_it(operator):
    server = make_server()
    run = make_sync_run(
        server,
        state=SyncState.PARTIAL,
        error="1 record was set aside.",
        error_cause="aside",
        replicas_added=3,
        points_unchanged=1234,
        set_aside_count=1,
        set_aside=[{"what": "replicas", "id": "not-an-id", "reason": "The id is no UUID."}],
    )
    replicas = [make_replica(server, name) for name in ("vm9", "vm10", "gone")]
    for replica, kind in zip(replicas, ("appeared", "appeared", "removed"), strict=True):
        models.Event.objects.create(server=server, replica=replica, run=run, kind=kind, at=timezone.now())

    everything = operator.get(f"/servers/{server.pk}/runs/{run.pk}/")
    appeared = operator.get(f"/servers/{server.pk}/runs/{run.pk}/?kind=appeared").content.decode()

    assert "The id is no UUID." in words(everything)
    assert "1,234" in words(everything)
    assert 'data-total="3"' in everything.content.decode()
    assert 'data-total="2"' in appeared
    assert re.findall(r'data-replica="([^"]+)"', appeared) == [str(replicas[0].uuid), str(replicas[1].uuid)]


def test_a_read_of_another_server_is_not_found(operator):
    run = make_sync_run(make_server())

    assert operator.get(f"/servers/{make_server().pk}/runs/{run.pk}/").status_code == 404


@pytest.mark.parametrize("page", ["abc", "0", "-1", "99999999999999999999", "٣", "1e3"])
def test_a_page_that_is_not_there_says_so_and_becomes_no_other(operator, page):
    server = make_server()
    run = make_sync_run(server)

    for address in (f"/servers/{server.pk}/", f"/servers/{server.pk}/runs/{run.pk}/"):
        answer = operator.get(address, {"page": page})
        assert answer.status_code == 200
        assert f'data-run="{run.pk}"><td' not in answer.content.decode()
        assert 'role="alert"' in answer.content.decode() or "past the end" in words(answer)


def test_a_failed_server_shows_the_sentence_and_the_fix(operator):
    server = make_server(last_error="The server refuses user name and password.", last_error_cause="login")

    answer = operator.get(f"/servers/{server.pk}/")

    assert "The server refuses user name and password." in words(answer)
    assert "DOMAIN\\user" in words(answer)


def test_the_pause_after_refused_logins_is_shown_with_its_end(operator):
    until = timezone.now().replace(second=0, microsecond=0) + timedelta(minutes=12)
    server = make_server(refused_sign_ins=2, sign_in_paused_until=until)

    answer = operator.get(f"/servers/{server.pk}/")

    assert f"The server is left alone until {until:%-d %b %Y, %H:%M} UTC" in words(answer)


def test_a_server_that_is_left_alone_is_not_due_again_and_again(db):
    now = timezone.now()
    server = make_server(
        next_sync_at=now, last_error_cause="paused", last_error="…", sign_in_paused_until=now + timedelta(minutes=5)
    )

    assert not BackupServer.objects.due(now).exists()
    assert BackupServer.objects.due(now + timedelta(minutes=6)).get() == server


def test_two_rows_of_one_installation_name_each_other(operator):
    one, other = make_server("one", vbr_id="same"), make_server("other", vbr_id="same")

    assert other.get_absolute_url() in operator.get(one.get_absolute_url()).content.decode()


def test_a_connection_test_is_a_wish_that_a_worker_takes_up_and_the_page_shows_its_steps(admin, simulator):
    server = make_server_of(simulator)

    admin.post(f"/servers/{server.pk}/test/")
    waiting = admin.get(f"/servers/{server.pk}/").content.decode()
    doctor.perform(server.pk)
    done = admin.get(f"/servers/{server.pk}/").content.decode()

    assert 'data-poll="1"' in waiting
    assert re.findall(r'data-step="login" data-status="(\w+)"', done) == ["ok"]
    assert 'data-poll="1"' not in done


def test_a_second_press_while_a_test_runs_leads_to_the_same_test(admin, simulator):
    server = make_server_of(simulator)

    admin.post(f"/servers/{server.pk}/test/")
    asked_at = BackupServer.objects.get().doctor_asked_at
    admin.post(f"/servers/{server.pk}/test/")

    assert BackupServer.objects.get().doctor_asked_at == asked_at


def test_a_test_that_no_worker_heard_of_is_sent_again_and_is_done_once(admin, simulator):
    server = make_server_of(simulator)
    admin.post(f"/servers/{server.pk}/test/")

    assert doctor.take_unheard(timezone.now()) == []
    assert doctor.take_unheard(timezone.now() + timedelta(seconds=11)) == [server.pk]
    doctor.perform(server.pk)
    calls = len(simulator.requests)
    doctor.perform(server.pk)

    assert len(simulator.requests) == calls
    assert doctor.take_unheard(timezone.now() + timedelta(seconds=30)) == []


def test_a_successful_test_by_hand_ends_the_pause_and_makes_the_server_due(admin, simulator):
    server = make_server_of(
        simulator,
        refused_sign_ins=2,
        sign_in_paused_until=timezone.now() + timedelta(minutes=15),
        last_error="The server refuses user name and password.",
        last_error_cause="login",
        next_sync_at=timezone.now() + timedelta(hours=1),
    )

    admin.post(f"/servers/{server.pk}/test/")
    doctor.perform(server.pk)

    server.refresh_from_db()
    assert (server.refused_sign_ins, server.sign_in_paused_until) == (0, None)
    assert BackupServer.objects.due(timezone.now()).get() == server


def test_four_refusals_wear_four_faces_on_the_page(admin, simulator):
    server = make_server_of(simulator)
    faces = []
    for rule in FOUR_REFUSALS:
        simulator.faults.clear()
        simulator.faults.add(rule)
        admin.post(f"/servers/{server.pk}/test/")
        doctor.perform(server.pk)
        page = admin.get(f"/servers/{server.pk}/").content.decode()
        faces.append(re.search(r'data-step="login".*?</li>', page, re.DOTALL).group())

    assert len(set(faces)) == 4
    assert "between" in faces[0]
    assert "backslash" in faces[1]
    assert "Veeam Restore Operator" in faces[2]
    assert "authentication failed for svc@internal" in faces[3]
