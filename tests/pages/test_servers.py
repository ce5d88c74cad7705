"""The servers' pages: connecting, changing, reading, testing and removing a backup server."""

import re
from datetime import timedelta
from threading import Event, Thread
from urllib.parse import quote_plus

import pytest
from django.db import connections
from django.utils import timezone

from replicas_app import doctor, models, sync
from replicas_app.choices import Role, SyncState, TrustMode
from replicas_app.models import BackupServer, Replica, RestorePoint, SyncRun
from replicas_app.simulator import Simulator
from tests.factories import (
    make_person,
    make_point,
    make_replica,
    make_rescan,
    make_server,
    make_server_of,
    make_sync_run,
    make_vm,
)
from tests.pages.reading import PART
from tests.refusals import FOUR_REFUSALS
from tests.threads import at_once
from tests.waiting import wait_until

PASSWORD = "p&a=s+s%20 wörd\"'\\;"


@pytest.fixture
def simulator():
    with Simulator(replicas=3, vms=1, points=2, seed=7, still=True, tls=True, password=PASSWORD) as simulator:
        yield simulator


def typed(**changes: str) -> dict[str, str]:
    """What an admin types into the form to connect a server."""
    return {
        "name": "vbr-oslo",
        "base_url": "https://vbr-oslo.example.test:9419",
        "username": "svc",
        "password": "pw1",
        "trust": "off",
        "pinned_sha256": "",
        "ca_bundle": "",
        "api_version": "",
        "sync_interval_seconds": "300",
        "is_enabled": "on",
    } | changes


def form_of(server: BackupServer, **changes: str) -> dict[str, str]:
    """What the form to edit this server sends when nothing but `changes` was typed."""
    columns = ("name", "base_url", "username", "trust", "pinned_sha256", "api_version", "sync_interval_seconds")
    return typed(**{column: str(getattr(server, column)) for column in columns} | {"password": ""} | changes)


def wrong(answer) -> list[str]:
    return re.findall(r'<span class="wrong" role="alert">(.*?)</span>', answer.content.decode())


def words(answer) -> str:
    """The page without its markup, each run of white space as one space."""
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


# Connecting


def test_without_a_server_the_page_leads_to_the_form(admin):
    answer = admin.get("/servers/")

    assert 'data-total="0"' in answer.content.decode()
    assert 'href="/servers/add/"' in answer.content.decode()


def test_a_viewer_without_a_server_is_not_offered_what_they_may_not_do(signed_in):
    answer = signed_in().get("/servers/")

    assert "/servers/add/" not in answer.content.decode()


def test_a_new_server_is_kept_with_its_password_encrypted_and_read_at_once(admin):
    answer = admin.post("/servers/add/", typed())

    server = BackupServer.objects.get()
    assert answer["Location"] == f"/servers/{server.pk}/"
    assert server.password == "pw1"
    assert "pw1" not in server.password_encrypted
    assert server.sync_runs.get().asked_by == admin.person


@pytest.mark.parametrize(
    ("address", "normal"),
    [
        ("vbr01", "https://vbr01:9419"),
        ("vbr01:9419", "https://vbr01:9419"),
        ("HTTPS://VBR01.example.test:9419/", "https://vbr01.example.test:9419"),
        ("https://vbr01.example.test:9419/swagger/ui/index.html", "https://vbr01.example.test:9419"),
        ("https://[::1]:9451", "https://[::1]:9451"),
        ("https://[fe80::1%25eth0]:9451", "https://[fe80::1%25eth0]:9451"),
        ("https://[::ffff:127.0.0.1]:9451", "https://127.0.0.1:9451"),
        ("http://127.0.0.1:9451", "http://127.0.0.1:9451"),
        ("vbr01 ", "https://vbr01:9419"),
        ("https://vbr-zürich.example.test", "https://xn--vbr-zrich-u9a.example.test:9419"),
    ],
)
def test_an_address_is_taken_in_one_normal_form_that_is_shown(admin, address, normal):
    answer = admin.post("/servers/add/", typed(base_url=address), follow=True)

    assert BackupServer.objects.get().base_url == normal
    assert normal in answer.content.decode()


@pytest.mark.parametrize(
    "address",
    ["https://::1:9451", "https://vbr01:99999", "https://svc:pw@vbr01", "https://vbr01:9398", "ftp://vbr01", ""],
)
def test_an_address_that_cannot_be_meant_is_refused_beside_its_field(admin, address):
    answer = admin.post("/servers/add/", typed(base_url=address))

    assert answer.status_code == 422
    assert len(wrong(answer)) == 1
    assert not BackupServer.objects.exists()


