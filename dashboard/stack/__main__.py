"""`python -m dashboard.stack`: the whole dashboard in the foreground, until Ctrl-C or SIGTERM."""

import asyncio
import os
import signal
import sys
import time
from contextlib import ExitStack

from dashboard import environment
from dashboard.environment import Misconfigured
from dashboard.stack import folder
from dashboard.stack.console import Console
from dashboard.stack.launcher import Launcher
from dashboard.stack.refusal import CannotStart
from dashboard.stack.welcome import welcome

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Raises SystemExit: 1 with one sentence on standard error where the dashboard cannot run."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    os.umask(0o077)
    data = environment.data_folder()
    try:
        with ExitStack() as held:
            folder.take(data, held)
            asyncio.run(run(Launcher(data, Console(sys.stdout), held)))
    except (CannotStart, Misconfigured) as problem:
        sys.exit(str(problem))
    except OSError as problem:
        sys.exit(folder.why_not(data, problem))


async def run(launcher: Launcher) -> None:
    """Bring the stack up and keep it up until a signal comes, or a part cannot be kept up."""
    began = time.monotonic()
    stop_when_asked()
    try:
        await launcher.bring_up()
        await welcome(launcher, time.monotonic() - began)
        await launcher.watch()
    except asyncio.CancelledError:
        launcher.console.say("Stopping: web and beat first, then the workers, the queue and the database last")
    finally:
        await launcher.wind_down()
    launcher.console.say("Stopped. All data is in place for the next start")


def stop_when_asked() -> None:
    """The first signal ends what the current task does; more of them change nothing."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def ask() -> None:
        if not task.cancelling():
            task.cancel()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, ask)


if __name__ == "__main__":
    main()
