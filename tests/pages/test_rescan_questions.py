"""The question before a rescan, and the button of a replica that is left alone for a while."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from replicas_app.models import Rescan, RescanReplica
from tests.factories import (
    make_person,
    make_replica,
    make_rescan,
    make_server,
)
from tests.pages.reading import PART, Reading, read
from tests.pages.rescan_pages import start, text_of
from tests.rescans.test_cool_down import rescanned
from tests.rescans.test_wishes import replicas_of


@pytest.fixture
def a_minute(settings):
    settings.RESCAN_COOL_DOWN_SECONDS = 60


def test_the_button_of_a_replica_that_rests_is_disabled_with_the_reason_in_reach(operator, a_minute):
    replica = make_replica(make_server("lab"), "tier 1")
    rescanned(replica, 20, asked_by=make_person("anna"))

    for address, selector in (("/replicas/", f"#act-{replica.pk}"), (f"/replicas/{replica.pk}/", ".acts")):
        page = read(operator, address)
        (button,) = page.all(f"{selector} a.button")
        assert button["aria-disabled"] == "true"
        assert re.fullmatch(r"Rescanned 2\d s ago by anna; again in [34]\d s", button["title"])
        assert page.text(f"#{button['aria-describedby']}") == button["title"]
        assert page.attribute("[data-poll]", "data-poll") == "5"


def test_a_resting_replica_is_refused_by_the_server_with_the_same_words_and_the_rest_is_started(operator, a_minute):
    server = make_server("lab")
    rests, free = make_replica(server, "tier 1"), make_replica(server)
    rescanned(rests, 20, asked_by=make_person("anna"))

    question, alone = ask(operator, rests, free), ask(operator, rests)
    response = start(operator, rests, free)

    words = r"tier 1 was rescanned 2\d s ago by anna; again in [34]\d s\."
    assert (question.status_code, alone.status_code) == (200, 422)
    assert re.search(words, text_of(question))
    assert re.search(words, text_of(alone))
    assert list(Rescan.objects.latest("pk").replicas.all()) == [free]
    assert re.search(words, text_of(operator.get(response.url)))


def test_a_start_of_resting_replicas_alone_leads_to_the_rescan_that_they_had(operator, a_minute):
    replica = make_replica(name="tier 1")
    rescanned(replica, 20)

    response = start(operator, replica)

    assert response.url == f"/rescans/{Rescan.objects.get().pk}/"
    assert "tier 1 was rescanned" in text_of(operator.get(response.url))


def test_the_buttons_of_a_page_are_told_anew_until_they_can_be_pressed(operator, a_minute):
    server = make_server("lab")
    rests, taken = make_replica(server, "tier 1"), make_replica(server, "tier 2")
    rescanned(rests, 20)
    rescan = make_rescan(taken)
    watch = read(operator, "/replicas/").attribute("#acts-watch", "hx-get")

    first = Reading(operator.get(watch, headers=PART))
    RescanReplica.objects.filter(replica=rests).update(ended_well_at=timezone.now() - timedelta(seconds=61))
    second = Reading(operator.get(watch, headers=PART))
    rescan.members.update(is_open=False)
    third = Reading(operator.get(watch, headers=PART))

    assert [first.text(f"#act-{pk} a") for pk in (rests.pk, taken.pk)] == ["Rescan…", "In a rescan"]
    assert first.attribute("#acts-watch", "data-poll") == "5"
    assert "aria-disabled" not in second.all(f"#act-{rests.pk} a")[0]
    assert (second.attribute("#acts-watch", "data-poll"), second.attribute("#acts-watch", "hx-get")[-3:]) == (
        "15",
        f"={taken.pk}"[-3:],
    )
    assert third.all("#acts-watch") == []
    assert [third.text(f"#act-{pk} a") for pk in (rests.pk, taken.pk)] == ["Rescan…", "Rescan…"]


def test_rescan_again_waits_for_the_end_of_the_rest_as_well(operator, a_minute):
    replica = make_replica()
    rescanned(replica, 20, asked_by=make_person("anna"))
    rescan = Rescan.objects.get()

    page = read(operator, f"/rescans/{rescan.pk}/")
    assert page.all("#again")[0]["aria-disabled"] == "true"
    assert page.text("#why-not-again").startswith("Rescanned 2")

    Rescan.objects.update(ended_at=timezone.now() - timedelta(seconds=61))
    again = Reading(operator.get(page.attribute("#again-act", "hx-get"), headers=PART))
    assert ("aria-disabled" in again.all("#again")[0], again.all("[data-poll]")) == (False, [])


@pytest.mark.parametrize("query", ["id=abc", "id=1,x", "again=0", "again=x"])
def test_buttons_of_what_is_no_number_are_not_told(operator, query):
    assert operator.get(f"/rescans/acts/?{query}").status_code == 400


def ask(client: Client, *replicas, method: str = "get", **headers: str):
    return getattr(client, method)("/rescans/new/", {"id": [replica.pk for replica in replicas]}, headers=headers)


def test_before_a_rescan_it_is_said_what_it_does_and_nothing_is_started(operator):
    server = make_server("vbr-bergen")

    response = ask(operator, *(make_replica(server) for _ in range(3)))

    assert "Rescan 3 replicas on vbr-bergen?" in text_of(response)
    assert "It changes no VM; it may take minutes, and other rescans on vbr-bergen wait until it ends." in text_of(
        response
    )
    assert "Why Optional, kept with the rescan." in text_of(response)
    assert not Rescan.objects.exists()


def test_the_question_about_one_replica_names_it(operator):
    assert "Rescan tier 1 on lab?" in text_of(ask(operator, make_replica(make_server("lab"), "tier 1")))


def test_the_question_comes_as_a_dialog_to_htmx_and_as_a_page_without(operator):
    replica = make_replica()

    dialog, page = ask(operator, replica, **PART).content.decode(), ask(operator, replica).content.decode()

    assert "<dialog" in dialog
    assert "<html" not in dialog
    assert "<dialog" not in page
    assert "<html" in page


def test_the_question_tells_the_servers_the_sessions_and_what_is_left_out(operator):
    lab, oslo, off = make_server("lab"), make_server("oslo"), make_server("off", is_enabled=False)
    taken = make_replica(oslo, "taken one")
    other = make_rescan(taken, asked_by=make_person("kim"))
    gone, sleeping = make_replica(lab, "gone one", removed_at=timezone.now()), make_replica(off, "sleeping one")
    many = replicas_of(lab, 501)

    response = ask(operator, *many, make_replica(oslo), taken, gone, sleeping)

    told = text_of(response)
    assert "Rescan 502 replicas on 2 servers?" in told
    assert "lab 501 replicas oslo 1 replica" in told
    assert "A session holds 500 replicas at most, so there will be 3 of them" in told
    assert f"Left out: taken one is in rescan {other.pk} of kim already. Open rescan {other.pk}" in told
    assert f'href="/rescans/{other.pk}/"' in response.content.decode()
    assert "Left out: gone one is no longer on lab." in told
    assert "Left out: sleeping one is on off, which is disabled: nothing is sent to it." in told


def test_a_selection_of_thousands_comes_by_post_in_one_field(operator):
    replicas = replicas_of(make_server("lab"), 2500)
    ids = ",".join(str(replica.pk) for replica in replicas)

    response = operator.post("/rescans/new/", {"id": ids})
    started = operator.post("/rescans/start/", {"id": ids})

    assert "Rescan 2,500 replicas on lab?" in text_of(response)
    assert started.url == "/rescans/"
    assert [rescan.replica_count for rescan in Rescan.objects.order_by("pk")] == [500] * 5


def test_when_nothing_can_be_started_there_is_no_button_to_start_it(operator):
    taken = make_replica()
    make_rescan(taken, asked_by=make_person("kim"))

    response = ask(operator, taken)

    assert response.status_code == 422
    assert "Nothing can be rescanned right now" in text_of(response)
    assert '<form method="post" action="/rescans/start/"' not in response.content.decode()


@pytest.mark.parametrize("ids", ["", "abc", "1,x", "-1", "1.5", "9" * 30, "٣", "1\x00"])
def test_a_selection_that_cannot_be_read_is_refused_as_a_whole(operator, ids):
    replica = make_replica()
    ids = ids.replace("1,", f"{replica.pk},")

    answers = [operator.get("/rescans/new/", {"id": ids}), operator.post("/rescans/start/", {"id": ids})]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert not Rescan.objects.exists()
