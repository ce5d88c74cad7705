"""A press that comes at the moment when somebody removes the server: it is told that it is not there any more."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client

from replicas_app.choices import Role
from replicas_app.models import Person, Rescan, SyncRun
from replicas_app.servers import removal
from tests.factories import make_person, make_replica, make_server
from tests.faults.test_order_of_locks import is_anybody_waiting
from tests.waiting import wait_until

PRESSES = {
    "/servers/{server}/toggle/": {"on": "0"},
    "/servers/{server}/sync/": {},
    "/rescans/start/": {"id": "{replica}"},
}


def press(person: Person, address: str, fields: dict[str, str]) -> HttpResponse:
    client = Client()
    client.force_login(person)
    try:
        return client.post(address, fields)
    finally:
        connection.close()


@pytest.mark.parametrize("address", PRESSES)
def test_a_press_while_the_server_is_removed_is_answered_by_not_found(transactional_db, address):
    server, person = make_server(), make_person(role=Role.ADMIN)
    places = {"server": server.pk, "replica": make_replica(server).pk}
    fields = {name: value.format(**places) for name, value in PRESSES[address].items()}

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            removal._remove(server)
            pressed = pool.submit(press, person, address.format(**places), fields)
            wait_until(is_anybody_waiting)
        answer = pressed.result(30)

    assert (answer.status_code, SyncRun.objects.count(), Rescan.objects.count()) == (404, 0, 0)
