"""Rescan replicas from the shell: `manage.py rescan --replica UUID`, or all of a server: `--server vbr-oslo`."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from threading import Event
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from replicas_app import rescans, sync
from replicas_app.management.called import server_called
from replicas_app.models import BackupServer, Replica, Rescan
from replicas_app.models.inventory import ReplicaQuerySet
from replicas_app.text import names_of

LOOK_AGAIN_SECONDS = 0.5


class Command(BaseCommand):
    help = (
        "Have backup servers rescan replicas. Without --wait the running dashboard sees them through; with it, this "
        "command does, the read of the server after it included, together with whoever else is there; its exit status "
        "is 1 unless all end well."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--replica", nargs="+", default=[], metavar="UUID", help="the ids of replicas")
        parser.add_argument(
            "--server", metavar="NAME", help="all replicas of this server; with --replica: on this server"
        )
        parser.add_argument(
            "--wait", action="store_true", help="until all have ended and it is known what they changed"
        )
        parser.add_argument("--json", action="store_true", help="print what was started, left out and came of it")

    def handle(self, **options: Any) -> None:
        server = server_called(options["server"]) if options["server"] else None
        replicas = chosen(options["replica"], server)
        try:
            selection = rescans.start(None, replicas, "")
        except BackupServer.DoesNotExist as error:
            raise CommandError(f"{servers_of(replicas)} was removed meanwhile.") from error
        for replica, words in left_out(selection):
            self.stderr.write(f"{replica} ({replica.uuid}) {words}.")
        if options["wait"]:
            self._wait(selection.started)
        self._tell(selection, options)
        if not selection.started or (
            options["wait"] and not all(one.state in rescans.ENDS_WELL for one in selection.started)
        ):
            sys.exit(1)

    def _wait(self, started: Sequence[Rescan]) -> None:
        told = {}
        try:
            for rescan in follow(started):
                headline = where_it_stands(rescan)
                if told.get(rescan.pk) != headline:
                    self.stderr.write(f"rescan {rescan.pk} on {rescan.server}: {headline}")
                told[rescan.pk] = headline
        except KeyboardInterrupt:
            raise CommandError(
                "Not waited for any longer. What was started goes on; see the page of rescans."
            ) from None

    def _tell(self, selection: rescans.Selection, options: dict[str, Any]) -> None:
        if options["json"]:
            others = [{"replica": str(replica.uuid), "why": words} for replica, words in left_out(selection)]
            found = {"rescans": [rescans.facts(rescan) for rescan in selection.started], "left_out": others}
            self.stdout.write(json.dumps(found))
            return
        for rescan in selection.started:
            self.stdout.write(words_of(rescan))


def chosen(ids: Sequence[str], server: BackupServer | None) -> list[Replica]:
    """The replicas that are meant. Raises CommandError where that is not clear."""
    if not ids and server is None:
        raise CommandError("Name the replicas (--replica UUID …) or a server (--server NAME).")
    replicas = Replica.objects.select_related("server")
    if server:
        replicas = replicas.filter(server=server)
    found = [one_of(replicas, text) for text in dict.fromkeys(ids)] if ids else list(replicas.present())
    if not found:
        raise CommandError(f"{server} has no replica.")
    return found


def servers_of(replicas: Sequence[Replica]) -> str:
    """`lab`, or `One of lab and oslo`."""
    names = sorted({replica.server.name for replica in replicas})
    return names[0] if len(names) == 1 else f"One of {names_of(names, len(names))}"


def one_of(replicas: ReplicaQuerySet, text: str) -> Replica:
    try:
        found = list(replicas.filter(uuid=UUID(text)))
    except ValueError as error:
        raise CommandError(f"{text} is not the id of a replica, which looks like {UUID(int=0)}.") from error
    if not found:
        raise CommandError(f"No replica has the id {text}.")
    if len(found) > 1:
        names = ", ".join(sorted(replica.server.name for replica in found))
        raise CommandError(f"{text} is on several servers ({names}): say which one with --server NAME.")
    return found[0]


def follow(started: Sequence[Rescan]) -> Iterator[Rescan]:
    """Each rescan whenever it was looked at, until all have ended and are compared with before.

    Due steps are taken here, if nobody else does. Where the server cannot be read in full after the end, the first try
    is what is waited for.
    """
    clock = Event()
    waiting = list(started)
    while waiting:
        for rescan in waiting:
            try:
                take_step(rescan)
                rescan.refresh_from_db()
            except ObjectDoesNotExist as error:
                raise CommandError(f"{rescan.server} was removed meanwhile.") from error
            yield rescan
        waiting = [rescan for rescan in waiting if is_under_way(rescan)]
        if waiting:
            clock.wait(LOOK_AGAIN_SECONDS)


def take_step(rescan: Rescan) -> None:
    """If one is due; with the read of the server that it asks for, unless a worker is faster."""
    with rescans.claim(rescan.pk) as claimed:
        run = rescans.advance(claimed) if claimed else None
    if run:
        sync.sync(run.pk)


def is_under_way(rescan: Rescan) -> bool:
    if rescan.is_open:
        return True
    return rescan.next_poll_at is not None and not rescans.Changes(rescan, timezone.now()).is_held_up


def where_it_stands(rescan: Rescan) -> str:
    story = rescans.Story(rescan, timezone.now())
    return f"{story.headline}. {story.changes.sentence}" if not rescan.is_open else story.headline


def left_out(selection: rescans.Selection) -> Iterator[tuple[Replica, str]]:
    """Each replica that cannot be rescanned right now, with the reason."""
    for group in selection.left_out:
        yield from ((replica, group.words_of_one) for replica in group.replicas)


def words_of(rescan: Rescan) -> str:
    story = rescans.Story(rescan, timezone.now())
    count = "1 replica" if rescan.replica_count == 1 else f"{rescan.replica_count:,} replicas"
    end = f"rescan {rescan.pk} of {count} on {rescan.server}: {story.headline}"
    changes = [] if rescan.is_open else [story.changes.sentence, *story.changes.proof]
    lines = [end, story.trouble, story.fix, *changes]
    return "\n".join(line for line in lines if line)
