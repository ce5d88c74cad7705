"""What a rescan names is kept with it, whatever else retention drops."""

import pytest
from django.db import connection

from replicas_app.choices import RescanState
from replicas_app.models import Replica
from tests.factories import make_replica, make_rescan, make_server
from tests.history.test_retention import LONG_AGO, carry_out, kept  # noqa: F401

pytestmark = pytest.mark.django_db


def test_a_replica_that_never_had_a_vm_is_kept_as_long_as_a_rescan_names_it():
    server = make_server()
    fields = {"first_seen_at": LONG_AGO, "changed_at": LONG_AGO, "removed_at": LONG_AGO}
    named, _ = (make_replica(server, name, **fields) for name in ("named", "forgotten"))
    make_rescan(named, state=RescanState.SUCCEEDED)

    carry_out(server)

    connection.check_constraints()
    assert list(Replica.objects.all()) == [named]
