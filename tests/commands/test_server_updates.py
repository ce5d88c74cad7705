"""`add_server --update`, as a program runs it every night: what is asked for changes, and nothing by the way."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from replicas_app.simulator import Simulator
from tests.factories import make_server_of


@pytest.fixture
def simulator():
    with Simulator(replicas=1, vms=1, points=1, tls=True) as simulator:
        yield simulator


@pytest.fixture
def server(db, simulator):
    return make_server_of(simulator, "lab")


@pytest.fixture
def update(monkeypatch, simulator):
    def update(*options: str, password: str = simulator.password) -> None:
        monkeypatch.setenv("VBR_PW", password)
        call_command(
            "add_server", "lab", simulator.url, "--username", simulator.username, "--password-env", "VBR_PW",
            "--update", *options,
        )  # fmt: skip

    return update


def test_another_certificate_is_believed_only_where_pinning_it_is_asked_for(server, simulator, update):
    pinned = server.pinned_sha256
    simulator.renew_certificate()

    update()
    server.refresh_from_db()
    assert server.pinned_sha256 == pinned

    update("--trust", "pin")
    server.refresh_from_db()
    assert server.pinned_sha256 == simulator.fingerprint != pinned


def test_the_stored_password_a_second_time_does_not_end_the_pause_after_refused_logins(server, update):
    until = timezone.now() + timedelta(minutes=9)
    server.refused_sign_ins, server.sign_in_paused_until = 2, until
    server.save()

    update()
    server.refresh_from_db()
    assert (server.refused_sign_ins, server.sign_in_paused_until) == (2, until)

    update(password="another")
    server.refresh_from_db()
    assert (server.refused_sign_ins, server.sign_in_paused_until) == (0, None)


def test_another_password_leaves_nothing_of_the_login_of_the_old_one(server, update):
    server.token_encrypted = "of the old password"

    server.password = "another"

    assert (server.token_encrypted, server.refused_sign_ins, server.sign_in_paused_until) == ("", 0, None)
