"""Test the connection to a backup server: `manage.py test_server vbr-oslo`. Exit status 1 if a step failed."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from replicas_app import doctor
from replicas_app.doctor import Report, Step
from replicas_app.management.called import server_called

MARKS = {"ok": "ok  ", "late": "note", "critical": "FAIL", "unknown": "?   "}


class Command(BaseCommand):
    help = (
        "Test the connection to a backup server and name the exact fault. A test signs in although logins are paused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *, name: str, **options: Any) -> None:
        server = server_called(name)
        report = doctor.examine(server)
        doctor.keep(server, report)
        self.stdout.write(json.dumps({"name": server.name} | report.as_json()) if options["json"] else words(report))
        if not report.passed:
            sys.exit(1)


def words(report: Report) -> str:
    return "\n".join([report.address, *map(line, report.steps), report.verdict])


def line(step: Step) -> str:
    detail = f": {step.detail}" if step.detail else ""
    fix = f"\n     {step.fix}" if step.fix else ""
    return f"{MARKS[step.status]} {step.title}{detail}{fix}"
