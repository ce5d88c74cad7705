"""The two simulated backup servers of a first start, and what becomes of them in the second."""

import socket
from dataclasses import dataclass

import pytest

from tests.stack.running import Dashboard, manage, wait_for

pytestmark = pytest.mark.xdist_group("one dashboard with demo servers")
SYNCED_SECONDS = 60


@dataclass(frozen=True)
class Seen:
    said: str
    addresses: dict[str, str]
    certificates: dict[str, str]
    replicas: dict[str, int]

    @classmethod
    def on(cls, dashboard: Dashboard) -> "Seen":
        certificates = (dashboard.data / "demo").glob("*/certificate.pem")
        return cls(
            dashboard.said,
            dashboard.sql("SELECT json_object_agg(name, base_url) FROM backup_server")[0],
            {file.parent.name: file.read_text() for file in certificates},
            dashboard.sql("SELECT json_object_agg(name, (SELECT count(*) FROM replica WHERE server_id = s.id))"
                          " FROM backup_server s")[0],
        )  # fmt: skip


@pytest.fixture(scope="module")
def two_starts(tmp_path_factory) -> list[Seen]:
    """One start until both were read; then one was removed, and at the second start the other's port was taken."""
    data, seen = tmp_path_factory.mktemp("demo") / "my data", []
    dashboard = Dashboard(data, DEMO="1")
    try:
        wait_for(lambda: are_read(dashboard.ready()), SYNCED_SECONDS, dashboard)
        seen.append(Seen.on(dashboard))
        wait_for(lambda: manage(data, "remove_server", "vbr-bergen", "--yes").returncode == 0, SYNCED_SECONDS)
        dashboard.stop()
        port = int(seen[0].addresses["vbr-oslo"].rpartition(":")[2])
        with socket.create_server(("127.0.0.1", port)):
            dashboard = Dashboard(data, DEMO="1").ready()
        seen.append(Seen.on(dashboard))
    finally:
        dashboard.end()
    return seen


def are_read(dashboard: Dashboard) -> bool:
    return dashboard.sql("SELECT count(*) FROM backup_server WHERE last_success_at IS NOT NULL") == (2,)


def test_they_are_connected_and_read(two_starts):
    first, _ = two_starts

    assert first.replicas == {"vbr-oslo": 40, "vbr-bergen": 25}
    assert "vbr-oslo and vbr-bergen, simulated backup servers" in first.said


def test_they_keep_their_certificates(two_starts):
    first, second = two_starts

    assert first.certificates == second.certificates


def test_one_whose_port_is_taken_gets_another_and_the_dashboard_follows(two_starts):
    first, second = two_starts

    assert second.addresses["vbr-oslo"] != first.addresses["vbr-oslo"]
    assert second.replicas["vbr-oslo"] == 40


def test_one_that_was_removed_does_not_come_back(two_starts):
    _, second = two_starts

    assert set(second.addresses) == {"vbr-oslo"}
    assert "vbr-bergen" not in second.said
