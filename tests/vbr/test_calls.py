"""Every call of vbr-api.md section 4, against servers of all four revisions."""

from datetime import timedelta

import pytest

from replicas_app.vbr import KNOWN_VERSIONS, Denied, Rejected
from tests.vbr.conftest import asked, records
from tests.waiting import wait_until

every_revision = pytest.mark.parametrize("revision", KNOWN_VERSIONS)
ZERO = "00000000-0000-0000-0000-000000000000"


@every_revision
def test_every_call_is_answered_in_every_revision(connect, revision):
    client = connect(api_version=revision)

    replicas, points = records(client.replicas()), records(client.points())
    replica, point = replicas[0], points[0]

    assert len(replicas) == 6
    assert client.replica(replica.id) == replica
    assert client.point(point.id) == point
    assert client.replica_point(point.replica_id, point.id) == point
    assert set(records(client.replica_points(point.replica_id))) == {
        one for one in points if one.replica_id == point.replica_id
    }
    assert client.server_info().build_version
    assert abs(client.server_time().skew_seconds) < 1
    assert {job.id for job in records(client.job_states())} & {replica.job_id for replica in replicas}
    assert all(task.type == "Replica" for task in records(client.task_sessions()))
    assert client.api_version == revision


@every_revision
def test_a_rescan_is_followed_to_its_end(connect, revision):
    client = connect(api_version=revision)
    replica = records(client.replicas())[0]

    session = client.rescan([replica.id])

    assert session.type == "ConfigurationResynchronize"
    assert not session.is_ended
    ended = wait_for_end(client, session.id)
    assert (ended.result, ended.progress) == ("Success", 100)
    assert ended.ended_at > ended.created_at
    log = client.session_logs(session.id)
    assert (len(log.records), log.broken) == (log.total, [])
    assert all(record.title for record in log.records)


def test_a_session_is_stopped(client):
    session = client.rescan([records(client.replicas())[0].id])

    client.stop_session(session.id)

    assert wait_for_end(client, session.id).result == "Failed"


def test_a_rescan_names_the_replicas_by_the_key_of_the_schema(client, simulator):
    ids = [replica.id for replica in records(client.replicas())[:2]]

    client.rescan(ids)

    [request] = asked(simulator, "/api/v1/replicas/rescan")
    assert request.body == f'{{"replicaIds":["{ids[0]}","{ids[1]}"]}}'.encode()


def test_a_rescan_of_no_replica_is_never_sent(client, simulator):
    with pytest.raises(ValueError):
        client.rescan([])

    assert asked(simulator, "/api/v1/replicas/rescan") == []


@pytest.mark.parametrize(
    ("revision", "parameter"), [("1.2-rev1", "policyTagFilter"), ("1.3-rev2", "policyUniqueIdFilter")]
)
def test_replicas_are_filtered_by_each_parameter_in_the_revisions_own_words(connect, simulator, revision, parameter):
    client = connect(api_version=revision)
    moment = client.server_time().time

    records(
        client.replicas(
            name="*a&b=c d*",
            created_after=moment - timedelta(days=9),
            created_before=moment,
            platform_id=ZERO,
            job_id=ZERO,
            policy="gold+1",
            state="Ready",
            order="State",
            ascending=False,
            page_size=50,
        )
    )

    [request] = asked(simulator, "/api/v1/replicas")
    assert request.query == {
        "skip": ["0"],
        "limit": ["50"],
        "nameFilter": ["*a&b=c d*"],
        "createdAfterFilter": [(moment - timedelta(days=9)).isoformat(timespec="microseconds").replace("+00:00", "Z")],
        "createdBeforeFilter": [moment.isoformat(timespec="microseconds").replace("+00:00", "Z")],
        "platformIdFilter": [ZERO],
        "jobIdFilter": [ZERO],
        parameter: ["gold+1"],
        "stateFilter": ["Ready"],
        "orderColumn": ["State"],
        "orderAsc": ["false"],
    }


