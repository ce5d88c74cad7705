import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone

from dashboard import first_login
from dashboard.first_login import Login, NameIsTaken
from replicas_app import pulse
from replicas_app.models import BackupServer

PATIENCE_SECONDS = 60
LOOK_AGAIN_SECONDS = 0.5
LOCK = 7300
"""Postgres's advisory lock for one who prepares. Those of `replicas_app.locks` have two numbers, and never meet it."""


class Command(BaseCommand):
    help = (
        "Does what must be done before web and worker start: migrations, static files, a first login. Whoever else"
        " prepares the same database waits, and doing it again changes nothing."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="tell the login and the servers' addresses as JSON")
        parser.add_argument(
            "--moved", nargs=2, action="append", default=[], metavar=("OLD", "NEW"), help="a server's new address"
        )

    def handle(self, **options: object) -> None:
        wait_for_the_database()
        with alone(self.stderr.write):
            bring_up_to_date()
            login = see_to_a_login()
            move_servers(options["moved"])
            pulse.begin(timezone.now())
        call_command("collectstatic", interactive=False, verbosity=0)
        facts = {**asdict(login), "servers": list(BackupServer.objects.values_list("base_url", flat=True))}
        self.stdout.write(json.dumps(facts) if options["json"] else "The database and the files are ready.")


def wait_for_the_database() -> None:
    """Give a database elsewhere a minute to come up. The embedded one is up by now, or stays down.

    Raises:
        CommandError: it has not answered for a minute.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    clock = threading.Event()
    while True:
        try:
            return connection.ensure_connection()
        except OperationalError as problem:
            if settings.DATABASE_IS_EMBEDDED:
                raise
            if time.monotonic() > deadline:
                raise CommandError(f"The database does not answer: {first_line(problem)}") from None
        clock.wait(LOOK_AGAIN_SECONDS)


@contextmanager
def alone(tell: Callable[[str], object]) -> Iterator[None]:
    """Hold the lock, on a connection of its own: should we die, Postgres lets it go."""
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as holder:
        (taken,) = holder.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
        if not taken:
            tell("Somebody else prepares this database: waiting until they are done")
            holder.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield


def bring_up_to_date() -> None:
    """Raises CommandError where the database's role may not, or its version cannot, do what a migration needs."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("clearsessions")
    except DatabaseError as problem:
        raise CommandError(f"The database could not be brought up to date: {first_line(origin_of(problem))}") from None


def see_to_a_login() -> Login:
    try:
        return first_login.see_to_it()
    except NameIsTaken as problem:
        raise CommandError(f"No admin can log in, and {problem} is none: set ADMIN_USERNAME to a free name.") from None


def move_servers(moves: list[tuple[str, str]]) -> None:
    for old, new in moves:
        BackupServer.objects.filter(base_url=old).update(base_url=new)


def origin_of(problem: BaseException) -> BaseException:
    """What the database itself said, under all that was wrapped around it."""
    while deeper := problem.__cause__ or problem.__context__:
        problem = deeper
    return problem


def first_line(problem: BaseException) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0]
