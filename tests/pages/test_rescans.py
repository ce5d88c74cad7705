"""The pages of rescans: asking, starting, watching, stopping, the list of all."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from replicas_app.choices import RescanState, Role, SyncState
from replicas_app.models import BackupServer, Replica, Rescan, RescanReplica
from replicas_app.rescans import compare
from tests.factories import (
    make_person,
    make_point,
    make_replica,
    make_rescan,
    make_server,
    make_sync_run,
    make_vm,
)
from tests.pages.reading import PART, Reading, read
from tests.rescans.test_cool_down import rescanned
from tests.rescans.test_wishes import replicas_of
from tests.threads import at_once


def text_of(response) -> str:
    """The answer's words, without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def rescans_in(response) -> list[int]:
    return [int(key) for key in re.findall(r'<tr data-rescan="(\d+)"', response.content.decode())]


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_tells_who_asked_for_what_and_how_it_ended(viewer):
    server = make_server("lab")
    replicas = make_replica(server, "tier 2"), make_replica(server, "tier 10")
    kim = make_person("kim")
    rescan = make_rescan(*replicas, state=RescanState.FAILED, asked_by=kim, message="The host is away.")

    response = viewer.get("/rescans/")

    assert rescans_in(response) == [rescan.pk]
    assert 'data-total="1"' in response.content.decode()
    assert "tier 2 and 1 more Failed lab kim just now – – The host is away." in text_of(response)


def test_without_a_rescan_the_list_says_how_to_start_one(viewer):
    make_server()

    assert "No rescan yet Press Rescan in the row of a replica" in text_of(viewer.get("/rescans/"))


def test_the_list_narrows_by_server_state_person_and_name(viewer):
    lab, oslo, kim = make_server("lab"), make_server("oslo"), make_person("kim")
    wanted = make_rescan(make_replica(lab, "DR Größe"), asked_by=kim, state=RescanState.WARNING, reason="Monday")
    make_rescan(make_replica(oslo, "other"), state=RescanState.FAILED)
    queries = (f"server={lab.pk}", "state=warning", f"person={kim.pk}", "q=größe", "q=monday", "q=DR*")

    found = [rescans_in(viewer.get(f"/rescans/?{query}")) for query in queries]

    assert found == [[wanted.pk]] * len(queries)


def test_a_query_that_means_nothing_is_told_and_the_rest_counts(viewer):
    lab = make_server("lab")
    wanted = make_rescan(make_replica(lab), state=RescanState.WARNING)
    make_rescan()

    response = viewer.get(f"/rescans/?server={lab.pk}&person=abc&page=1&sort=none&colour=red")

    assert rescans_in(response) == [wanted.pk]
    told = ("“abc” is not a", "“none” is no column to sort by", "“colour”")
    assert all(words in text_of(response) for words in told)


def test_a_state_that_nobody_has_matches_nothing(viewer):
    make_rescan()

    assert "Nothing matches" in text_of(viewer.get("/rescans/?state=odd"))


def test_a_page_past_the_end_says_so(viewer):
    make_rescan()

    assert "Page 7 is past the end" in text_of(viewer.get("/rescans/?page=7"))


@pytest.mark.parametrize("sort", ["created", "-created", "server", "-person", "replicas", "state"])
def test_every_order_of_the_list_has_all_rescans(viewer, sort):
    made = {make_rescan(asked_by=None).pk, make_rescan(asked_by=make_person("kim")).pk}

    assert set(rescans_in(viewer.get(f"/rescans/?sort={sort}"))) == made


def test_the_list_asks_the_database_as_often_for_three_rescans_as_for_one(viewer, django_assert_num_queries):
    make_rescan(asked_by=make_person("kim"))
    with django_assert_num_queries(7):
        viewer.get("/rescans/", headers=PART)

    for _ in range(2):
        make_rescan(asked_by=make_person())
    with django_assert_num_queries(7):
        viewer.get("/rescans/", headers=PART)


