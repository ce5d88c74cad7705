"""Why a server was not read stands wherever something of that server is shown."""

import pytest

from replicas_app.choices import Role
from tests.factories import make_person
from tests.pages.reading import read, words_of
from tests.scene import Scene, set_scene

pytestmark = pytest.mark.django_db

WITHOUT_DATA_OF_THE_SERVER = {
    "server-add",
    "server-edit",
    "server-remove",
    "server-pin",
    "server-accept-drop",
    "people",
    "person",
    "person-add",
    "person-link",
    "person-deactivate",
    "password-change",
    "rescan-ask",
    "rescan-stop",
    "no page",
}
"""Forms and questions, and what is about people."""
OF_OTHER_SERVERS = {"an open sync-run", "a server that is read", "a server that lists too little"}
WITH_A_CAUSE_OF_ITS_OWN = {"sync-run"}
"""A read that is over says how that read ended, whatever came later."""


def pages_with_data(scene: Scene) -> dict[str, str]:
    left_out = WITHOUT_DATA_OF_THE_SERVER | OF_OTHER_SERVERS | WITH_A_CAUSE_OF_ITS_OWN
    return {name: address for name, address in scene.pages.items() if name not in left_out}


def test_the_cause_of_a_failed_read_stands_on_every_page_with_data_of_that_server(signed_in):
    admin = make_person(role=Role.ADMIN)
    scene, client = set_scene(admin), signed_in(admin)

    silent = [
        name
        for name, address in pages_with_data(scene).items()
        if scene.server.last_error not in words_of(read(client, address).soup)
    ]

    assert silent == []


def test_a_drop_that_waits_for_a_person_is_told_where_its_server_is_in_sight(signed_in):
    admin = make_person(role=Role.ADMIN)
    scene, client = set_scene(admin), signed_in(admin)

    for address in ("/replicas/", "/restore-points/", scene.doubted.get_absolute_url()):
        assert "40 of 401 replicas" in words_of(read(client, address).soup)
