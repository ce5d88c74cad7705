"""Connect a backup server from the shell: `manage.py add_server vbr-oslo https://vbr-oslo:9419 --username svc`."""

import getpass
import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from replicas_app import doctor, servers
from replicas_app.choices import TrustMode
from replicas_app.models import BackupServer
from replicas_app.models.servers import DEFAULT_INTERVAL_SECONDS
from replicas_app.servers import ServerForm
from replicas_app.vbr import Certificate, VbrError, fetch_certificate, fingerprint_of, parse_address

KEYWORDS = (TrustMode.SYSTEM, TrustMode.PIN, TrustMode.OFF)


class Command(BaseCommand):
    help = (
        "Connect a backup server. The same values a second time change nothing; others for a name that is known are "
        "refused, unless --update is given. The running dashboard reads the server within seconds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what your team calls it")
        parser.add_argument("url", help="its address: https://vbr01.example.com:9419")
        parser.add_argument("--username", required=True, help=r"the account; a domain user as DOMAIN\user")
        parser.add_argument(
            "--password-env",
            metavar="VAR",
            help="the environment variable that holds the password; else it is asked for",
        )
        parser.add_argument(
            "--trust",
            metavar="system|pin|off|FILE",
            help="whom to believe: the system's authorities (unless you say otherwise), the certificate that the "
            "server shows now (its fingerprint is printed: compare it), anybody, or the certificates in a PEM file",
        )
        parser.add_argument("--api-version", default="", metavar="V", help="this revision of the API and no other")
        parser.add_argument("--update", action="store_true", help="change the server if the name is known")
        parser.add_argument("--json", action="store_true", help="print what was stored as JSON")

    def handle(self, **options: Any) -> None:
        known = BackupServer.objects.filter(name__iexact=options["name"]).first() if options["update"] else None
        form = ServerForm(typed(options, known), instance=known)
        if not form.is_valid():
            twin = form.same_wish()
            if twin is None:
                raise CommandError(complaints(form))
            return self._tell(twin, options, "is connected already, with the same values", is_new=False)
        server = store(form, is_new=known is None, pins_anew=options["trust"] == TrustMode.PIN)
        for note in form.notes:
            self.stderr.write(note)
        return self._tell(server, options, "was changed" if known else "is connected", is_new=known is None)

    def _tell(self, server: BackupServer, options: dict[str, Any], what: str, *, is_new: bool) -> None:
        if options["json"]:
            return self.stdout.write(json.dumps(facts(server) | {"is_new": is_new}))
        self.stdout.write(f"{server.name} {what}: {server.base_url} as {server.username}")
        if server.trust == TrustMode.PIN:
            fingerprint = fingerprint_of(server.pinned_sha256)
            self.stdout.write(f"Pinned certificate (SHA-256), to compare with the one on its console:\n{fingerprint}")
        return None


def typed(options: dict[str, Any], known: BackupServer | None) -> dict[str, Any]:
    """The command line as the form that the pages use would send it. What is not given stays as it is."""
    trust = options["trust"] or (known.trust if known else TrustMode.SYSTEM)
    is_file = trust not in KEYWORDS and trust == options["trust"]
    return {
        "name": options["name"],
        "base_url": options["url"],
        "username": options["username"],
        "password": password(options["password_env"]),
        "trust": TrustMode.BUNDLE if is_file else trust,
        "pinned_sha256": known.pinned_sha256 if known else "",
        "ca_bundle": bundle(trust) if is_file else (known.ca_bundle if known else ""),
        "api_version": options["api_version"] or (known.api_version if known else ""),
        "sync_interval_seconds": known.sync_interval_seconds if known else DEFAULT_INTERVAL_SECONDS,
        "is_enabled": known.is_enabled if known else True,
    }


def password(variable: str | None) -> str:
    """From the environment, else from a person. It is never an argument: the list of processes would show it."""
    if variable is not None:
        if not os.environ.get(variable):
            raise CommandError(f"The environment variable {variable}, which should hold the password, is empty.")
        return os.environ[variable]
    if not sys.stdin.isatty():
        raise CommandError("Put the password into an environment variable and name it: --password-env VAR.")
    return getpass.getpass("Password: ")


def bundle(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise CommandError(
            f"--trust is system, pin, off or a PEM file; {path} cannot be read: {error.strerror}."
        ) from error


def store(form: ServerForm, *, is_new: bool, pins_anew: bool) -> BackupServer:
    """The server as it was asked for. What it shows is pinned where that was asked for, never by the way."""
    server, changed = form.server, set() if is_new else form.changes()
    if pins_anew:
        certificate = shown_certificate(server)
        changed |= {"pinned_sha256", "pinned_certificate"} if certificate.sha256 != server.pinned_sha256 else set()
        server.pinned_sha256, server.pinned_certificate = certificate.sha256, doctor.facts_of(certificate)
    if not is_new:
        servers.change(server, changed)
        return server
    try:
        return servers.add(server)[0]
    except servers.Twin as twin:
        raise CommandError(str(twin)) from twin


def shown_certificate(server: BackupServer) -> Certificate:
    address = parse_address(server.base_url)
    try:
        return fetch_certificate(address.host, address.port)
    except VbrError as error:
        raise CommandError(
            f"Its certificate could not be fetched, nothing was stored. {error.sentence} {error.fix}"
        ) from error


def complaints(form: ServerForm) -> str:
    """What is wrong, a line for each field."""
    lines = []
    for field, errors in form.errors.items():
        label = form.fields[field].label if field in form.fields else ""
        lines += [f"{label}: {error}" if label else str(error) for error in errors]
    return "\n".join(lines)


def facts(server: BackupServer) -> dict[str, Any]:
    return {
        "id": server.pk,
        "name": server.name,
        "address": server.base_url,
        "username": server.username,
        "trust": server.trust,
        "pinned_sha256": server.pinned_sha256,
        "api_version": server.api_version,
    }