def test_a_list_that_shows_what_is_so_already_gets_no_answer_and_no_new_address(viewer):
    rescan = make_rescan()
    seen = what_it_shows(viewer.get("/rescans/").content.decode())

    unchanged = viewer.get("/rescans/", headers=PART | seen)
    end(rescan)
    changed = viewer.get("/rescans/", headers=PART | seen)

    assert unchanged.status_code == 204
    assert rescans_in(changed) == [rescan.pk]
    assert "HX-Push-Url" not in changed.headers


def test_a_list_with_an_open_rescan_asks_again_and_one_without_does_not(viewer):
    rescan = make_rescan()
    assert "data-poll" in viewer.get("/rescans/").content.decode()

    end(rescan)

    assert "data-poll" not in viewer.get("/rescans/").content.decode()


# --- one rescan -------------------------------------------------------------------------------------------------------


def end(rescan: Rescan) -> None:
    Rescan.objects.filter(pk=rescan.pk).update(
        state=RescanState.SUCCEEDED, ended_at=timezone.now(), next_poll_at=None, result="Success"
    )


def what_it_shows(page: str) -> dict[str, str]:
    """The headers by which the page's live part says what it shows, when it asks again."""
    return json.loads(re.search(r"""hx-headers='({"X-Seen[^']+)'""", page).group(1))


def page_of(client: Client, rescan: Rescan, **headers: str) -> str:
    return client.get(f"/rescans/{rescan.pk}/", headers=headers).content.decode()


def test_a_running_rescan_shows_its_progress_and_the_log_as_it_comes(viewer):
    now = timezone.now()
    log = [
        {"status": "Succeeded", "title": "Starting rescan", "description": "", "at": now.isoformat()},
        {"status": "Warning", "title": "Host esx-04", "description": "It is away.", "at": now.isoformat()},
    ]
    rescan = make_rescan(
        asked_by=make_person("kim"),
        reason="points missing",
        session_state="Working",
        progress=62,
        session_started_at=now - timedelta(seconds=41),
        log=log,
    )

    page = page_of(viewer, rescan)

    assert 'role="progressbar" aria-label="Progress of the rescan"' in page
    assert 'aria-valuenow="62"' in page
    assert '<h2 id="state">Working, 62 %</h2>' in page
    assert "41 s so far" in page
    assert "“points missing”" in page
    assert re.findall(r'<li data-status="(\w+)"', page) == ["ok", "ok", "ok", "ok", "late"]
    assert 'Host esx-04<br><span class="muted">It is away.</span>' in page


def test_a_waiting_rescan_names_the_one_that_it_waits_for(viewer):
    server = make_server()
    first = make_rescan(make_replica(server), asked_by=make_person("kim"))
    make_rescan(make_replica(server), state=RescanState.QUEUED)
    third = make_rescan(make_replica(server), state=RescanState.QUEUED)

    page = page_of(viewer, third)

    assert "Waiting for its turn" in page
    assert f'href="/rescans/{first.pk}/">Waits for rescan {first.pk} of kim, then for 1 more</a>' in page


def test_a_server_that_gives_no_answer_is_told_with_the_end_of_our_patience(viewer):
    since = timezone.now() - timedelta(minutes=20)
    rescan = make_rescan(error="The server did not answer in time.", error_cause="timeout", unanswered_since=since)

    told = text_of(viewer.get(f"/rescans/{rescan.pk}/"))

    assert "The server did not answer in time. It is asked again until" in told
    assert f"{since + timedelta(hours=1):%H:%M} UTC" in told


@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        (RescanState.SUCCEEDED, {}, ["Ended with success"]),
        (RescanState.WARNING, {"message": "A host is away."}, ["Ended with a warning", "A host is away."]),
        (RescanState.FAILED, {"message": "All hosts are away."}, ["Failed", "All hosts are away."]),
        (
            RescanState.REFUSED,
            {"error": "No.", "error_cause": "role"},
            ["Refused", "No. Give it the role Veeam Backup"],
        ),
        (RescanState.UNKNOWN, {}, ["How it ended is not known"]),
        (RescanState.UNKNOWN, {"session_id": None}, ["Whether it started is not known"]),
        (
            RescanState.NOT_STARTED,
            {"error": "Off.", "error_cause": "closed"},
            ["Not started", "Off. Enable the server"],
        ),
        (RescanState.CANCELLED, {"error": "kim had it stopped."}, ["Cancelled", "kim had it stopped."]),
    ],
)
def test_each_end_is_told_with_what_mends_it(viewer, state, fields, words):
    rescan = make_rescan(state=state, **fields)

    told = text_of(viewer.get(f"/rescans/{rescan.pk}/"))

    assert [each in told for each in words] == [True] * len(words)


