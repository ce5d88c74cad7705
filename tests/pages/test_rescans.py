"""The pages of rescans: the list of all, and watching one to its end."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app.choices import RescanState
from replicas_app.models import Rescan
from tests.factories import (
    make_person,
    make_replica,
    make_rescan,
    make_server,
    make_sync_run,
)
from tests.pages.reading import PART
from tests.pages.rescan_pages import end, page_of, rescans_in, text_of


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


def what_it_shows(page: str) -> dict[str, str]:
    """The headers by which the page's live part says what it shows, when it asks again."""
    return json.loads(re.search(r"""hx-headers='({"X-Seen[^']+)'""", page).group(1))


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

    assert "Waiting its turn" in page
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
