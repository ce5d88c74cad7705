"""What is worked out from points follows them, wherever they go."""

from replicas_app.models import Replica, ReplicaVM
from tests.syncing import do_sync


def counts(*names: str) -> list[int]:
    return [ReplicaVM.objects.get(name=name).point_count for name in names]


def test_a_point_that_turns_out_to_be_another_vms_counts_there_and_no_longer_where_it_was(simulator, swept):
    point = simulator.world.points[0]
    old, replica = point["name"], Replica.objects.get(uuid=point["replicaId"])
    [before], points, vms = counts(old), replica.point_count, replica.vm_count
    point["name"] = "renamed"

    run = do_sync(swept)

    replica.refresh_from_db()
    assert (run.points_changed, counts(old, "renamed")) == (1, [before - 1, 1])
    assert (replica.point_count, replica.vm_count) == (points, vms + 1)