@pytest.mark.parametrize(
    ("hours", "end", "words"),
    [
        (37, True, "took 1 d 13 h"),
        (37, False, "took 1 d 13 h"),
        (23, True, "took 23 h 00 min"),
        (49, True, "took 2 d 1 h"),
    ],
)
def test_a_day_is_not_lost_from_how_long_it_took(viewer, hours, end, words):
    now = timezone.now()
    began = now - timedelta(hours=hours)
    rescan = make_rescan(
        state=RescanState.SUCCEEDED, session_started_at=began, session_ended_at=now if end else None, ended_at=now
    )

    told = text_of(viewer.get(f"/rescans/{rescan.pk}/"))

    assert words in told
    assert ("Session ended not known" in told) is not end


def test_a_long_log_shows_what_was_not_well_and_the_newest_and_all_when_asked(viewer):
    log = [
        {"status": "Succeeded", "title": f"Replica {number:03}", "description": "", "at": ""} for number in range(200)
    ]
    log[50]["status"] = "Warning"
    rescan = make_rescan(log=log)

    short, whole = page_of(viewer, rescan), viewer.get(f"/rescans/{rescan.pk}/?all=1").content.decode()

    shown = re.findall(r"<span>Replica (\d+)", short)
    assert shown == ["050", *(f"{number:03}" for number in range(160, 200))]
    assert "Show all 200 records of the log" in short
    assert len(re.findall(r"<span>Replica (\d+)", whole)) == 200


def test_the_page_asks_again_until_the_server_was_read_again(viewer):
    rescan = make_rescan()
    assert 'hx-trigger="poll"' in page_of(viewer, rescan)

    end(rescan)
    run = make_sync_run(rescan.server, state="running", ended_at=None)
    Rescan.objects.filter(pk=rescan.pk).update(sync_run=run)
    assert 'hx-trigger="poll"' in page_of(viewer, rescan)

    run.state, run.ended_at = "succeeded", timezone.now()
    run.save()
    page = page_of(viewer, rescan)
    assert "data-poll" not in page
    assert f"Read {rescan.server} again" in page


def test_a_part_that_shows_what_is_so_already_gets_no_answer(viewer):
    rescan = make_rescan()
    seen = what_it_shows(page_of(viewer, rescan))

    unchanged = viewer.get(f"/rescans/{rescan.pk}/", headers=PART | seen)
    Rescan.objects.filter(pk=rescan.pk).update(polls=1, progress=10)
    changed = viewer.get(f"/rescans/{rescan.pk}/", headers=PART | seen)

    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert (changed.status_code, "<html" in changed.content.decode()) == (200, False)


def test_those_who_hear_the_page_are_told_when_the_state_changes_and_not_with_every_poll(viewer):
    rescan = make_rescan(session_state="Working", progress=10)

    silent = viewer.get(f"/rescans/{rescan.pk}/", headers=PART | {"X-Heard": "running"})
    end(rescan)
    told = viewer.get(f"/rescans/{rescan.pk}/", headers=PART | {"X-Heard": "running"})

    assert "HX-Trigger" not in silent.headers
    assert json.loads(told.headers["HX-Trigger"]) == {"announce": {"words": f"Rescan {rescan.pk}: Ended with success"}}


def test_a_poll_asks_the_database_once_when_nothing_changed(viewer, django_assert_num_queries):
    rescan = make_rescan()
    seen = what_it_shows(page_of(viewer, rescan))

    with django_assert_num_queries(3):  # the session, the person, the rescan
        viewer.get(f"/rescans/{rescan.pk}/", headers=PART | seen)


def test_a_rescan_that_there_is_not_is_not_found(viewer):
    assert viewer.get("/rescans/12345/").status_code == 404


