"""A dashboard in the middle of its day, for tests that walk all pages: every kind of row, names as long as in life."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from replicas_app.choices import EventKind, RescanState, Role, SyncState, SyncTrigger
from replicas_app.models import BackupServer, Event, Person, Replica, ReplicaVM, Rescan, RestorePoint, SyncRun
from replicas_app.people import make_link
from replicas_app.rescans import compare
from tests.deriving import derive
from tests.factories import (
    make_event,
    make_person,
    make_point,
    make_replica,
    make_rescan,
    make_server,
    make_sync_run,
    make_vm,
)

LONG_NAME = "Replicate_production-database-cluster-Oslo_to_Bergen__hourly (incl. application-aware processing) % ä"
UNBROKEN = "vm-" + "abcdefghij" * 8
STATES = ("Ready", "Failover", "FailedFailover", "Processing", "SomethingNew", "Ready")
MALWARE = ("Clean", "Infected", "Suspicious", "", "Informative", "Clean")
FAILED_STEP = {
    "key": "tls",
    "title": "The certificate is the one that was accepted",
    "status": "critical",
    "cause": "tls_changed",
    "detail": "It shows AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99 now",
    "fix": "Compare the fingerprint at the server itself before you accept it.",
}
SHOWN = {"sha256": "cd" * 32, "subject": f"CN={UNBROKEN}.example.test", "issuer": "CN=Corporate Issuing CA 01"}
STEPS = [{"key": "dns", "title": "The name leads to an address", "status": "ok", "detail": "10.0.0.7"}, FAILED_STEP]


@dataclass(frozen=True)
class Scene:
    """Rows that stand for their kind."""

    server: BackupServer
    reading: BackupServer
    doubted: BackupServer
    replica: Replica
    point: RestorePoint
    run: SyncRun
    open_run: SyncRun
    ended: Rescan
    compared: Rescan
    running: Rescan
    person: Person

    @property
    def pages(self) -> dict[str, str]:
        """Every page that an admin can open, by the name of its address, or what is special about it."""
        named = {name: reverse(name) for name in PLAIN}
        servers = ("server", "server-edit", "server-remove", "server-pin")
        named |= {name: reverse(name, args=[self.server.pk]) for name in servers}
        named |= {name: reverse(name, args=[self.person.pk]) for name in ("person", "person-link", "person-deactivate")}
        named |= {one.__class__.__name__: one.get_absolute_url() for one in (self.replica, self.point, self.point.vm)}
        return named | {
            "sync-run": self.run.get_absolute_url(),
            "an open sync-run": self.open_run.get_absolute_url(),
            "a server that is read": self.reading.get_absolute_url(),
            "a server that lists too little": self.doubted.get_absolute_url(),
            "server-accept-drop": reverse("server-accept-drop", args=[self.doubted.pk]),
            "a rescan that ended": self.ended.get_absolute_url(),
            "a rescan that changed something": self.compared.get_absolute_url(),
            "a rescan that runs": self.running.get_absolute_url(),
            "rescan-ask": f"{reverse('rescan-ask')}?id={self.replica.pk}",
            "rescan-stop": reverse("rescan-stop", args=[self.running.pk]),
            "replicas, narrowed": f"{reverse('replicas')}?state=Ready&state=Failover&q=*a*&removed=1&sort=-name",
            "replicas, none": f"{reverse('replicas')}?q=nothing-has-this-name",
            "replicas, wrong": f"{reverse('replicas')}?created_after=yesterday&page=-1&server=x",
            "activity, narrowed": f"{reverse('activity')}?malware=Infected&run={self.run.pk}&kind=exploded",
            "restore points, narrowed": f"{reverse('restore-points')}?malware=Infected&malware=Suspicious",
            "vms, narrowed": f"{reverse('vms')}?malware=Infected&sort=-newest&removed=1",
            "a VM, all of its time": f"{self.point.vm.get_absolute_url()}?span=all&malware=Clean",
            "no page": f"{reverse('overview')}no/such/page/",
        }


PLAIN = (
    "overview",
    "replicas",
    "vms",
    "restore-points",
    "rescans",
    "activity",
    "servers",
    "server-add",
    "people",
    "person-add",
    "password-change",
)


def set_scene(admin: Person) -> Scene:
    now = timezone.now()
    server = _server_in_trouble(now)
    replicas = [
        make_replica(server, name=f"{LONG_NAME} {number}", state=state, platform="HyperV" if number % 2 else "VMware")
        for number, state in enumerate(STATES)
    ]
    points = [_with_points(replica, malware, now) for replica, malware in zip(replicas, MALWARE, strict=True)]
    make_replica(server, name="gone", removed_at=now)
    make_replica(server, name="a CDP policy", type="CDP", state="", created_at=None, platform_id="")
    derive(server.pk)
    reading = make_server("vbr-bergen")
    return Scene(
        server=server,
        reading=reading,
        doubted=make_server("vbr-trondheim", doubt={"replicas": [40, 401]}, clock_skew_seconds=603.0),
        replica=replicas[0],
        point=points[0],
        run=_run_with_everything(server, replicas, now),
        open_run=make_sync_run(
            reading,
            state=SyncState.RUNNING,
            ended_at=None,
            step="reading restore points",
            rows_read=40,
            rows_expected=90,
        ),
        ended=_rescan_that_failed(replicas[:3], admin, now),
        compared=_rescan_that_changed_something(replicas[5], admin, now),
        running=make_rescan(replicas[4], asked_by=admin, session_state="Working", progress=40),
        person=make_person("a.person.with.a.rather.long.name@subsidiary.example.com", role=Role.OPERATOR),
    )


def link_for(person: Person) -> str:
    return make_link(person, timezone.now())


def _server_in_trouble(now: datetime) -> BackupServer:
    return make_server(
        "vbr-oslo-production-datacenter-01 (Veeam Backup & Replication 13)",
        base_url=f"https://{'vbr-oslo.' * 8}backup.corporate.example.test:9419",
        last_success_at=now - timedelta(hours=5),
        last_error="It answers, but with a page of something between us and it, such as a firewall.",
        last_error_cause="between",
        trust="pin",
        pinned_sha256="ab" * 32,
        doctor_asked_at=now,
        doctor_started_at=now,
        doctor_at=now,
        doctor_report={"passed": False, "verdict": "It changed.", "seconds": 1.2, "certificate": SHOWN, "steps": STEPS},
    )


def _with_points(replica: Replica, malware: str, now: datetime) -> RestorePoint:
    """Two VMs with points over the last days; the newest point of the first one."""
    vm, other = make_vm(replica, f"{UNBROKEN}-{replica.pk}"), make_vm(replica)
    for hours in (100, 80, 50, 30):
        make_point(vm, created_at=now - timedelta(hours=hours))
        make_point(other, created_at=now - timedelta(hours=hours))
    return make_point(vm, created_at=now - timedelta(hours=1), malware=malware)


def _run_with_everything(server: BackupServer, replicas: list[Replica], now: datetime) -> SyncRun:
    reason = "creationTime: “the day before yesterday” is no time that anybody could read"
    run = make_sync_run(
        server,
        state=SyncState.PARTIAL,
        trigger=SyncTrigger.SCHEDULE,
        replicas_added=1,
        replicas_changed=1,
        points_unchanged=31,
        set_aside_count=1,
        set_aside=[{"what": "replica point", "id": "", "reason": reason}],
        error="The listing broke off after 31 of 90 records.",
        error_cause="reset",
    )
    changes = {"run": run, "server": server, "at": now}
    Event.objects.create(replica=replicas[0], kind=EventKind.APPEARED, **changes)
    Event.objects.create(replica=replicas[1], kind=EventKind.STATE, old="Ready", new="Failover", **changes)
    point = RestorePoint.objects.filter(replica=replicas[1]).first()
    make_event(point.vm, EventKind.FIRST_POINT, new=point.created_at.isoformat(), run=run, at=now)
    for old, new in (("Clean", "Infected"), ("", "Suspicious"), ("Infected", "Clean")):
        make_event(point, EventKind.MALWARE, old, new, run=run, at=now)
    return run


def _rescan_that_changed_something(replica: Replica, admin: Person, now: datetime) -> Rescan:
    """Of one replica, which lost a VM with a long name and rests since then."""
    rescan = make_rescan(replica, state=RescanState.SUCCEEDED, asked_by=admin, result="Success", progress=100)
    lost = make_vm(replica, f"{UNBROKEN}-lost", point_count=1)
    gone = make_point(lost, first_seen_at=now - timedelta(days=3))
    compare.note_before(rescan)
    RestorePoint.objects.filter(pk=gone.pk).update(removed_at=timezone.now())
    ReplicaVM.objects.filter(pk=lost.pk).update(point_count=0)
    compare.note_after(rescan)
    rescan.members.update(ended_well_at=now)
    rescan.refresh_from_db()
    return rescan


def _rescan_that_failed(replicas: list[Replica], admin: Person, now: datetime) -> Rescan:
    log = [
        {"status": status, "title": f"Host {UNBROKEN}.example.test", "description": LONG_NAME, "at": now.isoformat()}
        for status in ("Succeeded", "Warning", "Failed")
    ]
    names = [f"{LONG_NAME} {UNBROKEN}-{number}" for number in range(7)]
    left_out = [
        {"at": now.isoformat(), "count": 40, "replicas": names, "words": "were no longer there", "rescan": None}
    ]
    return make_rescan(
        *replicas,
        left_out=left_out,
        state=RescanState.FAILED,
        asked_by=admin,
        reason="points of the night are missing",
        session_state="Stopped",
        session_started_at=now - timedelta(minutes=2),
        result="Failed",
        message=f"Failed to connect to {UNBROKEN}.example.test: the network path was not found.",
        progress=100,
        log=log,
    )
