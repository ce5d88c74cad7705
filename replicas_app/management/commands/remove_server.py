"""Remove a backup server and all that was read from it: `manage.py remove_server vbr-oslo --yes`."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from replicas_app import servers
from replicas_app.management.called import server_called


class Command(BaseCommand):
    help = "Remove a backup server with all that was read from it. Nothing is changed on the backup server itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--yes", action="store_true", help="what goes cannot be had back: say that you mean it")
        parser.add_argument("--json", action="store_true", help="print what went as JSON")

    def handle(self, *, name: str, **options: Any) -> None:
        server = server_called(name)
        goes = servers.holdings(server)
        if not options["yes"]:
            raise CommandError(f"Nothing was removed. With {server} go {words(goes)}: say --yes if you mean it.")
        try:
            servers.remove(server)
        except servers.IsBeingRead as refusal:
            raise CommandError(str(refusal)) from refusal
        told = {"name": server.name, **asdict(goes)}
        self.stdout.write(json.dumps(told) if options["json"] else f"{server} was removed, with {words(goes)}.")


def words(goes: servers.Holdings) -> str:
    return f"{goes.replicas:,} replicas, {goes.points:,} restore points and the history of {goes.sync_runs:,} reads"
