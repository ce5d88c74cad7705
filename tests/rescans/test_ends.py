"""What a session says of its own end, and what of that is believed."""

import pytest

from replicas_app.choices import RescanState
from tests.rescans.driving import step, to_the_end

SESSION = "/sessions/[^/]+$"
ENDS_LATER = {"$now": 600}


def test_an_end_that_a_running_session_names_is_none(simulator, rescan):
    simulator.faults.add({"path": SESSION, "action": "set", "values": {"state": "Working", "endTime": ENDS_LATER}})
    step(rescan)

    step(rescan)

    assert (rescan.state, rescan.session_ended_at) == (RescanState.RUNNING, None)


@pytest.mark.parametrize(("end", "is_believed"), [(-600, False), (600, True)])
def test_an_end_before_the_beginning_stays_unknown(simulator, rescan, end, is_believed):
    began_at, ended_at = {"$now": 0}, {"$now": end}
    over = {"state": "Stopped", "result": {"result": "Success"}, "creationTime": began_at, "endTime": ended_at}
    simulator.faults.add({"path": SESSION, "action": "set", "values": over})

    to_the_end(rescan, simulator)

    assert (rescan.state, rescan.session_ended_at is not None) == (RescanState.SUCCEEDED, is_believed)
