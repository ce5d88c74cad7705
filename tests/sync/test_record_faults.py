"""Records that are damaged, odd or new to us, among others that are as they should be."""

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import BackupServer, Event, Replica, ReplicaVM, RestorePoint
from tests.sync.faulty import LISTED, NEW_ID, REPLICAS, held, is_told, newest, oldest, there
from tests.syncing import do_sync

DAMAGED_POINTS = [
    ("id", None, "id is missing"),
    ("id", "42", "id is no UUID (42)"),
    ("name", None, "name is missing"),
    ("name", {"de": "web01"}, "name has the wrong type (dict)"),
    ("replicaId", "", "replicaId is no UUID ()"),
    ("creationTime", None, "creationTime is missing"),
    ("creationTime", 1764000000, "creationTime has the wrong type (int)"),
    ("creationTime", "1899-12-31T23:00:00Z", "creationTime is a placeholder (1899-12-31T23:00:00Z)"),
    ("creationTime", "0001-01-01T00:00:00", "creationTime is a placeholder (0001-01-01T00:00:00)"),
    ("creationTime", "9999-12-31T23:59:59.9999999Z", "creationTime is a placeholder (9999-12-31T23:59:59.9999999Z)"),
    ("creationTime", "2026-02-30T10:00:00Z", "creationTime is no time (2026-02-30T10:00:00Z)"),
    ("creationTime", "25.11.2026 10:00", "creationTime is no time (25.11.2026 10:00)"),
    ("state", 3, "state has the wrong type (int)"),
    ("malwareStatus", ["Clean"], "malwareStatus has the wrong type (list)"),
    ("allowedOperations", "StartFlrRestore", "allowedOperations has the wrong type (str)"),
    ("platformId", False, "platformId has the wrong type (bool)"),
]
DAMAGED_REPLICAS = [
    ("id", None, "id is missing"),
    ("name", "", "name is empty"),
    ("name", 7, "name has the wrong type (int)"),
    ("state", {"value": "Ready"}, "state has the wrong type (dict)"),
    ("creationTime", "soon", "creationTime is no time (soon)"),
    ("jobId", 12, "jobId has the wrong type (int)"),
]


@pytest.fixture
def changed(simulator, server) -> BackupServer:
    """A server that was read whole; since then a point came and another one went."""
    do_sync(server)
    simulator.world.points.remove(newest(simulator))
    simulator.world.points.append(oldest(simulator) | {"id": NEW_ID})
    return server


def damage(simulator, rule: dict, damages: list[tuple], first: int) -> list[str]:
    """Damage one record of a page after the other; the answer is why each is set aside."""
    for index, (key, value, _) in enumerate(damages, first):
        simulator.faults.add({**rule, "action": "set", "key": key, "index": index, "value": value})
    return sorted(reason for *_, reason in damages)


def reasons(run) -> list[str]:
    return sorted(entry["reason"] for entry in run.set_aside)


def test_each_damaged_point_is_set_aside_with_its_reason_and_everything_else_is_stored(simulator, changed):
    before, last_success = held(), changed.last_success_at
    expected = damage(simulator, LISTED, DAMAGED_POINTS, first=5)

    run = do_sync(changed)

    assert (run.state, run.error_cause, run.set_aside_count) == (SyncState.PARTIAL, "aside", len(expected))
    assert reasons(run) == expected
    assert held() == (before[0], before[1] | {NEW_ID})
    assert changed.last_success_at > last_success
    assert is_told(run, changed)


def test_each_damaged_replica_is_set_aside_with_its_reason_and_keeps_its_row_and_its_points(simulator, changed):
    before = held()
    expected = damage(simulator, {"path": REPLICAS}, DAMAGED_REPLICAS, first=0)

    run = do_sync(changed)

    assert (run.state, run.replicas_removed, run.points_removed) == (SyncState.PARTIAL, 0, 1)
    assert reasons(run) == expected
    assert held() == (before[0], there(simulator)[1])


def test_a_single_damaged_record_is_enough_to_remove_nothing(simulator, changed):
    simulator.faults.add({**LISTED, "action": "remove", "key": "name", "index": 7})

    run = do_sync(changed)

    assert (run.state, run.set_aside_count, run.points_removed) == (SyncState.PARTIAL, 1, 0)


def test_rows_that_are_no_records_are_set_aside(simulator, changed):
    before, rows = held(), [None, 17, "text", [], {}]
    for index, row in enumerate(rows):
        simulator.faults.add({**LISTED, "action": "set", "at": f"data.{index}", "value": row})

    run = do_sync(changed)

    assert (run.state, run.set_aside_count, run.points_removed) == (SyncState.PARTIAL, len(rows), 0)
    assert held()[1] >= before[1]


def test_a_damaged_record_that_is_mended_leaves_no_trace(simulator, changed):
    simulator.faults.add({**LISTED, "times": 1, "action": "remove", "key": "creationTime", "index": 0})

    damaged = do_sync(changed)
    then = do_sync(changed)

    assert (damaged.state, then.state, then.set_aside_count) == (SyncState.PARTIAL, SyncState.SUCCEEDED, 0)
    assert held() == there(simulator)
    assert changed.last_error == ""


def test_a_record_that_stays_damaged_is_told_at_every_sync(simulator, changed):
    """Its page is never taken for one that is known."""
    simulator.faults.add({**LISTED, "action": "remove", "key": "creationTime", "index": 0})

    runs = [do_sync(changed) for _ in range(3)]

    assert [(run.state, run.set_aside_count) for run in runs] == [(SyncState.PARTIAL, 1)] * 3


