"""A simulated backup server for demos and tests, in the foreground."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from replicas_app.simulator import command


class Command(BaseCommand):
    help = "Runs a simulated backup server until Ctrl-C or SIGTERM. It needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            command.run(options)
        except command.CommandError as error:
            raise CommandError(str(error)) from error