def test_two_spellings_of_one_server_are_noticed_as_the_same(admin):
    twin = make_server("vbr-oslo", base_url="https://vbr-oslo.example.test:9419")

    answer = admin.post("/servers/add/", typed(name="another", base_url="HTTPS://VBR-OSLO.example.test/"))

    assert len(wrong(answer)) == 1
    assert f'href="{twin.get_absolute_url()}"' in answer.content.decode()
    assert BackupServer.objects.count() == 1


def test_a_name_in_other_letters_is_the_same_name(admin):
    make_server("vbr-oslo")

    answer = admin.post("/servers/add/", typed(name="VBR-Oslo"))

    assert wrong(answer) == ["vbr-oslo has this name already."]


def test_the_same_form_sent_twice_makes_one_server_and_the_second_leads_to_the_first(admin):
    first = admin.post("/servers/add/", typed())
    second = admin.post("/servers/add/", typed())

    assert first["Location"] == second["Location"]
    assert BackupServer.objects.count() == SyncRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_within_a_moment_make_one_server(signed_in):
    clients = [signed_in(make_person(role=Role.ADMIN)) for _ in range(4)]

    answers = at_once(4, lambda number: clients[number].post("/servers/add/", typed()).headers.get("Location"))

    server = BackupServer.objects.get()
    assert set(answers) == {server.get_absolute_url()}
    assert SyncRun.objects.count() == 1


def test_a_password_of_real_life_is_kept_as_it_was_typed_and_is_in_no_page(admin):
    for number, password in enumerate((PASSWORD, " space before and after ", "x" * 200)):
        page = admin.post(
            "/servers/add/", typed(name=f"s{number}", base_url=f"s{number}", password=password), follow=True
        )

        server = BackupServer.objects.get(name=f"s{number}")
        edit = admin.get(f"/servers/{server.pk}/edit/")
        assert server.password == password
        assert password not in page.content.decode() + edit.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_password_is_in_no_log_of_connecting_testing_and_reading(admin, simulator, caplog):
    caplog.set_level("DEBUG")

    admin.post("/servers/add/", typed(base_url=simulator.url, password=PASSWORD))
    server = BackupServer.objects.get()
    doctor.keep(server, doctor.examine(server))
    sync.sync(server.sync_runs.get().pk)

    assert server.sync_runs.get().state == SyncState.SUCCEEDED
    assert "signed in as svc" in caplog.text
    assert not [part for part in (PASSWORD, quote_plus(PASSWORD)) if part in caplog.text]


def test_a_wrong_form_never_sends_the_password_back(admin):
    answer = admin.post("/servers/add/", typed(name="", password="s3cret"))

    assert answer.status_code == 422
    assert "s3cret" not in answer.content.decode()


def test_a_users_backslash_stays_and_a_space_that_was_left_off_is_told(admin):
    answer = admin.post("/servers/add/", typed(username=" CORP\\svc-dr "), follow=True)

    assert BackupServer.objects.get().username == "CORP\\svc-dr"
    assert "CORP\\svc-dr" in answer.content.decode()
    assert "The space around the user name was left off." in words(answer)


