"""A server's inventory as it was: `manage.py inventory --server vbr-oslo --at 2026-11-25T02:00+01:00 [--json]`."""

import json
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from replicas_app import history
from replicas_app.choices import MALWARE_WORDS, REPLICA_STATES, malware_words, state_words
from replicas_app.filters.fields import MomentField, PartlyWrong
from replicas_app.management.called import server_called
from replicas_app.models import SyncRun
from replicas_app.times import utc_words


class Command(BaseCommand):
    help = (
        "What a backup server had at a past instant, as far as syncs had seen it by then: replicas, VMs and restore "
        "points that were present, with state and malware status. In words: the sums, then each replica and each VM. "
        "With --json: one line for the whole, then one for each replica, VM and restore point."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--server", required=True, metavar="NAME")
        parser.add_argument("--at", required=True, metavar="ISO", help="a date, or a time; in UTC where it has no zone")
        parser.add_argument("--json", action="store_true", help="print lines of JSON, restore points included")

    def handle(self, *, server: str, at: str, **options: Any) -> None:
        try:
            then = history.inventory_at(server_called(server), MomentField("at").clean([at]))
            self._tell_lines(then) if options["json"] else self._tell_words(then)
        except PartlyWrong as error:
            raise CommandError(" ".join(error.messages)) from error
        except history.NotKept as refusal:
            raise CommandError(str(refusal)) from refusal

    def _tell_lines(self, then: history.Inventory) -> None:
        self._line("inventory", {"server": then.server.name, "at": then.at} | _reads(then))
        for what, rows in (("replica", then.replicas()), ("vm", then.vms()), ("point", then.points())):
            for row in rows:
                self._line(what, asdict(row))

    def _line(self, what: str, facts: Mapping[str, Any]) -> None:
        self.stdout.write(json.dumps({"what": what, **facts}, cls=DjangoJSONEncoder))

    def _tell_words(self, then: history.Inventory) -> None:
        self.stdout.write(f"{then.server} at {utc_words(then.at)}, {_freshness(then)}.\n\n")
        self._section("replica", "by state", REPLICA_STATES, (row.state for row in then.replicas()))
        self._section(
            "VM", "by the malware status of its newest point", MALWARE_WORDS, (row.malware for row in then.vms())
        )
        self._section("restore point", "by malware status", MALWARE_WORDS, (row.malware for row in then.points()))
        for row in then.replicas():
            state = state_words(row.state) or "no state"
            self.stdout.write(f"replica {row.name}: {state}, {_counted(row.points, 'point')}{_worst(row.malware)}")
        for row in then.vms():
            newest = f"newest {utc_words(row.newest_point_at)} {malware_words(row.malware).lower()}"
            points = _counted(row.points, "point")
            self.stdout.write(f"VM {row.name} on {row.replica}: {points}, {newest}{_worst(row.worst_malware)}")

    def _section(self, noun: str, how: str, words: Mapping[str, str], values: Iterable[str]) -> None:
        """`412 replicas, by state: 400 Ready, 12 Failover`."""
        counts = Counter(values)
        parts = [f"{count:,} {words.get(value, value) or 'without'}" for value, count in counts.most_common()]
        listed = f", {how}: {', '.join(parts)}" if parts else ""
        self.stdout.write(f"{_counted(counts.total(), noun)}{listed}\n")


def _reads(then: history.Inventory) -> dict[str, Any]:
    return {
        "last_read_at": then.last_read and then.last_read.started_at,
        "last_full_sweep_at": then.last_sweep and then.last_sweep.started_at,
    }


def _freshness(then: history.Inventory) -> str:
    if not then.last_read:
        return "which no sync had read by then"
    return f"as read at {_moment(then.last_read)}, in full at {_moment(then.last_sweep)}"


def _moment(run: SyncRun | None) -> str:
    return utc_words(run.started_at) if run and run.started_at else "no time"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _worst(malware: str | None) -> str:
    """What a scan found, where it found something."""
    found = malware not in (None, "", "Clean")
    return f", worst {malware_words(malware).lower()}" if found else ""
