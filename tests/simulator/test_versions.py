"""Which revisions a server speaks, and how it tells and refuses."""

import json
import re
from collections.abc import Callable

import pytest

from replicas_app.simulator import Simulator

from .asking import Caller

Start = Callable[..., Simulator]
OLDER = ("1.2-rev1", "1.3-rev0")


def test_the_swagger_page_lists_the_revisions_newest_first_without_a_login(start: Start):
    answer = Caller(start(versions=OLDER), None).get("/swagger/index.js")

    urls = json.loads(re.search(r"JSON\.parse\('(.*)'\)", answer.text)[1])["urls"]
    assert urls == [
        {"url": "/swagger/v1.3-rev0/swagger.json", "name": "V1.3-REV0"},
        {"url": "/swagger/v1.2-rev1/swagger.json", "name": "V1.2-REV1"},
    ]


def test_the_swagger_page_can_be_switched_off(start: Start):
    assert Caller(start(swagger=False)).get("/swagger/index.js").status_code == 404


def test_an_older_server_names_what_it_supports_already_on_the_token_call(start: Start):
    answer = Caller(start(versions=OLDER), "1.3-rev2").token_for()

    assert answer.status_code == 400
    assert answer.json()["message"] == (
        "Unsupported RESTAPI version. The following versions are supported: v1.2-rev1, v1.3-rev0."
    )


def test_a_newer_server_names_none(start: Start):
    simulator = start(versions=OLDER, names_versions=False)

    answer = Caller(simulator, "1.3-rev2").token_for()

    said = answer.json()
    assert (answer.status_code, said["errorCode"], said["status"]) == (400, "NotImplemented", 400)
    assert said["message"] == said["title"]
    assert f"{simulator.url}/api/oauth2/token" in said["message"]
    assert "1.2-rev1" not in said["message"]


def test_a_refused_revision_is_no_refused_password(start: Start):
    simulator = start(versions=OLDER)
    for _ in range(9):
        Caller(simulator, "1.3-rev2").token_for("svc", "wrong")

    assert Caller(simulator, "1.3-rev0").token_for().status_code == 200


def test_without_the_header_a_request_is_answered_in_the_newest_revision(start: Start):
    simulator = start()

    assert Caller(simulator, None).signed_in().all("/api/v1/replicas")[0]["type"] == "Snapshot"


def test_a_server_can_be_upgraded_while_it_runs(start: Start):
    simulator = start(versions=OLDER)
    before = Caller(simulator, "1.3-rev2").token_for().status_code

    simulator.manners.versions = ("1.3-rev2",)

    assert before == 400
    assert Caller(simulator, "1.3-rev2").token_for().status_code == 200
    assert Caller(simulator, "1.3-rev0").token_for().status_code == 400


@pytest.mark.parametrize(
    ("revision", "type", "job", "keys"),
    [
        ("1.2-rev1", "Regular", ("inactive", "vm"), set()),
        ("1.3-rev0", "Regular", ("stopped", "vm"), {"initiatedBy"}),
        ("1.3-rev1", "Regular", ("Stopped", "Vm"), {"initiatedBy", "relatedSessionId"}),
        ("1.3-rev2", "Snapshot", ("Stopped", "Vm"), {"initiatedBy", "relatedSessionId", "originalSessionId"}),
    ],
)
def test_each_revision_spells_in_its_own_way(
    revision: str, type: str, job: tuple[str, str], keys: set[str], world_of_all: Simulator
):
    caller = Caller(world_of_all, revision).signed_in()

    replica = caller.all("/api/v1/replicas")[0]
    job_state = next(
        one for one in caller.all("/api/v1/jobs/states") if one["status"].lower() in {"stopped", "inactive"}
    )
    session = caller.all("/api/v1/sessions", typeFilter="ConfigurationResynchronize")[0]

    assert replica["type"] == type
    assert (job_state["status"], job_state["workload"]) == job
    assert session.keys() & {"initiatedBy", "relatedSessionId", "originalSessionId"} == keys


@pytest.mark.parametrize(
    ("revision", "parameter"), [("1.3-rev1", "policyTagFilter"), ("1.3-rev2", "policyUniqueIdFilter")]
)
def test_the_policy_filter_was_renamed(revision: str, parameter: str, world_of_all: Simulator):
    caller = Caller(world_of_all, revision).signed_in()
    other = {"policyTagFilter", "policyUniqueIdFilter"} - {parameter}
    expected = {one["id"] for one in world_of_all.world.view().replicas if one.get("policyUniqueId") == "policy-1"}

    found = {one["id"] for one in caller.all("/api/v1/replicas", **{parameter: "POLICY-1"})}
    unfiltered = caller.all("/api/v1/replicas", **{other.pop(): "policy-1"})

    assert found == expected
    assert len(unfiltered) == 20


def test_the_oldest_revision_takes_one_session_type_the_others_several(world_of_all: Simulator):
    both = {"typeFilter": ["ConfigurationResynchronize", "ReplicaJob"]}

    found = {
        revision: {
            one["sessionType"] for one in Caller(world_of_all, revision).signed_in().all("/api/v1/sessions", **both)
        }
        for revision in ("1.2-rev1", "1.3-rev0")
    }

    assert found == {
        "1.2-rev1": {"ConfigurationResynchronize"},
        "1.3-rev0": {"ConfigurationResynchronize", "ReplicaJob"},
    }


def test_an_unknown_platform_is_custom_to_older_revisions(world_of_all: Simulator):
    found = {
        revision: {one["platformName"] for one in Caller(world_of_all, revision).signed_in().all("/api/v1/replicas")}
        for revision in ("1.3-rev1", "1.3-rev2")
    }

    assert found == {"1.3-rev1": {"VMware", "HyperV", "CustomPlatform"}, "1.3-rev2": {"VMware", "HyperV", "Proxmox"}}


def test_the_oldest_revision_takes_what_is_informative_for_clean(world_of_all: Simulator):
    old, new = (Caller(world_of_all, revision).signed_in() for revision in ("1.2-rev1", "1.3-rev0"))
    counted = {
        status: len(new.all("/api/v1/replicaPoints", malwareStatusFilter=status)) for status in ("Clean", "Informative")
    }

    clean = old.all("/api/v1/replicaPoints", malwareStatusFilter="Clean")

    assert counted["Informative"] > 0
    assert len(clean) == sum(counted.values())
    assert {point["malwareStatus"] for point in clean} == {"Clean"}
