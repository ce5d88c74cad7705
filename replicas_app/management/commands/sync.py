"""Read backup servers from the shell, in the foreground: `manage.py sync vbr-oslo`, or all that are enabled."""

import json
import shlex
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from replicas_app import doctor, servers, sync
from replicas_app.choices import SyncState, SyncTrigger
from replicas_app.management.called import server_called
from replicas_app.management.progress import Progress
from replicas_app.models import BackupServer, SyncRun
from replicas_app.times import utc_words

LOOK_AGAIN_SECONDS = 0.5
COUNTS = tuple(
    f"{what}_{how}" for what in ("replicas", "points") for how in ("added", "changed", "unchanged", "removed")
)
STATES_OF_A_READ = {SyncState.SUCCEEDED, SyncState.PARTIAL}
NOTHING = "nothing is there"
WHY_FULL = "asked for from the shell"


class Command(BaseCommand):
    help = (
        "Read the named backup servers, or all that are enabled, one after the other. A read that is under way is "
        "joined and waited for. Exit status 1 if one could not be read; what was set aside is told, and is no failure."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")
        parser.add_argument("--full", action="store_true", help="a full sweep: also what was removed or has changed")
        parser.add_argument(
            "--accept-drop",
            action="store_true",
            help="believe the named servers that they list far less than before: what is gone is marked as removed",
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON for each server")

    def handle(self, *, names: list[str], **options: Any) -> None:
        options["full"] |= options["accept_drop"]
        chosen = [server_called(name) for name in dict.fromkeys(names)]
        for refusal in filter(None, map(servers.why_not_read, chosen)):
            raise CommandError(refusal)
        if options["accept_drop"] and not chosen:
            raise CommandError("Name the servers whose drop is to be accepted.")
        with stopped_by_signals() as stop:
            states = [
                self._tell(*self._read(server, stop, options), options) for server in chosen or servers.readable()
            ]
        if not states:
            self.stderr.write("No server is enabled: nothing was read.")
        if set(states) - STATES_OF_A_READ:
            sys.exit(1)

    def _tell(self, run: SyncRun, is_joined: bool, options: dict[str, Any]) -> str:
        self.stdout.write(json.dumps(facts(run, is_joined)) if options["json"] else words(run, is_joined))
        return run.state

    def _read(self, server: BackupServer, stop: Event, options: dict[str, Any]) -> tuple[SyncRun, bool]:
        """The read of this server, ended, and whether somebody else had begun it.

        Where everything was to be read and the one that was joined did not do that: the one that follows it.
        """
        try:
            run, is_joined = self._begin(server, options)
            with Progress(self.stderr, server.name, run.pk):
                follow(run, stop)
        except (BackupServer.DoesNotExist, SyncRun.DoesNotExist) as error:
            raise CommandError(f"{server} was removed meanwhile.") from error
        if options["full"] and not run.is_full and run.state in STATES_OF_A_READ and not stop.is_set():
            return self._read(server, stop, options)
        doctor.ask_after(run.pk)
        return run, is_joined

    def _begin(self, server: BackupServer, options: dict[str, Any]) -> tuple[SyncRun, bool]:
        if options["accept_drop"] and server.doubt:
            return sync.accept_drop(server), False
        if options["accept_drop"]:
            self.stderr.write(f"There is no drop to accept at {server}.")
        if server.is_busy(timezone.now()):
            until = utc_words(server.busy_until)
            self.stderr.write(f"{server} wants to be left alone until {until}. It is asked all the same.")
        run, is_new = sync.request(server, SyncTrigger.SHELL, full=WHY_FULL if options["full"] else "")
        if not is_new:
            self.stderr.write(f"{server} is being read already: waiting for that read.")
        return run, not is_new


def follow(run: SyncRun, stop: Event) -> None:
    """Carry the run out, or wait while another process does, until it has ended or we are asked to stop."""
    while run.is_open and not stop.is_set():
        sync.sync(run.pk, should_stop=stop.is_set)
        run.refresh_from_db()
        if run.is_open:
            stop.wait(LOOK_AGAIN_SECONDS)


@contextmanager
def stopped_by_signals() -> Iterator[Event]:
    """Set by the first Ctrl-C or SIGTERM: a read stops between two pages. The second one ends the process."""
    stop = Event()

    def ask(number: int, frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def facts(run: SyncRun, is_joined: bool) -> dict[str, Any]:
    return {
        "server": run.server.name,
        "run": run.pk,
        "state": run.state,
        "joined": is_joined,
        "is_full": run.is_full,
        "why_full": run.why_full,
        "seconds": round(run.took.total_seconds(), 2) if run.took else None,
        **{name: getattr(run, name) for name in COUNTS},
        "set_aside_count": run.set_aside_count,
        "set_aside": run.set_aside,
        "naive_times": run.naive_times,
        "error": run.error,
        "error_cause": run.error_cause,
    }


def words(run: SyncRun, is_joined: bool) -> str:
    done = [f"{getattr(run, name):,} {name.replace('_', ' ')}" for name in COUNTS if getattr(run, name)]
    took = f" in {run.took.total_seconds():.1f} s" if run.took else ""
    joined = " (begun by somebody else)" if is_joined else ""
    kind = f"full sweep, {run.why_full}" if run.is_full else "interval sync"
    outcome = (
        f"{run.server.name}: {run.get_state_display().lower()}{took}{joined} ({kind}): {', '.join(done) or NOTHING}"
    )
    return "\n".join([outcome, *filter(None, [run.error, hint(run)])])


def hint(run: SyncRun) -> str:
    """Where a fault on the way to the server is looked into; empty for any other outcome."""
    is_theirs = run.state == SyncState.FAILED and run.error_cause != "ours"
    return f"What is wrong, step by step: manage.py test_server {shlex.quote(run.server.name)}" if is_theirs else ""
