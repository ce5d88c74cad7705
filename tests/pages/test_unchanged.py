"""A part of a list that is still what the browser has of it is not made again (304): what it hangs on, and what not."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from replicas_app import release
from replicas_app.choices import Role
from replicas_app.models import BackupServer, Person, RestorePoint
from tests.factories import make_person, make_point, make_replica, make_rescan, make_server, make_sync_run, make_vm
from tests.pages.reading import PART, Reading

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
LISTS = ("/replicas/", "/restore-points/", "/vms/", "/activity/")


class Clock:
    now = NOON

    def goes_on(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> Clock:
    """Ours, which stands still, so that no test meets the end of a minute."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def point(clock) -> RestorePoint:
    """Of a server that was read."""
    return make_point(make_vm(make_replica(make_server("vbr-oslo", data_version=1, rows_version=1))))


@pytest.fixture
def operator(signed_in) -> Client:
    """Who has a page open, and with it the secret of its forms."""
    client = signed_in(role=Role.OPERATOR)
    client.get("/replicas/")
    return client


def ask(client: Client, address: str, tag: str = "", **headers: str) -> HttpResponse:
    """The part, by a browser that has the one with this tag."""
    held = {"If-None-Match": tag} if tag else {}
    return client.get(address, headers=PART | {"HX-Target": "list"} | held | headers)


@pytest.mark.parametrize("address", LISTS)
def test_a_part_that_is_as_it_was_is_not_sent_again(address, point, operator):
    first = ask(operator, address)

    again = ask(operator, address, first["ETag"])

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again["ETag"] == first["ETag"]


@pytest.mark.parametrize("thing", ["replica", "vm"])
def test_the_points_on_a_page_of_their_own_are_not_sent_again_either(thing, point, operator):
    address = getattr(point, thing).get_absolute_url()

    first = ask(operator, address)

    assert ask(operator, address, first["ETag"]).status_code == 304


@pytest.mark.parametrize("address", LISTS)
def test_the_browser_keeps_a_part_for_itself_and_asks_each_time_whether_it_holds(address, point, operator):
    first = ask(operator, address)
    again = ask(operator, address, first["ETag"])

    for answer in (first, again):
        assert answer["Cache-Control"] == "private, no-cache"
        assert {"HX-Request", "HX-Target", "HX-Boosted", "HX-History-Restore-Request", "Cookie"} == {
            name.strip() for name in answer["Vary"].split(",")
        }


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-History-Restore-Request": "true"}])
def test_a_page_is_kept_by_no_browser_and_so_has_no_tag(headers, point, operator):
    tag = ask(operator, "/replicas/")["ETag"]

    page = operator.get("/replicas/", headers={"If-None-Match": tag, **headers})

    assert (page.status_code, "ETag" in page, page["Cache-Control"]) == (200, False, "private, no-store")


def a_read_that_found_nothing_new(point, person):
    BackupServer.objects.update(data_version=2, last_success_at=NOON)


def a_read_that_found_something_new(point, person):
    BackupServer.objects.update(data_version=2, rows_version=2)


def another_name_of_the_server(point, person):
    BackupServer.objects.update(name="vbr-bergen")


def a_server_that_was_connected(point, person):
    make_server()


def a_failed_read(point, person):
    BackupServer.objects.update(last_error="It answers “503, busy”.")


def another_clock_of_the_server(point, person):
    BackupServer.objects.update(clock_skew_seconds=90)


def another_role(point, person):
    Person.objects.filter(pk=person.pk).update(role=Role.ADMIN)


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize(
    "happens",
    [
        a_read_that_found_nothing_new,
        a_read_that_found_something_new,
        another_name_of_the_server,
        a_server_that_was_connected,
        a_failed_read,
        another_clock_of_the_server,
        another_role,
    ],
)
def test_a_part_is_another_one_after(happens, address, point, operator):
    first = ask(operator, address)
    happens(point, operator.person)

    again = ask(operator, address, first["ETag"])

    assert again.status_code == 200
    assert again["ETag"] != first["ETag"]


def test_the_same_address_gives_another_part_to_another_target_and_for_another_page_or_order(point, operator):
    tag = ask(operator, "/replicas/")["ETag"]

    others = [
        ask(operator, "/replicas/", tag, **{"HX-Target": "browse"}),
        ask(operator, "/replicas/?page=2", tag),
        ask(operator, "/replicas/?sort=-name", tag),
        ask(operator, "/replicas/?counts=1", tag, **{"HX-Target": "facets"}),
        ask(operator, "/vms/", tag),
    ]

    assert [answer.status_code for answer in others] == [200] * 5


def test_ages_hold_for_the_minute_in_which_they_were_told(clock, point, operator):
    BackupServer.objects.update(last_success_at=NOON)
    first = ask(operator, "/restore-points/")

    clock.goes_on(seconds=59)
    kept = ask(operator, "/restore-points/", first["ETag"])
    clock.goes_on(seconds=1)
    later = ask(operator, "/restore-points/", first["ETag"])

    assert (kept.status_code, later.status_code) == (304, 200)
    assert ("1 h 00 min" in first.text, "1 h 01 min" in later.text) == (True, True)


