"""Connecting a backup server: its form, its password, its certificate."""

import re
from datetime import timedelta
from urllib.parse import quote_plus

import pytest
from django.utils import timezone

from replicas_app import doctor, sync
from replicas_app.choices import Role, SyncState
from replicas_app.models import BackupServer, SyncRun
from tests.factories import (
    make_person,
    make_server,
    make_server_of,
)
from tests.pages.server_forms import PASSWORD, typed, words, wrong
from tests.threads import at_once


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


@pytest.mark.parametrize("seconds", ["15", "86400"])
def test_an_interval_is_from_fifteen_seconds_to_a_day(admin, seconds):
    assert admin.post("/servers/add/", typed(sync_interval_seconds=seconds)).status_code == 302


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ("14", "Not more often than every 15 seconds."),
        ("86401", "At least once a day: 86,400 seconds at most."),
        ("x", "Type a whole number of seconds."),
        ("", "Type a number of seconds."),
    ],
)
def test_another_interval_is_refused_in_words_of_ours(admin, seconds, told):
    assert wrong(admin.post("/servers/add/", typed(sync_interval_seconds=seconds))) == [told]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
@pytest.mark.parametrize("page", ["add", "{pk}/edit", "{pk}/remove", "{pk}/pin", "{pk}/test", "{pk}/toggle"])
def test_only_admins_change_servers(signed_in, role, page):
    server = make_server()

    answer = signed_in(role=role).post(f"/servers/{page.format(pk=server.pk)}/", typed())

    assert answer.status_code == 403


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
