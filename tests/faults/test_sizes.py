"""What is far too long or far too large, from a server that is broken or hostile: it costs a record, never a read."""

import random
import string

import pytest

from replicas_app.choices import SyncState
from replicas_app.models import ReplicaVM
from tests.sync.faulty import LISTED, REPLICAS, held, is_told, there
from tests.syncing import do_sync

LONG = "".join(random.Random(7).choices(string.ascii_letters, k=10_000))
"""Without a pattern, so that nothing can pack it into less."""
EMOJI = "".join(chr(random.Random(7).randrange(0x1F300, 0x1F600)) for _ in range(500))
DIGITS = "".join(f"{number % 10}{chr(97 + number * 7 % 26)}" for number in range(250))


@pytest.mark.parametrize("key", ["name", "state", "malwareStatus", "platformId"])
def test_a_point_with_a_text_of_ten_thousand_letters_is_set_aside_and_no_other(simulator, swept, key):
    before = held()
    simulator.faults.add({**LISTED, "action": "set", "key": key, "index": 3, "value": LONG})

    run = do_sync(swept)

    assert (run.state, run.set_aside_count, run.points_removed) == (SyncState.PARTIAL, 1, 0)
    assert run.set_aside[0]["reason"] == f"{key} is longer than 500 characters"
    assert held() == before
    assert is_told(run, swept)


@pytest.mark.parametrize("key", ["name", "state", "jobId", "type", "platformName"])
def test_a_replica_with_a_text_of_ten_thousand_letters_is_set_aside_and_keeps_its_row(simulator, swept, key):
    simulator.faults.add({"path": REPLICAS, "action": "set", "key": key, "index": 1, "value": LONG})

    run = do_sync(swept)

    assert (run.state, run.set_aside_count, run.replicas_removed) == (SyncState.PARTIAL, 1, 0)
    assert held() == there(simulator)


@pytest.mark.parametrize("name", [EMOJI, DIGITS, "ﷺ" * 500, "é" * 250, "\u202eevil\u202c"], ids="aghij")
def test_a_long_name_that_can_be_stored_is(simulator, server, name):
    for record in (simulator.world.points[0], simulator.world.replicas[0]):
        record["name"] = name

    run = do_sync(server)

    assert (run.state, run.set_aside_count) == (SyncState.SUCCEEDED, 0)
    assert ReplicaVM.objects.filter(name=name).count() == 1


@pytest.mark.parametrize("total", [2**31 - 1, 2**31, 2**63, 10**30])
@pytest.mark.parametrize("rule", [LISTED, {"path": REPLICAS}], ids=["points", "replicas"])
def test_a_total_beyond_all_reason_is_a_short_list_and_removes_nothing(simulator, swept, rule, total):
    before = held()
    (simulator.world.points if rule is LISTED else simulator.world.replicas).pop()
    simulator.faults.add({**rule, "action": "set", "at": "pagination.total", "value": total})

    run = do_sync(swept)

    removed = (run.replicas_removed, run.points_removed)
    assert (run.state, run.error_cause, removed) == (SyncState.PARTIAL, "short", (0, 0))
    assert f"{total} were announced" in run.error
    assert held() == before
