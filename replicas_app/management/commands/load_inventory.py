"""A synthetic inventory for benchmarks: `manage.py load_inventory --servers 2 --replicas 1000 --vms 2 --points 20`."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from replicas_app import crypt
from replicas_app.choices import TrustMode
from replicas_app.models import BackupServer
from replicas_app.sync import synthetic

NAME = "synthetic-{number}"
ADDRESS = "https://synthetic-{number}.invalid:9419"


class Command(BaseCommand):
    help = (
        "Put a synthetic inventory straight into Postgres, through the merge of a real sync. Its servers are disabled: "
        "nothing is there to be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--servers", type=int, required=True, help="how many servers")
        parser.add_argument("--replicas", type=int, required=True, help="replicas on each server")
        parser.add_argument("--vms", type=int, required=True, help="VMs on each replica")
        parser.add_argument("--points", type=int, required=True, help="restore points of each VM")
        parser.add_argument("--json", action="store_true", help="print what was written as JSON")

    def handle(self, *, servers: int, replicas: int, vms: int, points: int, **options: Any) -> None:
        if min(servers, replicas, vms, points) < 0:
            raise CommandError("All four numbers have to be 0 or more.")
        for number in range(1, servers + 1):
            server = _server(number)
            counts = synthetic.load(server, replicas, vms, points)
            facts = json.dumps({"server": server.name} | counts.as_columns())
            self.stdout.write(facts if options["json"] else f"{server.name}: {counts.in_words()}")


def _server(number: int) -> BackupServer:
    server, _ = BackupServer.objects.get_or_create(
        name=NAME.format(number=number),
        defaults={
            "base_url": ADDRESS.format(number=number),
            "username": "nobody",
            "password_encrypted": crypt.encrypt(""),
            "trust": TrustMode.SYSTEM,
            "is_enabled": False,
        },
    )
    return server
