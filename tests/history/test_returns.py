"""A replica that was gone and is back in another state: one thing happened, and what was before it can be told."""

from django.utils import timezone

from replicas_app import history
from replicas_app.choices import EventKind
from replicas_app.models import Event
from replicas_app.simulator import Simulator
from tests.factories import make_server_of
from tests.syncing import do_sync


def test_a_replica_that_is_back_in_another_state_is_back_and_nothing_else(transactional_db):
    with Simulator(replicas=6, vms=1, points=2, seed=7, still=True, tls=True) as simulator:
        server, replica = make_server_of(simulator), simulator.world.replicas[0]
        do_sync(server)
        simulator.world.replicas.remove(replica)
        do_sync(server)
        while_gone = timezone.now()
        simulator.world.replicas.append(replica | {"state": "Failover"})
        do_sync(server)

    events = Event.objects.filter(replica__uuid=replica["id"], vm=None).order_by("pk")
    kinds = list(events.values_list("kind", "old", "new"))
    assert kinds == [
        (EventKind.APPEARED, "", replica["state"]),
        (EventKind.REMOVED, replica["state"], ""),
        (EventKind.REAPPEARED, "", "Failover"),
    ]
    then = history.inventory_at(server, while_gone).replicas()
    assert replica["id"] not in {str(one.uuid) for one in then}