# --- before and after -------------------------------------------------------------------------------------------------


def compared(*replicas, **fields) -> Rescan:
    """A rescan whose server was asked and read again; what of it changed is written down."""
    rescan = make_rescan(*replicas, state=RescanState.SUCCEEDED, **fields)
    BackupServer.objects.filter(pk=rescan.server_id).update(last_full_at=timezone.now())
    compare.note_before(rescan)
    return rescan


def with_changes(server) -> Rescan:
    """Of three replicas: one gained a point with a new VM, one changed its state, one stayed as it was."""
    gains, turns, stays = (make_replica(server, f"tier {number}") for number in (3, 2, 1))
    rescan = compared(gains, turns, stays)
    vm = make_vm(gains, "sql-01", point_count=1)
    make_point(vm)
    Replica.objects.filter(pk=gains.pk).update(point_count=1, vm_count=1)
    Replica.objects.filter(pk=turns.pk).update(state="Failover")
    compare.note_after(rescan)
    rescan.refresh_from_db()
    return rescan


def test_the_page_shows_each_replica_before_and_after_those_that_changed_first(viewer):
    rescan = with_changes(make_server("lab"))

    page = read(viewer, f"/rescans/{rescan.pk}/")

    assert page.text("#changes") == (
        "2 of 3 replicas changed: 1 restore point gained; 1 VM gained; 1 replica in another state."
    )
    rows = [row.cells for row in page.rows("replica")]
    assert [row[0] for row in rows] == ["tier 2", "tier 3", "tier 1"]
    assert rows[0][1] == "Ready → Failover"
    assert rows[1][3:6] == ["0 → 1 gained sql-01", "0 → 1 1 gained", "–"]
    assert rows[2][1:6] == ["Ready", "–", "0", "0", "–"]


def test_the_numbers_of_before_and_after_lead_to_the_rows_behind_them(viewer):
    rescan = with_changes(make_server("lab"))
    gains = rescan.replicas.get(name="tier 3")

    page = read(viewer, f"/rescans/{rescan.pk}/")

    points = read(viewer, page.link("1 gained", within=f"tr[data-replica='{gains.uuid}']"))
    assert [row.attrs["data-point"] for row in points.rows("point")] == [str(gains.points.get().uuid)]


def test_the_list_says_in_a_word_what_each_rescan_changed(viewer):
    server = make_server("lab")
    with_changes(server)
    calm = compared(make_replica(server))
    compare.note_after(calm)
    make_rescan(make_replica(server), state=RescanState.REFUSED)
    waiting = compared(make_replica(server), next_poll_at=timezone.now())

    page = read(viewer, "/rescans/")

    said = [row.cells[6] for row in page.rows("rescan")]
    assert said == ["not known yet", "–", "nothing", "+1 point …"]
    assert page.attribute("#rescans", "data-poll") == "2"
    assert waiting.pk == rescans_in(viewer.get("/rescans/"))[0]


@pytest.mark.django_db(transaction=True)
def test_a_file_of_the_list_has_what_each_rescan_changed_in_figures(viewer):
    server = make_server("lab")
    with_changes(server)
    make_rescan(make_replica(server), state=RescanState.REFUSED)

    answer = viewer.get("/rescans/?export=csv")

    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    figures = ("replicas_changed", "points_gained", "points_lost", "vms_gained", "vms_lost")
    assert [[row[name] for name in figures] for row in rows] == [["", "", "", "", ""], ["2", "1", "0", "1", "0"]]


def test_a_read_that_failed_after_a_rescan_is_told_with_its_reason_and_asked_for_rarely(viewer):
    server = make_server("lab")
    run = make_sync_run(server, state=SyncState.FAILED, is_full=True, error="The server did not answer in time.")
    rescan = compared(make_replica(server), next_poll_at=timezone.now(), sync_run=run)
    BackupServer.objects.update(last_full_at=timezone.now() - timedelta(days=1))

    page = read(viewer, f"/rescans/{rescan.pk}/")

    assert page.text("#changes").startswith(
        "Not known yet: lab could not be read in full after the rescan. The server did not answer in time. "
        "The next full sweep that comes through tells. It is waited for until "
    )
    assert page.attribute("#rescan", "data-poll") == "15"