@pytest.mark.parametrize("pem", ["", "no certificate", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"])
def test_a_bundle_without_a_certificate_is_refused_beside_its_field(admin, pem):
    answer = admin.post("/servers/add/", typed(trust="bundle", ca_bundle=pem))

    assert answer.status_code == 422
    assert len(wrong(answer)) == 1


def test_a_bundle_of_certificates_is_kept(admin, simulator):
    admin.post("/servers/add/", typed(trust="bundle", ca_bundle=simulator.certificate))

    assert BackupServer.objects.get().ca_bundle.strip() == simulator.certificate.strip()


@pytest.mark.parametrize(("seconds", "status"), [("14", 422), ("15", 302), ("86400", 302), ("86401", 422), ("x", 422)])
def test_the_interval_is_at_least_fifteen_seconds(admin, seconds, status):
    assert admin.post("/servers/add/", typed(sync_interval_seconds=seconds)).status_code == status


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
@pytest.mark.parametrize("page", ["add", "{pk}/edit", "{pk}/remove", "{pk}/pin", "{pk}/test", "{pk}/toggle"])
def test_only_admins_change_servers(signed_in, role, page):
    server = make_server()

    answer = signed_in(role=role).post(f"/servers/{page.format(pk=server.pk)}/", typed())

    assert answer.status_code == 403


# The certificate


def test_a_pin_without_a_fingerprint_is_looked_at_compared_and_accepted(admin, simulator):
    answer = admin.post("/servers/add/", typed(base_url=simulator.url, password=PASSWORD, trust="pin"))
    server = BackupServer.objects.get()
    assert answer["Location"] == f"/servers/{server.pk}/pin/"

    doctor.perform(server.pk)
    page = admin.get(answer["Location"])
    accepted = admin.post(answer["Location"], {"sha256": simulator.fingerprint})

    server.refresh_from_db()
    assert ":".join(re.findall("..", simulator.fingerprint.upper())) in page.content.decode()
    assert PASSWORD not in page.content.decode()
    assert accepted["Location"] == f"/servers/{server.pk}/"
    assert server.pinned_sha256 == simulator.fingerprint
    assert server.password == PASSWORD
    assert server.sync_runs.count() == 1
    assert simulator.requests == []


def test_an_unaccepted_server_is_neither_due_nor_read_by_hand(admin, simulator):
    server = make_server_of(simulator, pinned_sha256="", next_sync_at=None)

    answer = admin.post(f"/servers/{server.pk}/sync/", follow=True)

    assert "before its certificate was compared and accepted" in words(answer)
    assert not BackupServer.objects.due(timezone.now() + timedelta(days=1)).exists()
    assert not SyncRun.objects.exists()


def test_what_was_not_compared_is_not_accepted(admin, simulator):
    server = make_server_of(simulator, pinned_sha256="")
    doctor.ask(server)
    doctor.perform(server.pk)

    admin.post(f"/servers/{server.pk}/pin/", {"sha256": "ab" * 32})

    server.refresh_from_db()
    assert server.pinned_sha256 == ""


def test_a_changed_certificate_stands_beside_the_accepted_one(admin, simulator):
    server = make_server_of(simulator, pinned_sha256="ab" * 32)
    doctor.ask(server)
    doctor.perform(server.pk)

    page = admin.get(f"/servers/{server.pk}/pin/")
    admin.post(f"/servers/{server.pk}/pin/", {"sha256": simulator.fingerprint})

    server.refresh_from_db()
    assert "AB:AB:AB" in page.content.decode()
    assert "It is another certificate than the accepted one." in words(page)
    assert server.pinned_sha256 == simulator.fingerprint
    assert server.pinned_certificate["sha256"] == simulator.fingerprint


# Changing


def test_saving_without_typing_a_password_keeps_it_and_all_that_hangs_on_it(admin):
    server = make_server("before", password=PASSWORD, token_encrypted="token", api_version="1.3-rev1")

    admin.post(f"/servers/{server.pk}/edit/", form_of(server, name="after"))

    server.refresh_from_db()
    assert (server.name, server.password, server.token_encrypted) == ("after", PASSWORD, "token")
    assert not SyncRun.objects.exists()


def test_a_stored_password_is_not_sent_to_another_address(admin):
    server = make_server(password=PASSWORD, trust=TrustMode.OFF)

    answer = admin.post(f"/servers/{server.pk}/edit/", form_of(server, base_url="https://elsewhere.example.test:9419"))

    stored = BackupServer.objects.get(pk=server.pk)
    assert "Type the password again: the stored one is not sent to another address." in words(answer)
    assert (stored.base_url, stored.sync_runs.count()) == (server.base_url, 0)


def test_another_spelling_of_the_same_address_keeps_the_password(admin):
    server = make_server(base_url="https://vbr-oslo.example.test:9419", password=PASSWORD)

    admin.post(f"/servers/{server.pk}/edit/", form_of(server, name="after", base_url="HTTPS://VBR-OSLO.example.test/"))

    server.refresh_from_db()
    assert (server.name, server.password) == ("after", PASSWORD)


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "https://elsewhere:9419", "password": "pw1"},
        {"username": "other"},
        {"password": "new"},
        {"trust": "system"},
    ],
)
def test_another_way_in_voids_what_hung_on_the_old_one_and_reads_at_once(admin, change):
    server = make_server(
        token_encrypted="token",
        refused_sign_ins=2,
        sign_in_paused_until=timezone.now() + timedelta(minutes=10),
        last_error="The server refuses user name and password.",
        last_error_cause="login",
    )

    admin.post(f"/servers/{server.pk}/edit/", form_of(server, **change))

    server.refresh_from_db()
    assert (server.token_encrypted, server.refused_sign_ins, server.sign_in_paused_until) == ("", 0, None)
    assert (server.last_error, server.last_error_cause) == ("", "")
    assert server.sync_runs.count() == 1


def test_another_address_also_voids_the_revision_and_a_chosen_one_stays(admin):
    moved, chosen = make_server(api_version="1.3-rev0"), make_server(api_version="1.3-rev0")

    admin.post(f"/servers/{moved.pk}/edit/", form_of(moved, base_url="elsewhere", password="pw1"))
    to_nowhere = form_of(chosen, base_url="nowhere", password="pw1", api_version="1.3-rev2")
    admin.post(f"/servers/{chosen.pk}/edit/", to_nowhere)

    assert BackupServer.objects.get(pk=moved.pk).api_version == ""
    assert BackupServer.objects.get(pk=chosen.pk).api_version == "1.3-rev2"