def test_the_age_of_the_data_is_exact_for_the_words_of_it_are_part_of_the_tag(clock, point, operator):
    BackupServer.objects.update(last_success_at=NOON - timedelta(seconds=30))
    first = ask(operator, "/restore-points/")
    clock.goes_on(seconds=30)

    again = ask(operator, "/restore-points/", first["ETag"])

    assert ("Data just read" in first.text, "Data 1 min old" in again.text) == (True, True)


def test_another_person_gets_a_part_of_their_own_though_the_rights_are_the_same(point, operator, signed_in):
    tag = ask(operator, "/replicas/")["ETag"]

    assert ask(signed_in(role=Role.OPERATOR), "/replicas/", tag).status_code == 200


def test_after_a_sign_out_no_part_is_found_unchanged(point, operator):
    tag = ask(operator, "/replicas/")["ETag"]
    operator.logout()

    answer = ask(operator, "/replicas/", tag)

    assert (answer.status_code, "HX-Redirect" in answer, "ETag" in answer) == (200, True, False)


def test_the_token_in_a_part_that_was_kept_is_good_and_one_of_another_secret_is_not_kept(point):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_person(role=Role.OPERATOR))
    client.get("/replicas/")
    kept = ask(client, "/replicas/")
    token = Reading(kept).attribute("#picked [name=csrfmiddlewaretoken]", "value")
    again = ask(client, "/replicas/", kept["ETag"])

    asked = client.post("/rescans/new/", {"id": point.replica_id, "csrfmiddlewaretoken": token})
    client.cookies["csrftoken"] = "x" * 32

    assert (again.status_code, asked.status_code) == (304, 200)
    assert ask(client, "/replicas/", kept["ETag"]).status_code == 200


def test_another_release_keeps_no_part_of_the_one_before(point, operator, monkeypatch):
    tag = ask(operator, "/replicas/")["ETag"]
    monkeypatch.setattr("replicas_app.views.unchanged.fingerprint", lambda: "of another release")

    assert ask(operator, "/replicas/", tag).status_code == 200


@pytest.mark.parametrize("name", release.SHOWN_SETTINGS)
def test_a_setting_that_shows_makes_another_release(name, settings):
    release.fingerprint.cache_clear()
    before = release.fingerprint()
    setattr(settings, name, "another")
    release.fingerprint.cache_clear()

    after = release.fingerprint()

    release.fingerprint.cache_clear()
    assert after != before


def test_a_code_a_template_and_a_static_file_make_another_release(settings, tmp_path):
    def fingerprint() -> str:
        release.fingerprint.cache_clear()
        return release.fingerprint()

    settings.STATICFILES_DIRS = [tmp_path]
    found = [fingerprint()]
    for name, content in (("look.css", "a"), ("look.css", "b"), ("icons.svg", "b")):
        (tmp_path / name).write_text(content)
        found.append(fingerprint())
    same = fingerprint()
    release.fingerprint.cache_clear()

    assert len(set(found)) == 4
    assert same == found[-1]


def test_a_rescan_makes_the_part_another_one_and_while_it_counts_seconds_it_has_no_tag(
    clock, point, operator, signed_in
):
    viewer = signed_in()
    tags = {client: ask(client, "/replicas/")["ETag"] for client in (operator, viewer)}
    rescan = make_rescan(point.replica)
    asked = ask(operator, "/replicas/", tags[operator])
    still = ask(operator, "/replicas/", asked["ETag"])
    rescan.members.update(is_open=False, ended_well_at=clock.now)

    rests = ask(operator, "/replicas/", asked["ETag"])
    clock.goes_on(seconds=40)
    rested = ask(operator, "/replicas/", tags[operator])

    assert [asked.status_code, still.status_code, rests.status_code] == [200, 304, 200]
    assert ("In a rescan" in asked.text, "ETag" in rests) == (True, False)
    assert rested.status_code == 200
    assert ask(viewer, "/replicas/", tags[viewer]).status_code == 304


def test_while_a_first_read_counts_its_records_the_part_has_no_tag(point, operator):
    unread = make_server(last_success_at=None, last_full_at=None)
    make_sync_run(unread, state="running", ended_at=None)

    assert "ETag" not in ask(operator, "/replicas/")


def test_what_was_never_read_and_what_changes_without_a_read_has_no_tag(operator):
    make_server()

    assert ["ETag" in ask(operator, address) for address in ("/replicas/", "/rescans/")] == [False, False]


def test_counts_that_come_later_make_the_part_another_one(point, operator, monkeypatch):
    monkeypatch.setattr("replicas_app.filters.facets.LONG_COST", -1)
    first = ask(operator, "/replicas/?q=tier")
    ask(operator, "/replicas/?q=tier&counts=1", **{"HX-Target": "facets"})

    assert ask(operator, "/replicas/?q=tier", first["ETag"]).status_code == 200


@pytest.mark.parametrize(("address", "queries"), [("/restore-points/", 3), ("/vms/", 3), ("/replicas/", 4)])
def test_a_part_that_is_unchanged_costs_who_asks_the_servers_and_which_rescans_are_open(
    address, queries, point, operator, django_assert_num_queries
):
    tag = ask(operator, address)["ETag"]

    with django_assert_num_queries(queries):
        assert ask(operator, address, tag).status_code == 304
