"""VMs as a sync leaves them."""

from datetime import timedelta

from django.utils import timezone

from replicas_app.models import ReplicaVM
from tests.deriving import derive
from tests.factories import make_point, make_vm


def make_vm_with_points(*ages: float, replica=None, name: str = "", **fields: object) -> ReplicaVM:
    """A VM with a point of each of these ages in hours, and the figures that follow from them."""
    vm = make_vm(replica, name)
    for age in ages:
        make_point(vm, created_at=timezone.now() - timedelta(hours=age), **fields)
    derive(vm.server_id)
    vm.refresh_from_db()
    return vm
