"""What goes on at a server right now, for a page that looks every second and must not jump."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from replicas_app import doctor
from replicas_app.choices import SyncState
from replicas_app.freshness import is_sweep_overdue
from replicas_app.models import BackupServer, SyncRun
from replicas_app.notices import why_it_waits
from replicas_app.sync.schedule import is_due
from replicas_app.times import duration_words
from replicas_app.views.shared import announce, wants_part

SHORT = 12
ENDPOINTS = {
    "replicas": "replicas",
    "replicaPoints": "restore points",
    "sessions": "sessions",
    "serverInfo": "its own facts (build, id)",
}


@dataclass(frozen=True)
class Live:
    """The read and the test of one server at one moment. An open page says what it has seen, and gets what is new."""

    server: BackupServer
    newest: SyncRun | None
    """The newest read or, on a read's own page, that read."""
    now: datetime
    certificate_causes = ("tls_changed", "tls_unconfirmed", "tls_untrusted", "tls_expired", "tls_name")
    """Findings of a test that accepting the certificate mends."""

    @classmethod
    def of(cls, server: BackupServer, run: SyncRun | None = None) -> "Live":
        return cls(server, run or server.sync_runs.newest_first().first(), timezone.now())

    @property
    def run(self) -> SyncRun | None:
        """The read that is under way."""
        return self.newest if self.newest and self.newest.is_open else None

    @cached_property
    def test(self) -> str:
        """How far the newest connection test is: never, waiting, running, lost, done."""
        return doctor.stage_of(self.server, self.now)

    @property
    def is_testing(self) -> bool:
        return self.test in ("waiting", "running")

    @cached_property
    def waits(self) -> str:
        """Why no worker takes up what waits for one; empty where one will, or nothing waits."""
        is_queued = self.newest is not None and self.newest.state == SyncState.QUEUED
        return why_it_waits(self.now) if is_queued or self.test == "waiting" else ""

    @property
    def is_going_on(self) -> bool:
        return self.is_testing or self.run is not None

    @property
    def sweep(self) -> SyncRun | None:
        """The full sweep that is under way."""
        return self.run if self.run and self.run.is_full else None

    @property
    def is_sweep_due(self) -> bool:
        """Whether the next read is a full sweep."""
        return self.server.last_full_at is None or is_due(self.server.next_full_at, self.now)

    @property
    def is_sweep_overdue(self) -> bool:
        """Whether more than a night has passed since everything was read, and nothing else tells why."""
        is_quiet = not self.server.last_error and not self.server.is_stale(self.now) and self.sweep is None
        return is_quiet and is_sweep_overdue(self.server, self.now)

    @cached_property
    def tested_after(self) -> SyncRun | None:
        """The failed read after which the newest test was made by itself."""
        asked_by = self.server.doctor_run_id
        return self.server.sync_runs.filter(pk=asked_by).first() if asked_by else None

    @property
    def report_of_this_read(self) -> bool:
        """Whether the newest test, ended or under way, was made because this read failed."""
        is_its = self.newest is not None and self.newest.pk == self.server.doctor_run_id
        return is_its and (self.is_testing or self.test == "done")

    @property
    def is_doubted(self) -> bool:
        """Whether a drop that nobody has accepted is all that is wrong: its notice says it."""
        return self.server.last_error_cause == "drop" and bool(self.server.doubt)

    @property
    def is_paused(self) -> bool:
        until = self.server.sign_in_paused_until
        return until is not None and until > self.now

    @property
    def is_busy(self) -> bool:
        """Whether it wants to be left alone for longer."""
        return self.server.is_busy(self.now)

    @property
    def is_left_alone(self) -> bool:
        """Whether the pause is all that is wrong: its notice says it."""
        return self.is_paused and self.server.last_error_cause == "paused"

    @property
    def clock(self) -> str:
        """How the server's clock stands to ours, in words."""
        skew = self.server.clock_skew_seconds
        if skew is None:
            return "not known yet"
        words = duration_words(timedelta(seconds=abs(skew)))
        return "as ours" if abs(skew) < 1 else f"{words} {'ahead of' if skew > 0 else 'behind'} ours"

    @property
    def clock_consequence(self) -> str:
        """What comes of it that the clocks differ; empty where they agree."""
        return doctor.skew_consequence(self.server.clock_skew_seconds)

    @property
    def refused(self) -> list[str]:
        """What the account may not read."""
        return [ENDPOINTS.get(name, name) for name, cause in self.server.capabilities.items() if cause]

    @property
    def words(self) -> str:
        """What a person who hears the page is told when it changes."""
        parts = [f"{self.server}: {self.newest.step or self.newest.get_state_display()}." if self.newest else ""]
        parts.append(f"Connection test: {self.server.doctor_report['verdict']}" if self.test == "done" else "")
        return " ".join(part for part in parts if part)

    @property
    def address(self) -> str:
        """The query with which an open page asks again."""
        return urlencode({"seen": self._seen, "heard": _short(self.words)})

    def answer(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """The response, with a word for the status line where there is something new to hear."""
        if wants_part(request) and self.words and request.GET.get("heard", "") != _short(self.words):
            return announce(response, self.words)
        return response

    def was_seen(self, request: HttpRequest) -> bool:
        """Whether the page that asks shows all of this already."""
        return wants_part(request) and request.GET.get("seen") == self._seen

    @property
    def _seen(self) -> str:
        server, run = self.server, self.newest
        read = (run.pk, run.state, run.step, run.rows_read, run.rows_expected) if run else ()
        asked = [step["status"] for step in server.doctor_report.get("steps", [])]
        return _short(repr((server.data_version, read, self.test, server.doctor_asked_at, asked, self.waits)))


def _short(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:SHORT]
