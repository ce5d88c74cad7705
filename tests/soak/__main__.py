"""`python -m tests.soak [--minutes M] [--seed S]`: kill, wait, compare; write DATA_DIR/soak.json.

Exit status 1 where anything was lost, invented, done twice or left lying about.
"""

import argparse
import json
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from dashboard import environment
from tests.soak.house import Eyes, House, house
from tests.soak.kills import Killer, Tally
from tests.soak.operator import Operator
from tests.soak.verdict import LEFT, MUST_BE_NONE, MUST_BE_NONE_IN_A_LONG_RUN, Verdict, judge, judge_kills
from tests.waiting import wait_until

MINUTES = 20
MOST_KILLS = 64
LEAST_SECONDS_BETWEEN = 6
CALM_SHARE = 0.25
LONGEST_CALM_SECONDS = 240
"""The part of the time that is left, and at most so long, for what was begun to come to its end after the last kill."""
PATIENCE_SECONDS = 200
"""How long that may really take before it counts as left lying about."""


def main() -> None:
    options = arguments()
    data = environment.data_folder()
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {text}", flush=True)

    say(f"seed {options.seed}, {options.minutes:g} minutes")
    calm = min(LONGEST_CALM_SECONDS, options.minutes * 60 * CALM_SHARE)
    with house(data / "soak", data / "soak.log") as home:
        home.connect()
        tally = soak(home, options.seed, began + options.minutes * 60 - calm, say)
        verdict = settle(home, time.monotonic() + PATIENCE_SECONDS, say)
        say("stops by SIGTERM")
        home.dashboard.stop()
    if options.minutes >= MINUTES:
        judge_kills(verdict, tally)
    facts = {"seed": options.seed, "minutes": options.minutes, "seconds": round(time.monotonic() - began)}
    facts |= {"kills": tally.kills, "kills_in_all": tally.kills.total(), "kills_by_phase": tally.by_phase}
    facts |= {"phases_by_process": tally.struck}
    tell(facts | verdict.figures | {"examples": verdict.examples}, data / "soak.json")
    sys.exit(0 if verdict.is_good else 1)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for all of it")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="which kills, and when")
    return parser.parse_args()


def soak(home: House, seed: int, ends: float, say: Callable[[str], None]) -> Tally:
    """Kill until the time has come, once at least, while rescans are asked for."""
    killer = Killer(home, Random(seed), say)
    pause = max(LEAST_SECONDS_BETWEEN, (ends - time.monotonic()) / MOST_KILLS)
    with Operator(home, Random(seed + 1)) as operator:
        while not killer.tally.kills or time.monotonic() + pause < ends:
            due = time.monotonic() + pause
            killer.kill_one(until=due)
            time.sleep(max(0, due - time.monotonic()))
    killer.close()
    say(f"{killer.tally.kills.total()} kills; rescans asked for: {dict(operator.answers)}")
    return killer.tally


def settle(home: House, ends: float, say: Callable[[str], None]) -> Verdict:
    """Let all that was begun come to its end, freeze the world, read it for the last time, and compare."""
    eyes = Eyes(home.dashboard)
    wait_or_go_on(home.dashboard.is_ready, ends)
    wait_or_go_on(lambda: eyes.rows(LEFT["rescans_unfinished"]) == [], ends)
    for world in home.worlds.values():
        wait_or_go_on(lambda: all(session["has_ended"] for session in world.sessions()), ends)  # noqa: B023
        world.freeze()
    say("the worlds are frozen")
    for _ in range(2):  # the first may have joined one that had begun before
        if words := home.failure_of("sync", *home.names, "--full"):
            say(words)
    eyes.close()
    return judge(home)


def wait_or_go_on(is_so: Callable[[], Any], ends: float) -> None:
    """What has not come to be by then is found by the verdict."""
    try:
        wait_until(is_so, max(1, ends - time.monotonic()))
    except AssertionError:
        return


def tell(facts: dict[str, Any], file: Path) -> None:
    file.write_text(json.dumps(facts, indent=1) + "\n")
    for name, fact in facts.items():
        mark = " ← must be 0" if name in MUST_BE_NONE + MUST_BE_NONE_IN_A_LONG_RUN and fact else ""
        print(f"{name:>22}  {json.dumps(fact)}{mark}")


if __name__ == "__main__":
    main()
