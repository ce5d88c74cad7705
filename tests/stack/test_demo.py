"""The two simulated backup servers of a first start, and what becomes of them in the second."""

import socket

from tests.stack.running import Dashboard, manage, wait_for

READ_SECONDS = 60
REPLICAS = "SELECT json_object_agg(name, (SELECT count(*) FROM replica WHERE server_id = s.id)) FROM backup_server s"


def addresses(dashboard: Dashboard) -> dict[str, str]:
    return dashboard.sql("SELECT json_object_agg(name, base_url) FROM backup_server")[0]


def certificates(dashboard: Dashboard) -> dict[str, str]:
    return {file.parent.name: file.read_text() for file in (dashboard.data / "demo").glob("*/certificate.pem")}


def are_read(dashboard: Dashboard) -> bool:
    return dashboard.sql("SELECT count(*) FROM backup_server WHERE last_success_at IS NOT NULL") == (2,)


def remove(dashboard: Dashboard, name: str) -> None:
    """By hand, and again if it is being read just now."""
    wait_for(lambda: manage(dashboard.data, "remove_server", name, "--yes").returncode == 0, READ_SECONDS, dashboard)


def test_they_are_read_at_once_and_after_a_restart_found_again_wherever_they_are_unless_removed(start):
    first = start(DEMO="1").ready()
    wait_for(lambda: are_read(first), READ_SECONDS, first)
    known, shown = addresses(first), certificates(first)

    assert first.sql(REPLICAS) == ({"vbr-oslo": 40, "vbr-bergen": 25},)
    assert "vbr-oslo and vbr-bergen, simulated backup servers" in first.said

    remove(first, "vbr-bergen")
    first.stop()
    with socket.create_server(("127.0.0.1", int(known["vbr-oslo"].rpartition(":")[2]))):
        second = start(DEMO="1").ready()

    assert set(addresses(second)) == {"vbr-oslo"}, "what somebody removed does not come back"
    assert addresses(second)["vbr-oslo"] != known["vbr-oslo"], "its port was taken"
    assert certificates(second) == shown
    assert second.sql(REPLICAS) == ({"vbr-oslo": 40},)
    assert "vbr-bergen" not in second.said