def test_of_a_thousand_damaged_records_fifty_reasons_are_kept_and_all_are_counted(simulator, server):
    for point in simulator.world.points[1:]:
        point["creationTime"] = None
    simulator.world.points.extend(point | {"id": "x"} for point in simulator.world.points[:20])

    run = do_sync(server)

    assert (run.set_aside_count, len(run.set_aside)) == (len(simulator.world.points) - 1, 50)


ODD_REPLICAS = [
    ("state", "state", "HyperVReplica"),
    ("type", "type", "Quantum"),
    ("platformName", "platform", "VMwareCloudDirector"),
    ("platformId", "platform_id", "00000000-0000-0000-0000-00000000000Z"),
    ("platformId", "platform_id", "1.234,56 GB"),
    ("jobId", "job_id", "no such job"),
]
ODD_POINTS = [
    ("state", "state", "Levitating"),
    ("malwareStatus", "malware", "NotScanned"),
    ("platformName", "platform", "Proxmox9"),
    ("platformId", "platform_id", "00000000-0000-0000-0000-000000000000"),
    ("allowedOperations", "operations", ["StartTimeTravel", ""]),
]


@pytest.mark.parametrize(("model", "odd"), [(Replica, ODD_REPLICAS), (RestorePoint, ODD_POINTS)])
def test_values_that_are_in_no_document_are_stored_as_they_came(simulator, server, model, odd):
    records = simulator.world.replicas if model is Replica else simulator.world.points
    for record, (key, _, value) in zip(records, odd, strict=False):
        record[key] = value

    run = do_sync(server)

    assert (run.state, run.set_aside_count) == (SyncState.SUCCEEDED, 0)
    for record, (_, field, value) in zip(records, odd, strict=False):
        assert getattr(model.objects.get(uuid=record["id"]), field) == value


@pytest.mark.parametrize("absent", [{"action": "set", "value": None}, {"action": "remove"}], ids=["null", "missing"])
def test_what_does_not_identify_a_replica_may_be_absent(simulator, server, absent):
    for key in ("state", "platformId", "policyUniqueId", "jobId", "platformName", "creationTime"):
        simulator.faults.add({"path": REPLICAS, "key": key, **absent})

    run = do_sync(server)

    assert run.state == SyncState.SUCCEEDED
    assert held() == there(simulator)


@pytest.mark.parametrize("spell", [str.upper, str.lower])
def test_a_revision_that_spells_its_words_in_other_letters_changes_nothing(simulator, server, spell):
    simulator.world.points[0]["malwareStatus"] = "Infected"
    do_sync(server)
    events = Event.objects.count()
    for record in (*simulator.world.replicas, *simulator.world.points):
        record |= {key: spell(record[key]) for key in ("state", "malwareStatus") if key in record}

    run = do_sync(server)

    assert (run.state, run.replicas_changed, run.points_changed) == (SyncState.SUCCEEDED, 0, 0)
    assert Event.objects.count() == events
    assert ReplicaVM.objects.filter(worst_malware="Infected").count() == 1


@pytest.mark.parametrize("zone", ["(UTC+02:00) Амстердам", None])
def test_a_zone_in_words_does_not_matter(simulator, server, zone):
    simulator.faults.add({"path": "serverTime$", "action": "set", "key": "timeZone", "value": zone})

    run = do_sync(server)

    assert run.state == SyncState.SUCCEEDED
    assert abs(server.clock_skew_seconds) < 5


SPELLINGS = {
    "2026-11-20T10:00:00Z": "2026-11-20T10:00:00+00:00",
    "2026-11-20T10:00:00.5z": "2026-11-20T10:00:00.500000+00:00",
    "2026-11-20 10:00:00.123456789+00:00": "2026-11-20T10:00:00.123456+00:00",
    "2026-11-21T00:00:00+14:00": "2026-11-20T10:00:00+00:00",
    "2026-11-20T15:30:00.000001+05:30": "2026-11-20T10:00:00.000001+00:00",
    "2026-11-20T10:00:01": "2026-11-20T10:00:01+00:00",
    "2026-11-20T10:00:02.25": "2026-11-20T10:00:02.250000+00:00",
}


def test_times_of_any_spelling_are_the_moments_that_are_meant_and_naive_ones_are_counted(simulator, server):
    for point, spelling in zip(simulator.world.points, SPELLINGS, strict=False):
        point["creationTime"] = spelling

    run = do_sync(server)

    stored = [
        RestorePoint.objects.get(uuid=point["id"]).created_at for point in simulator.world.points[: len(SPELLINGS)]
    ]
    assert [moment.isoformat() for moment in stored] == list(SPELLINGS.values())
    assert (run.state, run.naive_times) == (SyncState.SUCCEEDED, 2)


NAMES = {
    "web\ud83d": "web\ufffd",
    "a\x00b": "a\ufffdb",
    r"C:\temp\new": r"C:\temp\new",
    r"\.": r"\.",
    r"\N": r"\N",
    "a\tb": "a\tb",
    "two\nlines\r\nthree": "two\nlines\r\nthree",
    'he said "no"; {a,b} %s': 'he said "no"; {a,b} %s',
}


def test_odd_names_cost_no_other_record_and_stay_what_they_are(simulator, server):
    for index, name in enumerate(NAMES):
        simulator.faults.add({**LISTED, "action": "set", "key": "name", "index": index, "value": name})

    run = do_sync(server)

    assert run.state == SyncState.SUCCEEDED
    assert held() == there(simulator)
    assert {name: ReplicaVM.objects.get(name=name).point_count for name in NAMES.values()} == dict.fromkeys(
        NAMES.values(), 1
    )
