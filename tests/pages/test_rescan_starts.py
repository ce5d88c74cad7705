"""Starting and stopping a rescan, and who may."""

import pytest
from django.test import Client

from replicas_app.choices import RescanState, Role
from replicas_app.models import Rescan
from tests.factories import (
    make_person,
    make_replica,
    make_rescan,
    make_server,
)
from tests.pages.reading import PART
from tests.pages.rescan_pages import end, page_of, start, text_of
from tests.threads import at_once


def test_a_start_leads_to_the_rescan(operator):
    response = start(operator, make_replica(), reason="points missing")

    rescan = Rescan.objects.get()
    assert response.url == f"/rescans/{rescan.pk}/"
    assert (rescan.asked_by, rescan.reason, rescan.state) == (operator.person, "points missing", RescanState.QUEUED)


def test_a_second_press_leads_to_the_running_rescan_and_says_whose_it_is(signed_in):
    replica = make_replica(name="tier 1")
    first, second = signed_in(make_person("kim", Role.OPERATOR)), signed_in(role=Role.OPERATOR)

    leads_to = [start(client, replica).url for client in (first, second)]

    rescan = Rescan.objects.get()
    assert leads_to == [f"/rescans/{rescan.pk}/"] * 2
    assert f"tier 1 is in rescan {rescan.pk} of kim already." in text_of(second.get(leads_to[1]))


def test_a_selection_that_overlaps_starts_the_rest_and_says_whose_the_others_are(operator):
    server = make_server()
    taken, free = make_replica(server, "taken one"), make_replica(server)
    other = make_rescan(taken, asked_by=make_person("kim"))

    response = start(operator, taken, free)

    assert list(Rescan.objects.latest("pk").replicas.all()) == [free]
    page = operator.get(response.url)
    assert f"taken one is in rescan {other.pk} of kim already." in text_of(page)
    assert f'<a href="/rescans/{other.pk}/">Open rescan {other.pk}</a>' in page.content.decode()


def test_a_start_on_two_servers_leads_to_the_list(operator):
    response = start(operator, make_replica(), make_replica())

    assert response.url == "/rescans/"
    assert "2 rescans of 2 replicas were started." in text_of(operator.get("/rescans/"))


def test_the_replicas_of_a_rescan_can_be_rescanned_again(operator):
    replica = make_replica(name="tier 1")
    rescan = make_rescan(replica, state=RescanState.UNKNOWN)

    response = operator.get(f"/rescans/new/?again={rescan.pk}")

    assert "Rescan tier 1 on" in text_of(response)
    assert f'name="id" value="{replica.pk}"' in response.content.decode()


def test_replicas_that_are_not_known_here_any_more_are_told_and_the_others_are_started(operator):
    replica, gone = make_replica(name="tier 1"), make_replica()
    number = gone.pk
    gone.server.delete()
    words = "1 replica is not known here any more: the server was removed, or it went longer ago than history is kept."

    question = operator.get(f"/rescans/new/?id={replica.pk}&id={number}")
    alone = operator.get(f"/rescans/new/?id={number}")
    response = operator.post("/rescans/start/", {"id": f"{replica.pk},{number}"})

    assert [(one.status_code, words in text_of(one)) for one in (question, alone)] == [(200, True), (422, True)]
    assert "Nothing can be rescanned right now" in text_of(alone)
    assert words in text_of(operator.get(response.url))
    assert Rescan.objects.get().replica_count == 1


def test_a_reason_that_is_too_long_is_told_and_nothing_is_started(operator):
    response = start(operator, make_replica(), reason="x" * 501)

    assert response.status_code == 422
    assert "at most 500 characters" in text_of(response)
    assert not Rescan.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_presses_within_the_same_moment_make_one_rescan_and_a_later_one_works(operator):
    replica = make_replica()
    other = Client()
    other.force_login(make_person(role=Role.OPERATOR))

    leads_to = at_once(4, lambda number: start(operator if number % 2 else other, replica).url)

    rescan = Rescan.objects.get()
    assert leads_to == [f"/rescans/{rescan.pk}/"] * 4

    rescan.members.update(is_open=False)
    end(rescan)
    start(operator, replica)
    assert Rescan.objects.count() == 2


def test_a_waiting_rescan_can_be_cancelled(operator):
    rescan = make_rescan(state=RescanState.QUEUED)

    question = operator.get(f"/rescans/{rescan.pk}/stop/")
    operator.post(f"/rescans/{rescan.pk}/stop/")

    assert "Cancel this rescan?" in text_of(question)
    rescan.refresh_from_db()
    assert rescan.state == RescanState.CANCELLED


def test_a_running_rescan_is_asked_to_stop_and_the_button_goes(operator):
    rescan = make_rescan()
    assert 'id="stop"' in page_of(operator, rescan)

    operator.post(f"/rescans/{rescan.pk}/stop/")

    rescan.refresh_from_db()
    assert (rescan.state, rescan.stop_asked_by) == (RescanState.RUNNING, operator.person)
    assert 'id="stop"' not in page_of(operator, rescan)


def test_a_viewer_sees_everything_and_no_button(viewer):
    page = page_of(viewer, make_rescan()) + page_of(viewer, make_rescan(state=RescanState.FAILED))

    assert 'id="stop"' not in page
    assert 'id="again"' not in page


@pytest.mark.parametrize("path", ["new/", "start/", "{}/stop/"])
def test_a_viewer_may_neither_ask_nor_start_nor_stop(viewer, path):
    rescan = make_rescan()

    response = viewer.post(f"/rescans/{path.format(rescan.pk)}", {"id": make_replica().pk})

    assert response.status_code == 403
    assert "Your role does not allow this." in text_of(response)
    assert Rescan.objects.count() == 1


@pytest.mark.parametrize("path", ["", "new/", "{}/", "{}/stop/"])
def test_nothing_is_shown_without_a_login(db, client, path):
    path = f"/rescans/{path.format(make_rescan().pk)}"

    assert client.get(path).url.startswith("/accounts/login/?next=/rescans/")


def test_a_poll_whose_login_has_ended_leads_to_the_login_and_back_to_the_page(db, client):
    rescan = make_rescan()
    address = f"/rescans/{rescan.pk}/"

    response = client.get(address, headers=PART | {"HX-Current-URL": f"http://testserver{address}?all=1"})

    assert response.status_code == 200
    assert response.headers["HX-Redirect"] == f"/accounts/login/?next={address}%3Fall%3D1"


def test_a_start_by_a_link_is_not_possible(operator):
    assert operator.get("/rescans/start/").status_code == 405
