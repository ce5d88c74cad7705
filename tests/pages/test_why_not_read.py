"""Why a server was not read stands wherever something of that server is shown."""

import pytest

from replicas_app.choices import Role
from replicas_app.models import BackupServer
from tests.factories import make_person, make_replica, make_rescan, make_server
from tests.pages.reading import PART, read, words_of
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


@pytest.mark.parametrize(
    "address", ["/", "/servers/", "/replicas/", "/vms/", "/restore-points/", "/rescans/", "/activity/"]
)
def test_where_many_servers_could_not_be_read_the_page_has_the_cause_of_each(signed_in, address):
    causes = [f"Fault number {number} of the night." for number in range(12)]
    for cause in causes:
        make_server(last_error=cause, last_error_cause="server")

    told = words_of(read(signed_in(), address).soup)

    assert [cause for cause in causes if cause not in told] == []


def test_an_open_page_of_a_rescan_takes_the_cause_back_once_its_server_is_read_again(signed_in):
    rescan = make_rescan(make_replica(make_server(last_error="It is busy.", last_error_cause="busy")))
    client = signed_in()

    before = read(client, rescan.get_absolute_url(), headers=PART).text("#rescan")
    BackupServer.objects.update(last_error="", last_error_cause="")
    after = read(client, rescan.get_absolute_url(), headers=PART).text("#rescan")

    assert ("It is busy." in before, "It is busy." in after) == (True, False)


def test_the_overview_begins_with_how_many_reads_failed_though_no_data_is_old_yet(signed_in):
    make_server()
    make_server(last_error="It is busy.", last_error_cause="busy")

    assert read(signed_in(), "/").text("h1").endswith("The last read of 1 server failed.")


def test_the_question_before_a_rescan_says_why_its_server_could_not_be_read(signed_in):
    server = make_server("lab", last_error="It shows another certificate.", last_error_cause="tls_changed")
    half_read = make_server(last_error="2 records were set aside.", last_error_cause="aside")
    client = signed_in(role=Role.OPERATOR)

    told = [read(client, f"/rescans/new/?id={make_replica(one).pk}").select(".notice") for one in (server, half_read)]

    assert [[words_of(notice) for notice in notices] for notices in told] == [
        [
            "The last read of lab failed. It shows another certificate. A rescan of it may not start before that is "
            "mended."
        ],
        [],
    ]


def test_a_drop_that_waits_for_a_person_is_told_where_its_server_is_in_sight(signed_in):
    admin = make_person(role=Role.ADMIN)
    scene, client = set_scene(admin), signed_in(admin)

    for address in ("/replicas/", "/restore-points/", scene.doubted.get_absolute_url()):
        assert "40 of 401 replicas" in words_of(read(client, address).soup)
