"""A command that comes at the moment when somebody removes the server: one sentence, and exit status 1."""

import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from replicas_app.management.commands import rescan as command
from replicas_app.models import BackupServer, Rescan, SyncRun
from replicas_app.servers import removal
from tests.factories import make_replica, make_server
from tests.faults.test_order_of_locks import is_anybody_waiting
from tests.queue.processes import on_this_database
from tests.waiting import wait_until
from tests.workers import PROJECT


@pytest.fixture
def full_server(transactional_db) -> BackupServer:
    server = make_server("lab", doubt={"replicas": [0, 20]})
    make_replica(server)
    return server


@pytest.mark.parametrize(
    "arguments",
    [("sync", "lab"), ("sync", "lab", "--full"), ("sync", "lab", "--accept-drop"), ("rescan", "--server", "lab")],
    ids=" ".join,
)
def test_a_command_while_the_server_is_removed_ends_with_a_sentence(full_server, arguments):
    command = [sys.executable, "manage.py", *arguments]

    with transaction.atomic():
        removal._remove(full_server)
        options = {"cwd": PROJECT, "env": on_this_database(), "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        asked = subprocess.Popen(command, text=True, **options)
        wait_until(lambda: is_anybody_waiting() or asked.poll() is not None)
    _, told = asked.communicate(timeout=60)

    assert asked.returncode == 1
    assert "lab was removed meanwhile." in told
    assert "Traceback" not in told
    assert (SyncRun.objects.count(), Rescan.objects.count()) == (0, 0)


def test_a_rescan_that_is_waited_for_while_its_server_is_removed_ends_with_a_sentence(full_server, monkeypatch):
    class Removal:
        """Between two looks somebody removes the server."""

        def wait(self, timeout: float | None = None) -> None:
            removal.remove(full_server)

    BackupServer.objects.update(base_url="http://127.0.0.1:1")
    monkeypatch.setattr(command, "Event", Removal)

    with pytest.raises(CommandError, match=r"^lab was removed meanwhile\.$"):
        call_command("rescan", "--server", "lab", "--wait")
