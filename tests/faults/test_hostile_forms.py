"""Forms that are sent with anything in any field: an answer in words, never a fault of ours."""

import pytest
from django.test import Client

from replicas_app.choices import RescanState, Role
from tests.factories import PASSWORD, make_person, make_replica, make_rescan, make_server, make_sync_run

pytestmark = pytest.mark.django_db
HOSTILE = (
    "", " ", "\0", "a\0b", "x" * 10_000, "\u202eevil", "é\u0301" * 300, "😀" * 200, "<script>alert(1)</script>",
    "a\r\nX: y", "-1", "0", "99999999999999999999", "1e999", "٣", "null", "true", "[]", "1,2,,x", "%00", "../../etc",
    "{}", "{name}", "https://[::1", "https://a@b", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
)  # fmt: skip
SERVER = {
    "name": "lab 2", "base_url": "https://vbr-2.example.test:9419", "username": "svc", "password": "pw1",
    "trust": "pin", "pinned_sha256": "", "ca_bundle": "", "api_version": "", "sync_interval_seconds": "300",
    "is_enabled": "on",
}  # fmt: skip


@pytest.fixture
def addresses() -> dict[str, dict[str, str]]:
    """Address → the fields of a form that it takes."""
    server = make_server(doubt={"replicas": [1, 20]}, doctor_report={"certificate": {"sha256": "ab" * 32}})
    replica, person = make_replica(server), make_person("kim")
    rescan = make_rescan(replica, state=RescanState.RUNNING)
    make_sync_run(server)
    at = f"/servers/{server.pk}"
    return {
        "/servers/add/": SERVER,
        f"{at}/edit/": SERVER | {"name": server.name, "base_url": server.base_url, "password": ""},
        f"{at}/remove/": {"name": "no"},
        f"{at}/toggle/": {"on": "1"},
        f"{at}/test/": {"then": "pin"},
        f"{at}/sync/": {"full": "1"},
        f"{at}/accept-drop/": {"seen": "replicas 1 of 20"},
        f"{at}/pin/": {"sha256": "cd" * 32},
        "/rescans/new/": {"id": str(replica.pk), "again": "", "reason": ""},
        "/rescans/start/": {"id": str(replica.pk), "again": str(rescan.pk), "reason": "why"},
        f"/rescans/{rescan.pk}/stop/": {"x": ""},
        "/people/add/": {"username": "pat", "role": "viewer"},
        f"/people/{person.pk}/role/": {"role": "operator"},
        f"/people/{person.pk}/link/": {"x": ""},
        f"/people/{person.pk}/deactivate/": {"x": ""},
        f"/people/{person.pk}/reactivate/": {"x": ""},
        "/accounts/password/change/": {"old_password": PASSWORD, "new_password1": "x", "new_password2": "x"},
    }


@pytest.mark.parametrize("is_htmx", [False, True], ids=["page", "htmx"])
def test_anything_in_any_field_is_answered_in_words(addresses, is_htmx):
    client = Client(headers={"HX-Request": "true"} if is_htmx else {})
    client.force_login(make_person("anna", Role.ADMIN))

    for address, fields in addresses.items():
        for field in fields:
            for value in HOSTILE[is_htmx::2]:
                answer = client.post(address, fields | {field: value})
                assert answer.status_code in (200, 302, 400, 403, 404, 422), (address, field, value)


def test_anything_as_a_login_is_refused_in_words():
    for value in HOSTILE:
        for typed in ({"username": value, "password": "x"}, {"username": "anna", "password": value}):
            assert Client().post("/accounts/login/", typed).status_code == 200, typed
