"""Requests with anything in any header that we read: a page, or a refusal in words."""

import pytest
from django.test import Client

from replicas_app.choices import RescanState, Role
from tests.factories import make_person, make_point, make_replica, make_rescan, make_server, make_sync_run, make_vm

pytestmark = pytest.mark.django_db
VALUES = (
    "", "http://[::1", "http://testserver/\x00", "//evil.test/", "http://testserver//evil.test/x", "x" * 5_000,
    "javascript:alert(1)", "\xff\xfe", "a\tb", "%ff%fe", "http://testserver/replicas/?q=%00&page=%D9%A3", "W/",
    "*, null",
)  # fmt: skip
HEADERS = (
    "HX-Request", "HX-Current-URL", "HX-Target", "HX-Boosted", "HX-History-Restore-Request", "X-Seen", "X-Heard",
    "Referer", "Origin", "If-None-Match", "X-Forwarded-For", "Cookie",
)  # fmt: skip


@pytest.fixture
def pages() -> list[str]:
    server = make_server()
    vm = make_vm(make_replica(server), point_count=1)
    point, run = make_point(vm), make_sync_run(server)
    rescan = make_rescan(vm.replica, state=RescanState.RUNNING)
    own = [f"/replicas/{vm.replica_id}/", f"/vms/{vm.pk}/", f"/restore-points/{point.pk}/", f"/rescans/{rescan.pk}/"]
    lists = ["/", "/replicas/", "/vms/", "/restore-points/", "/rescans/", "/activity/", "/servers/", "/people/"]
    more = [f"/servers/{server.pk}/", f"/servers/{server.pk}/runs/{run.pk}/", "/replicas/?export=csv", "/nowhere/"]
    return [*lists, *own, *more, f"/servers/{server.pk}/pin/", "/rescans/new/", "/healthz", "/accounts/login/"]


@pytest.mark.parametrize("header", HEADERS)
def test_anything_in_a_header_is_answered(pages, header):
    client = Client()
    client.force_login(make_person("anna", Role.ADMIN))

    for number, page in enumerate(pages):
        for value in VALUES[number % 5 :: 5]:
            part = {"HX-Request": "true"} if number % 2 else {}
            answer = client.get(page, headers={**part, header: value})
            assert answer.status_code < 500, (page, value)
            assert "evil.test" not in answer.headers.get("Location", "") + answer.headers.get("HX-Redirect", "")