def test_five_hundred_replicas_are_shown_in_part_and_all_when_asked(viewer, django_assert_num_queries):
    rescan = compared(*replicas_of(make_server("lab"), 500))
    compare.note_after(rescan)

    with django_assert_num_queries(5):
        page = read(viewer, f"/rescans/{rescan.pk}/")

    assert page.text("#changes") == "Nothing changed: all 500 replicas are as before."
    assert (len(page.rows("replica")), page.total) == (50, 500)
    assert len(read(viewer, f"/rescans/{rescan.pk}/?all=1").rows("replica")) == 500


# --- left alone for a while -------------------------------------------------------------------------------------------


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


# --- asking -----------------------------------------------------------------------------------------------------------


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


# --- starting ---------------------------------------------------------------------------------------------------------


def start(client: Client, *replicas, **values: str):
    return client.post("/rescans/start/", {"id": ",".join(str(replica.pk) for replica in replicas), **values})


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


# --- stopping, and who may --------------------------------------------------------------------------------------------


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


# --- on the page of a replica -----------------------------------------------------------------------------------------


def rescanned_with_changes(replica: Replica, number: int = 1) -> Rescan:
    """A rescan after which the replica had one point and VM more, one of each less, and another state."""
    make_sync_run(replica.server, ended_at=timezone.now())
    lost = make_vm(replica, f"old-{number:02}", point_count=1)
    point = make_point(lost, first_seen_at=timezone.now() - timedelta(days=3))
    Replica.objects.filter(pk=replica.pk).update(point_count=1, vm_count=1, worst_malware="Clean")
    rescan = compared(replica, asked_by=make_person())
    type(point).objects.filter(pk=point.pk).update(removed_at=timezone.now())
    type(lost).objects.filter(pk=lost.pk).update(point_count=0)
    make_point(make_vm(replica, f"sql-{number:02}", point_count=1))
    Replica.objects.filter(pk=replica.pk).update(state="Failover", worst_malware="Infected")
    compare.note_after(rescan)
    return rescan


def test_the_page_of_a_replica_tells_what_each_rescan_changed_of_it(viewer):
    replica = make_replica(make_server("lab"), "tier 1", state="Ready")
    rescanned_with_changes(replica)
    make_sync_run(replica.server, ended_at=timezone.now())
    calm = compared(replica)
    compare.note_after(calm)
    make_rescan(replica, state=RescanState.REFUSED)
    compared(replica, next_poll_at=timezone.now())
    make_rescan(replica, next_poll_at=timezone.now())

    page = read(viewer, f"/replicas/{replica.pk}/")

    told = [row.cells[2] for row in page.rows("rescan")]
    assert told[:4] == ["–", "not known yet", "–", "nothing"]
    assert told[4] == (
        "Ready → Failover Points 1 → 1: 1 gained and 1 lost"
        " VMs 1 → 1 gained sql-01 lost old-01 Malware Clean → Infected"
    )
    gained, lost = (read(viewer, page.link(words, within="tr[data-changed]")) for words in ("1 gained", "1 lost"))
    assert (gained.total, len(lost.rows("point"))) == (1, 2)


def test_the_page_of_a_vm_tells_what_the_rescans_of_its_replica_changed(viewer):
    replica = make_replica(make_server("lab"), "tier 1", state="Ready")
    rescanned_with_changes(replica)

    page = read(viewer, f"/vms/{replica.vms.get(name='sql-01').pk}/")

    assert page.text("#rescans-title") == "Rescans of its replica"
    assert page.rows("rescan")[0].cells[2].startswith("Ready → Failover Points 1 → 1: 1 gained and 1 lost")


def test_ten_rescans_on_the_page_of_a_replica_cost_no_more_queries_than_one(viewer, django_assert_num_queries):
    few, many = make_replica(state="Ready"), make_replica(state="Ready")
    for replica, count in ((few, 1), (many, 10)):
        for number in range(count):
            rescanned_with_changes(replica, number)

    for replica in (few, many):
        with django_assert_num_queries(12):
            viewer.get(f"/replicas/{replica.pk}/")