def test_a_sync_that_ends_while_somebody_types_is_not_undone_by_saving(admin):
    server = make_server("before", last_success_at=None)
    form = form_of(server, name="after")
    read_at = timezone.now()
    BackupServer.objects.filter(pk=server.pk).update(last_success_at=read_at, token_encrypted="new")

    admin.post(f"/servers/{server.pk}/edit/", form)

    server.refresh_from_db()
    assert (server.name, server.last_success_at, server.token_encrypted) == ("after", read_at, "new")


def test_a_disabled_server_keeps_its_data_is_not_due_and_says_so(admin):
    server = make_server(next_sync_at=timezone.now())
    make_replica(server)

    answer = admin.post(f"/servers/{server.pk}/toggle/", {"on": "0"}, follow=True)

    assert "This server is disabled." in words(answer)
    assert "Disabled" in words(admin.get("/servers/"))
    assert Replica.objects.count() == 1
    assert not BackupServer.objects.due(timezone.now()).exists()


def test_pressing_disable_twice_does_not_enable(admin):
    server = make_server()

    admin.post(f"/servers/{server.pk}/toggle/", {"on": "0"})
    admin.post(f"/servers/{server.pk}/toggle/", {"on": "0"})

    assert not BackupServer.objects.get().is_enabled


def test_enabling_reads_at_once(admin):
    server = make_server(is_enabled=False)

    admin.post(f"/servers/{server.pk}/toggle/", {"on": "1"})

    assert server.sync_runs.get().state == SyncState.QUEUED


# Reading


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


# Testing


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


# Removing


def test_removing_asks_first_and_says_what_goes(admin):
    server = make_server("vbr-oslo")
    make_point(make_vm(make_replica(server)))
    make_sync_run(server)

    answer = admin.get(f"/servers/{server.pk}/remove/")

    assert "1 replica with 1 VM" in words(answer)
    assert "1 restore point" in words(answer)
    assert BackupServer.objects.exists()


def test_a_name_that_was_not_typed_removes_nothing(admin):
    server = make_server("vbr-oslo")

    answer = admin.post(f"/servers/{server.pk}/remove/", {"name": "vbr"})

    assert answer.status_code == 422
    assert BackupServer.objects.exists()


def test_a_removed_server_takes_everything_with_it_and_nothing_of_the_others(admin):
    gone, stays = make_server("gone"), make_server("stays")
    for server in (gone, stays):
        replica = make_replica(server)
        make_point(make_vm(replica))
        make_rescan(replica)
        run = make_sync_run(server)
        models.Event.objects.create(server=server, replica=replica, run=run, kind="appeared", at=timezone.now())

    answer = admin.post(f"/servers/{gone.pk}/remove/", {"name": "gone"})

    assert answer["Location"] == "/servers/"
    for model in (BackupServer, Replica, RestorePoint, SyncRun, models.Event):
        assert model.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_read_that_is_under_way_is_stopped_by_removing_its_server(signed_in, simulator):
    server = make_server_of(simulator, "gone")
    run, _ = sync.request(server, "schedule")
    arrived, go_on = Event(), Event()
    reader = Thread(target=read_slowly, args=[run, arrived, go_on])
    reader.start()
    assert arrived.wait(10)

    client = signed_in(role=Role.ADMIN)
    removal = Thread(target=remove, args=[client, server])
    removal.start()
    wait_until(lambda: not SyncRun.objects.open().exists())
    go_on.set()
    reader.join(10)
    removal.join(10)

    assert not BackupServer.objects.exists()
    assert not Replica.objects.exists()


def read_slowly(run: SyncRun, arrived: Event, go_on: Event) -> None:
    """A worker that has its first page, and waits before it asks for the next."""

    def should_stop() -> bool:
        arrived.set()
        go_on.wait(10)
        return False

    sync.sync(run.pk, should_stop=should_stop)
    connections.close_all()


def remove(client, server: BackupServer) -> None:
    client.post(f"/servers/{server.pk}/remove/", {"name": server.name})
    connections.close_all()


def test_disabling_closes_the_read_that_is_under_way(admin):
    server = make_server()
    run = make_sync_run(server, state=SyncState.RUNNING, ended_at=None)

    admin.post(f"/servers/{server.pk}/toggle/", {"on": "0"})

    run.refresh_from_db()
    assert run.state == SyncState.INTERRUPTED
    assert "disabled" in run.error


def test_a_second_press_on_remove_finds_nothing_more(admin):
    server = make_server("gone")

    admin.post(f"/servers/{server.pk}/remove/", {"name": "gone"})

    assert admin.post(f"/servers/{server.pk}/remove/", {"name": "gone"}).status_code == 404


# The list


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