def test_points_are_filtered_by_each_parameter(client, simulator):
    moment = client.server_time().time
    wanted = {"name": "vm", "created_after": moment, "created_before": moment, "platform": "VMware"}
    wanted |= {"platform_id": ZERO, "order": "Name"}

    records(client.points(**wanted, replica_id=ZERO, malware_status="Infected"))
    records(client.replica_points(records(client.replicas())[0].id, **wanted, replica_id_filter=ZERO))

    everything = {"skip", "limit", "nameFilter", "createdAfterFilter", "createdBeforeFilter", "platformNameFilter"}
    everything |= {"platformIdFilter", "replicaIdFilter", "orderColumn", "orderAsc"}
    of_all, of_one = (one for one in simulator.requests if one.path.endswith("replicaPoints"))
    assert set(of_all.query) == everything | {"malwareStatusFilter"}
    assert set(of_one.query) == everything


def test_points_created_after_a_moment_are_those_that_the_whole_list_has_after_it(client):
    points = records(client.points())
    middle = points[len(points) // 2].created_at

    later = records(client.points(created_after=middle + timedelta(microseconds=1)))

    assert {point.id for point in later} == {point.id for point in points if point.created_at > middle}


def test_sessions_are_filtered_by_several_types_and_results(connect, simulator):
    client = connect()
    moment = client.server_time().time

    found = records(
        client.sessions(
            name="*",
            created_after=moment - timedelta(days=30),
            created_before=moment,
            ended_after=moment - timedelta(days=30),
            ended_before=moment,
            types=["ConfigurationResynchronize", "ReplicaJob"],
            state="Stopped",
            results=["Success", "Warning"],
        )
    )

    assert found
    assert {session.type for session in found} <= {"ConfigurationResynchronize", "ReplicaJob"}
    [request, *_] = asked(simulator, "/api/v1/sessions")
    assert request.query["typeFilter"] == ["ConfigurationResynchronize", "ReplicaJob"]
    assert request.query["resultFilter"] == ["Success", "Warning"]


def test_the_oldest_revision_filters_sessions_by_one_type_only(connect):
    client = connect(api_version="1.2-rev1")

    assert records(client.sessions(types=["ConfigurationResynchronize"]))
    with pytest.raises(ValueError, match="one type"):
        client.sessions(types=["ConfigurationResynchronize", "ReplicaJob"])


@pytest.mark.parametrize("call", ["replica", "point", "session", "stop_session"])
def test_what_is_not_there_is_gone(client, call):
    with pytest.raises(Rejected) as error:
        getattr(client, call)("12345678-1234-1234-1234-123456789012")

    assert (error.value.cause, error.value.status) == ("gone", 404)


def test_an_id_cannot_lead_to_another_path(client, simulator):
    with pytest.raises(Rejected):
        client.replica("../serverInfo?x=")

    assert simulator.requests[-1].path.startswith("/api/v1/replicas/")


def test_a_server_without_the_list_of_all_points_says_that_it_is_gone(client, simulator):
    simulator.manners.bulk_points = False

    with pytest.raises(Rejected) as error:
        records(client.points())

    assert error.value.cause == "gone"
    assert records(client.replica_points(records(client.replicas())[0].id))


def test_the_skew_is_their_clock_minus_ours(client, simulator):
    simulator.faults.add(
        {"path": "serverTime$", "action": "set", "key": "serverTime", "value": {"$now": 90}},
    )

    assert 88 < client.server_time().skew_seconds < 92


def test_what_a_viewer_may_not_see_is_a_matter_of_the_role(connect, simulator):
    simulator.accounts.users["svc"].role = "viewer"
    client = connect()

    with pytest.raises(Denied) as error:
        records(client.replicas())

    assert (error.value.cause, error.value.status) == ("role", 403)
    assert records(client.sessions())


def test_a_restore_operator_sees_replicas_but_not_the_server(connect, simulator):
    simulator.accounts.users["svc"].role = "restore operator"
    client = connect()

    assert len(records(client.replicas())) == 6
    with pytest.raises(Denied) as error:
        client.server_info()
    assert error.value.cause == "role"


def wait_for_end(client, id: str):
    return wait_until(lambda: (session := client.session(id)).is_ended and session)
