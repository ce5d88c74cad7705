"""What a sign-in leaves in the server's row: the revision that was negotiated, and how long nobody may try again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from replicas_app.connections import connect
from replicas_app.models import BackupServer
from tests.sync.faulty import TOKEN
from tests.syncing import do_sync


def test_a_revision_that_a_person_chose_while_another_was_negotiated_stays(simulator, server):
    with connect(server) as client:
        client.server_time()
        BackupServer.objects.update(api_version="1.3-rev0")

    server.refresh_from_db()
    assert (client.api_version, server.api_version) == ("1.3-rev2", "1.3-rev0")


@pytest.mark.parametrize(("words", "minutes"), [
    ("The account is locked out for 00:45:00 after repeated failed log-ins.", 45),
    ("The account is locked.", 30),
])  # fmt: skip
def test_a_locked_account_is_left_alone_after_the_first_refusal_until_the_lock_ends(simulator, server, words, minutes):
    simulator.faults.add({"path": TOKEN, "status": 401, "body": {"errorCode": "AccessDenied", "message": words}})

    runs = [do_sync(server) for _ in range(3)]

    assert [run.error_cause for run in runs] == ["locked", "paused", "paused"]
    assert sum(one.path == "/api/oauth2/token" for one in simulator.requests) == 1
    assert abs(server.sign_in_paused_until - timezone.now() - timedelta(minutes=minutes)) < timedelta(minutes=1)


@pytest.mark.parametrize("words", ["The account is locked.", "Multi-factor authentication is enabled for this user."])
def test_while_a_server_is_left_alone_its_pages_tell_what_it_refused(simulator, server, words):
    simulator.faults.add({"path": TOKEN, "status": 401, "body": {"errorCode": "AccessDenied", "message": words}})

    first, *_, last = [do_sync(server) for _ in range(4)]

    assert (last.error_cause, server.last_error_cause) == ("paused", "paused")
    assert server.last_error == first.error != last.error


def test_a_pause_that_no_read_met_a_refusal_before_is_told_itself(simulator, server):
    """A test by hand was refused, say: what the last read met is another matter, and over."""
    simulator.faults.add({"path": "/replicas$", "status": 403, "times": 1})
    before = do_sync(server)
    BackupServer.objects.update(sign_in_paused_until=timezone.now() + timedelta(minutes=5), token_encrypted="")

    run = do_sync(server)

    assert (run.error_cause, server.last_error) == ("paused", run.error)
    assert before.error_cause not in ("", "paused")
