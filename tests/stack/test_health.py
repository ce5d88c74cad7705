"""What the health pages say in each state."""

import contextlib
import socket
import time

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from replicas_app import pulse
from replicas_app.times import utc_words


@pytest.fixture
def broker_at(settings):
    """Points the process at another broker, and back."""
    before = current_app.conf.broker_write_url, current_app.conf.broker_transport_options

    def point(url: str) -> None:
        current_app.conf.broker_write_url = url

    yield point
    current_app.conf.broker_write_url, current_app.conf.broker_transport_options = before


def test_the_process_lives_even_without_a_database(client):
    assert client.get("/healthz").json() == {"alive": True}


@pytest.mark.django_db
def test_it_is_ready_when_database_migrations_and_broker_are(client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": []})


@pytest.mark.django_db
@pytest.mark.parametrize("silent", [["worker"], ["rescans"], ["worker", "rescans"]], ids=" and ".join)
def test_a_worker_without_a_sign_is_a_warning_and_the_pages_stay_in_service(client, silent):
    since = timezone.now() - pulse.SILENT_AFTER * 2
    pulse.begin(since)
    for part in silent:
        pulse.take_question(since, part)
    pulse.sign_of_scheduler(timezone.now())

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer.json()["warnings"] == [f"{part}: no sign since {utc_words(since)}" for part in silent]


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["redis://:s3cret@127.0.0.1:1/0", "amqp://dash:s3cret@127.0.0.1:1//"])
def test_without_a_broker_it_is_not_ready_and_tells_no_secret(client, broker_at, url):
    broker_at(url)
    if url.startswith("amqp"):
        current_app.conf.broker_transport_options = {}

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["reasons"]) == (503, ["broker: it does not answer"])
    assert "s3cret" not in answer.content.decode()


@pytest.mark.django_db
def test_a_broker_that_is_silent_does_not_hold_readyz_up_for_long(client, broker_at):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        broker_at(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()

        answer = client.get("/readyz")

    assert answer.json()["reasons"] == ["broker: it does not answer"]
    assert time.monotonic() - began < 4


def test_without_a_database_it_is_not_ready(client, settings, django_db_blocker, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    with django_db_blocker.unblock(), contextlib.closing(connection):
        connection.close()

        answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["reasons"]) == (503, ["database: it does not answer"])


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_they_are_read_and_not_written_and_nobody_keeps_them(client, path, django_db_blocker):
    with django_db_blocker.unblock():
        answer = client.get(path, headers={"host": "10.42.8.201:8000"})

        assert client.post(path).status_code == 405
    assert answer.status_code in (200, 503)
    assert "no-store" in answer.headers["Cache-Control"]
