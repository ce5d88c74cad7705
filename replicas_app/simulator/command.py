"""The simulator as a program: `manage.py simulate_vbr` and `python -m replicas_app.simulator` are both this."""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

from .accounts import ROLES
from .faults import FaultError, load_rules
from .revisions import REVISIONS
from .simulator import Simulator


class CommandError(Exception):
    """Why the simulator does not start, in one sentence."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    _add_place(parser)
    _add_world(parser)
    _add_people(parser)
    _add_manners(parser)
    parser.add_argument("--json", action="store_true", help="tell the address and the rest as JSON")


def _add_place(parser: argparse.ArgumentParser) -> None:
    place = parser.add_argument_group("where it listens")
    place.add_argument("--port", type=int, default=9419, help="0 for a free one (default: 9419)")
    place.add_argument("--host", default="127.0.0.1", help="an address or a name, IPv6 too (default: 127.0.0.1)")
    place.add_argument("--tls", action="store_true", help="HTTPS with a self-signed certificate")
    place.add_argument("--base-path", default="", help="as if a proxy served it below this path")
    place.add_argument("--name", default="vbr-sim", help="the server's name for itself")
    place.add_argument("--state-dir", type=Path, help="keeps the certificate and the world over restarts")


def _add_world(parser: argparse.ArgumentParser) -> None:
    world = parser.add_argument_group("what it protects")
    world.add_argument("--replicas", type=int, default=20)
    world.add_argument("--vms", type=int, default=2, help="on each replica")
    world.add_argument("--points", type=int, default=20, help="of each VM; above 1000: in the whole world")
    world.add_argument("--seed", default="7", help="the same seed makes the same world")
    world.add_argument("--still", action="store_true", help="the world stays as it is; sessions still run")


def _add_people(parser: argparse.ArgumentParser) -> None:
    people = parser.add_argument_group("who may sign in")
    people.add_argument("--username", default="svc")
    people.add_argument("--password", default="pw1")
    people.add_argument("--password-env", metavar="VAR", help="takes the password from this variable")
    people.add_argument("--role", default="administrator", help=", ".join(ROLES))
    people.add_argument("--mfa", action="store_true", help="the account uses MFA: its logins are refused")


def _add_manners(parser: argparse.ArgumentParser) -> None:
    manners = parser.add_argument_group("how it behaves")
    manners.add_argument("--api-version", action="append", choices=REVISIONS, help="a revision it supports; repeatable")
    manners.add_argument("--new-refusal", action="store_true", help="refuse other revisions without naming these")
    manners.add_argument("--no-swagger", action="store_true", help="do not list the revisions on the Swagger page")
    manners.add_argument("--no-bulk-points", action="store_true", help="no list of all points, as old servers")
    manners.add_argument("--max-limit", type=int, help="the longest page it grants")
    manners.add_argument("--token-seconds", type=int, default=900, help="how long a login lasts (default: 900)")
    manners.add_argument("--rescan-seconds", type=float, default=20, help="how long a rescan takes (default: 20)")
    manners.add_argument("--utc-offset", default="+02:00", help="its time zone (default: +02:00)")
    manners.add_argument("--page-cache-mb", type=int, default=96, help="memory for pages that are asked for again")
    manners.add_argument("--faults", type=Path, metavar="FILE", help="rules that make it misbehave, YAML or JSON")


def run(options: dict[str, Any]) -> None:
    """Serves until SIGTERM or SIGINT. CommandError where it cannot start."""
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with _simulator(options) as simulator:
        sys.stdout.write(f"{simulator.facts() if options['json'] else simulator.ready_line()}\n")
        sys.stdout.flush()
        ended.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m replicas_app.simulator", description=__doc__)
    add_arguments(parser)
    try:
        run(vars(parser.parse_args(arguments)))
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _simulator(options: dict[str, Any]) -> Simulator:
    try:
        return Simulator(**_arguments(options))
    except FaultError as error:
        raise CommandError(str(error)) from error
    except ValueError as error:
        raise CommandError(f"The simulator cannot start: {error}.") from error
    except OSError as error:
        raise CommandError(_why(error, options)) from error
    except OverflowError as error:
        raise CommandError(f"{options['port']} is no port.") from error


def _arguments(options: dict[str, Any]) -> dict[str, Any]:
    same = (
        "replicas",
        "vms",
        "points",
        "seed",
        "still",
        "tls",
        "username",
        "role",
        "port",
        "host",
        "state_dir",
        "name",
    )
    more = ("base_path", "max_limit", "token_seconds", "rescan_seconds", "utc_offset", "page_cache_mb")
    return {name: options[name] for name in (*same, *more)} | {
        "password": _password(options),
        "versions": options["api_version"] or REVISIONS,
        "faults": load_rules(options["faults"]) if options["faults"] else (),
        "mfa_users": [options["username"]] if options["mfa"] else (),
        "swagger": not options["no_swagger"],
        "names_versions": not options["new_refusal"],
        "bulk_points": not options["no_bulk_points"],
    }


def _password(options: dict[str, Any]) -> str:
    variable = options["password_env"]
    if variable is None:
        return options["password"]
    if variable not in os.environ:
        raise CommandError(f"The variable {variable} is not set.")
    return os.environ[variable]


def _why(error: OSError, options: dict[str, Any]) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {options['port']} on {options['host']} is taken by another program."
    if error.errno == errno.EACCES and error.filename is None:
        return f"Port {options['port']} may not be used without more rights."
    return f"The simulator cannot start: {error.strerror or error} ({error.filename or options['host']})."
