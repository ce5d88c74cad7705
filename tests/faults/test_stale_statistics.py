"""Postgres plans by what it last knew of its tables, which may be that they were empty."""

import time

import pytest
from django.db import connection

from replicas_app.choices import RescanState
from replicas_app.rescans import compare
from tests.factories import make_point, make_replica, make_rescan, make_server, make_vm

MEMBERS = 500


@pytest.mark.django_db
def test_a_large_rescan_is_compared_soon_though_its_tables_were_known_as_empty():
    server = make_server()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE rescan, rescan_replica, replica, replica_vm, restore_point, event")
    rescan = make_rescan(*(make_replica(server) for _ in range(MEMBERS)), state=RescanState.SUCCEEDED)
    compare.note_before(rescan)
    for member in rescan.replicas.all()[:3]:
        make_point(make_vm(member))

    began = time.monotonic()
    compare.note_after(rescan)

    assert time.monotonic() - began < 10
    rescan.refresh_from_db()
    assert rescan.changes["points_gained"] == 3
