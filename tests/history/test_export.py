"""The list of events as a file."""

import csv
from datetime import UTC, datetime

import pytest

from replicas_app.choices import EventKind
from tests.factories import make_event, make_person, make_point, make_replica, make_server, make_vm

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_the_file_has_the_rows_of_the_list_in_the_values_of_the_api(client):
    vm = make_vm(make_replica(make_server("vbr-oslo"), "=tier 1"), "erp-db")
    point = make_point(vm, created_at=NOON)
    infected = make_event(point, EventKind.MALWARE, "", "Infected", at=NOON)
    make_event(vm.replica, EventKind.STATE, "Ready", "Failover", at=NOON)
    client.force_login(make_person())

    answer = client.get("/activity/?malware=Infected&export=csv")

    lines = answer.getvalue().decode("utf-8-sig").splitlines()
    assert list(csv.DictReader(lines)) == [
        {
            "seen_at": "2026-11-25T12:00:00+00:00",
            "what": "malware",
            "of": "point",
            "replica": "'=tier 1",
            "vm": "erp-db",
            "point_created_at": "2026-11-25T12:00:00+00:00",
            "old": "NotScanned",
            "new": "Infected",
            "server": "vbr-oslo",
            "replica_id": str(vm.replica.uuid),
            "vm_id": str(vm.pk),
            "point_id": str(point.uuid),
            "run": "",
            "event": str(infected.pk),
        }
    ]
    assert answer["Content-Disposition"].startswith('attachment; filename="activity-')
