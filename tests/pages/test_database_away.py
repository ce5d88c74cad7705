"""What a page says while Postgres is away."""

import contextlib

import psycopg
import pytest
from django.db import OperationalError, connection

from replicas_app.views import errors
from tests.pages.reading import PART


@pytest.fixture
def away(django_db_blocker, monkeypatch, client):
    """No connection comes about; a fault of a page is answered as it would be in life."""
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    client.raise_request_exception = False
    client.cookies["sessionid"] = "somebodys"
    with django_db_blocker.unblock(), contextlib.closing(connection):
        connection.close()
        yield


@pytest.mark.parametrize("path", ["/", "/replicas/", "/restore-points/?q=x", "/servers/1/"])
def test_pages_say_so_with_503_and_when_to_come_back(client, away, path):
    answer = client.get(path)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The database does not answer at the moment." in answer.content.decode()


def test_a_part_gets_the_words_as_a_notice(client, away):
    answer = client.get("/replicas/", headers=PART)

    assert (answer.status_code, answer[errors.NOTICE]) == (503, "1")
    assert "<html" not in answer.content.decode()


@pytest.mark.parametrize(
    ("cause", "is_away"),
    [
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.CannotConnectNow(), True),
        (psycopg.errors.TooManyConnections(), True),
        (psycopg.OperationalError("the connection is lost"), True),
        (psycopg.errors.DeadlockDetected(), False),
        (psycopg.errors.DiskFull(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_faults_of_the_database_are_not_taken_for_its_absence(cause, is_away):
    problem = OperationalError()
    problem.__cause__ = cause

    assert errors._is_database_away(problem) is is_away
