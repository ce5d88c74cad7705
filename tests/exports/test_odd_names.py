"""Texts that are legal in JSON and trouble elsewhere, from the backup server's answer to the page and the file."""

from urllib.parse import quote

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import ReplicaVM, RestorePoint
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.pages.reading import read
from tests.syncing import do_sync

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = {  # as it comes → as it is stored, shown and given away
    "web\ud83d": "web\ufffd",
    "C:\\temp\\new": "C:\\temp\\new",
    "\\.": "\\.",
    "\\N": "\\N",
    "a\tb": "a\tb",
    "first\n\nlast": "first\n\nlast",
    "\\x41\\101": "\\x41\\101",
    '{"a": "\\u0041"}': '{"a": "\\u0041"}',
    "\x01\x02": "\x01\x02",
    "=1+1": "=1+1",
    "nul\x00": "nul\ufffd",
}


@pytest.fixture
def server(transactional_db):
    """A server on which one restore point bears each of the names; all of them were read."""
    with Simulator(replicas=3, vms=2, points=5, seed=7, still=True, tls=True) as simulator:
        for index, name in enumerate(NAMES):
            rule = {"path": "^/api/v1/replicaPoints$", "action": "set", "key": "name", "index": index, "value": name}
            simulator.faults.add(rule)
        server = make_server_of(simulator)
        run = do_sync(server)
        assert run.state == SyncState.SUCCEEDED
        yield server


def test_every_name_is_stored_and_no_other_record_is_lost(server):
    assert set(NAMES.values()) <= set(ReplicaVM.objects.values_list("name", flat=True))
    assert RestorePoint.objects.count() == 30


def test_every_name_is_found_shown_and_exported_as_it_came_in(client, server, objects, table):
    for name in NAMES.values():
        query = quote(f"={name}")
        page = read(client, f"/vms/?q={query}")

        assert [link["title"] for link in page.select("td.stay a")] == [name], name
        assert [row["name"] for row in objects(f"/vms/?q={query}&export=json")] == [name]
        assert [row["name"].removeprefix("'") for row in table(f"/vms/?q={query}&export=csv")] == [name]
        assert [row["vm"] for row in objects(f"/restore-points/?q={query}&export=json")] == [name]
        assert read(client, f"/restore-points/?q={query}").total == 1


def test_a_name_and_no_name_are_not_the_same_in_a_file(server, table, download):
    assert [row["name"] for row in table("/vms/?q==%5CN&export=csv")] == ["\\N"]
    assert b"\\\\N" not in download("/vms/?q==%5CN&export=csv")
