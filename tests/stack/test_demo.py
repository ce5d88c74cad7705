"""The two simulated backup servers of a first start."""

import socket

from tests.stack.running import Dashboard, manage, wait_for

SYNCED_SECONDS = 60


def servers(dashboard: Dashboard) -> dict[str, str]:
    """Name → address, of those that the dashboard knows."""
    found = dashboard.sql("SELECT coalesce(json_object_agg(name, base_url), '{}') FROM backup_server")
    return found[0]


def are_synced(dashboard: Dashboard) -> bool:
    return dashboard.sql("SELECT count(*) FROM backup_server WHERE last_success_at IS NOT NULL") == (2,)


def certificates(dashboard: Dashboard) -> dict[str, str]:
    return {file.parent.name: file.read_text() for file in (dashboard.data / "demo").glob("*/certificate.pem")}


def test_they_are_connected_and_read_and_are_the_same_ones_after_a_restart(start):
    dashboard = start(DEMO="1").ready()
    wait_for(lambda: are_synced(dashboard), SYNCED_SECONDS, dashboard)
    known, shown = servers(dashboard), certificates(dashboard)
    replicas = dashboard.sql("SELECT count(*) FROM replica WHERE removed_at IS NULL")
    dashboard.stop()

    with taken(known["vbr-oslo"]):
        again = start(DEMO="1").ready()

    assert set(known) == {"vbr-oslo", "vbr-bergen"}
    assert "vbr-oslo and vbr-bergen, simulated backup servers" in dashboard.said
    assert replicas == (65,)
    assert certificates(again) == shown
    assert servers(again)["vbr-bergen"] == known["vbr-bergen"]
    assert servers(again)["vbr-oslo"] != known["vbr-oslo"], "its port was taken, so it has to have another one"


def test_one_that_was_removed_does_not_come_back(start):
    dashboard = start(DEMO="1").ready()
    assert manage(dashboard.data, "remove_server", "vbr-bergen", "--yes").returncode == 0
    dashboard.stop()

    again = start(DEMO="1").ready()

    assert set(servers(again)) == {"vbr-oslo"}
    assert "vbr-bergen" not in again.said


def taken(address: str) -> socket.socket:
    return socket.create_server(("127.0.0.1", int(address.rpartition(":")[2])))
