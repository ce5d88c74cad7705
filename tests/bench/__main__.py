"""`python -m tests.bench [CASE …] [--small]`: measure, print a Markdown table, write DATA_DIR/bench.json."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.utils.module_loading import import_string

from dashboard import environment
from tests.bench import results
from tests.bench.bench import POSTGRES_SETTINGS, Bench
from tests.parts import parts

CASES = {
    "first": "tests.bench.syncs.first",
    "million": "tests.bench.syncs.million",
    "sweep": "tests.bench.syncs.sweep",
    "quiet": "tests.bench.syncs.quiet",
    "one_percent": "tests.bench.syncs.one_percent",
    "twenty": "tests.bench.crowd.twenty",
    "export": "tests.bench.files.export",
    "lists": "tests.bench.lists.lists",
    "rps": "tests.bench.lists.rps",
}
"""In this order. Each is a generator of results, given the bench."""
SMALL = 0.1
LONGEST_MINUTES = 20


def main() -> None:
    options = arguments()
    data = environment.data_folder()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    found: list[results.Result] = []
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LONGEST_MINUTES * 60)
    with bench(data, options.scale) as stage:
        for name in options.cases or CASES:
            stage.say(f"{name} …")
            for result in import_string(CASES[name])(stage):
                stage.say(" · ".join(filter("–".__ne__, result.cells())))
                found.append(result)
                results.write(found, data / "bench.json")
    print(results.table(found))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"some of {', '.join(CASES)}; all where none is named")
    parser.add_argument("--scale", type=float, default=1, help="a part of the sizes: a quick look, whose ratios differ")
    parser.add_argument("--small", dest="scale", action="store_const", const=SMALL, help="the same as --scale 0.1")
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"there is no case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    return options


@contextmanager
def bench(data: Path, scale: float) -> Iterator[Bench]:
    """Django on a Postgres and a Valkey of our own, whose data lies below `data` and is gone afterwards."""
    home, run = data / "bench", Path(tempfile.mkdtemp(prefix="bench-"))
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    run.chmod(0o711)
    try:
        with parts(home, run, *POSTGRES_SETTINGS, log=home / "postgres.log") as told:
            os.environ |= {**told, "DJANGO_SETTINGS_MODULE": "dashboard.settings"}
            yield Bench.begin(home / "postgres.log", scale, django.setup)
    finally:
        shutil.rmtree(home)
        shutil.rmtree(run)


def too_long(*_: object) -> None:
    sys.exit(f"The bench did not end within {LONGEST_MINUTES} minutes; what it measured is in bench.json.")


if __name__ == "__main__":
    main()
