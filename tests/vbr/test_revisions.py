"""Which revision is spoken, and what a refused one is not (C06)."""

import pytest

from replicas_app.simulator import Simulator
from replicas_app.vbr import KNOWN_VERSIONS, Denied
from replicas_app.vbr.revisions import revisions_in
from tests.vbr.conftest import asked, client_of, logins, records
from tests.vbr.keyrings import CountingKeyring

LIVE_REFUSAL = {
    "errorCode": "NotImplemented",
    "message": "The resource 'https://vbr01.example.test:9419/api/oauth2/token' does not support the API version "
    "'1.3-rev2'.",
    "title": "The resource does not support the API version.",
    "status": 400,
}


@pytest.mark.parametrize("swagger", [True, False], ids=["with its list", "without its list"])
@pytest.mark.parametrize("names_versions", [True, False], ids=["naming them", "naming none"])
@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (KNOWN_VERSIONS, "1.3-rev2"),
        (("1.3-rev1", "1.3-rev0"), "1.3-rev1"),
        (("1.3-rev0",), "1.3-rev0"),
        (("1.2-rev1",), "1.2-rev1"),
    ],
)
def test_the_newest_revision_that_the_server_offers_is_chosen(offered, chosen, swagger, names_versions):
    with (
        Simulator(
            replicas=2, still=True, versions=offered, swagger=swagger, names_versions=names_versions
        ) as simulator,
        client_of(simulator, api_version="") as client,
    ):
        assert client.api_version == ""
        assert client.negotiate() == chosen
        assert client.api_version == chosen
        assert len(records(client.replicas())) == 2
        assert {one.headers["x-api-version"] for one in asked(simulator, "/api/v1/replicas")} == {chosen}
        assert logins(simulator) == 1


@pytest.mark.parametrize(
    ("names_versions", "tried"),
    [(True, ["1.3-rev2", "1.2-rev1"]), (False, ["1.3-rev2", "1.3-rev1", "1.3-rev0", "1.2-rev1"])],
)
def test_a_refusal_that_names_what_is_supported_shortens_the_way_down(names_versions, tried):
    with (
        Simulator(
            replicas=1, still=True, versions=("1.2-rev1",), swagger=False, names_versions=names_versions
        ) as simulator,
        client_of(simulator, api_version="") as client,
    ):
        client.negotiate()

        assert [one.headers["x-api-version"] for one in asked(simulator, "/api/v1/serverTime")] == tried


def test_the_servers_list_is_read_without_a_login(client, simulator):
    assert set(client.offered_versions()) >= set(KNOWN_VERSIONS)
    assert logins(simulator) == 0


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ('"url":"/swagger/v1.3-rev2/swagger.json","name":"V1.3-REV2"', ("1.3-rev2",)),
        ("urls:[{url:'V1.1-REV0'},{url:'v1.3-rev1'}]", ("1.1-rev0", "1.3-rev1")),
        ("supported: v1.0-rev1, v1.2-rev1.", ("1.0-rev1", "1.2-rev1")),
        ("version 11.3-rev2 of 10.1.3-rev0", ("11.3-rev2",)),
        ("<html>nothing</html>", ()),
    ],
)
def test_revisions_are_read_from_any_spelling(script, found):
    assert revisions_in(script) == found


def test_a_newer_revision_than_we_know_is_never_chosen(connect, simulator):
    simulator.faults.add({"path": "index.js$", "status": 200, "body": "v1.4-rev0 v9.9-rev9 v1.3-rev1"})

    assert connect(api_version="").negotiate() == "1.3-rev1"


def test_a_server_that_offers_nothing_that_we_know_says_what_it_offers(connect, simulator):
    simulator.faults.add({"path": "index.js$", "status": 200, "body": "v1.1-rev0 v1.1-rev1"})

    with pytest.raises(Denied) as error:
        connect(api_version="").negotiate()

    assert (error.value.cause, error.value.offered) == ("version", ("1.1-rev0", "1.1-rev1"))
    assert "Offered: 1.1-rev0, 1.1-rev1." in error.value.sentence


def test_the_first_two_refusals_step_down_to_the_next_revision():
    with Simulator(replicas=2, still=True, versions=("1.3-rev1",)) as simulator:
        simulator.faults.add({"path": "", "when": "1-2", "status": 400, "body": LIVE_REFUSAL})
        with client_of(simulator, api_version="") as client:
            client.sign_in()

            assert client.api_version == "1.3-rev1"
            assert logins(simulator) == 1


def test_when_every_revision_is_refused_the_error_lists_what_was_tried_and_no_login_is_sent(connect, simulator):
    simulator.faults.add({"path": "", "status": 400, "body": LIVE_REFUSAL})
    keyring = CountingKeyring()

    with pytest.raises(Denied) as error:
        connect(api_version="", keyring=keyring).sign_in()

    assert (error.value.cause, error.value.tried) == ("version", KNOWN_VERSIONS)
    assert "password" not in error.value.sentence
    assert (logins(simulator), keyring.refused) == (0, [])


def test_a_revision_that_only_the_login_refuses_is_stepped_down_from_and_is_no_refused_login(connect, simulator):
    simulator.faults.add({"path": "oauth2/token$", "times": 2, "status": 400, "body": LIVE_REFUSAL})
    keyring = CountingKeyring()
    client = connect(api_version="", keyring=keyring)

    client.sign_in()

    assert client.api_version == "1.3-rev0"
    assert (keyring.refused, keyring.succeeded) == ([], 1)


def test_a_given_revision_is_not_moved_by_a_refusal(connect, simulator):
    client = connect(api_version="1.3-rev2")
    simulator.faults.add({"path": "/api/v1/replicas$", "status": 400, "body": LIVE_REFUSAL})

    with pytest.raises(Denied) as error:
        records(client.replicas())

    assert (error.value.cause, error.value.tried) == ("version", ("1.3-rev2",))
    assert set(error.value.offered) >= set(KNOWN_VERSIONS)
    assert client.api_version == "1.3-rev2"


def test_a_given_revision_that_the_server_lost_is_no_refused_login(connect, simulator):
    simulator.manners.versions = ("1.3-rev1",)
    keyring = CountingKeyring()

    with pytest.raises(Denied) as error:
        connect(api_version="1.2-rev1", keyring=keyring).sign_in()

    assert (error.value.cause, error.value.tried, error.value.offered) == ("version", ("1.2-rev1",), ("1.3-rev1",))
    assert keyring.refused == []


def test_every_request_carries_its_revision(connect, simulator):
    client = connect(api_version="")
    records(client.replicas())
    client.sign_out()

    assert all(one.headers["x-api-version"] == "1.3-rev2" for one in simulator.requests)
