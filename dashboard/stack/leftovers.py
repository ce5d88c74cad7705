"""What an earlier run left behind when it was killed: its processes, and the traces of them."""

import json
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from dashboard.stack.postgres import unfinished

GIVE_WAY_SECONDS = 10
TELL_EVERY_SECONDS = 10


class Register:
    """The processes of this run, by name, written down for the next one."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.known: dict[str, list[float]] = {}

    def add(self, name: str, pid: int) -> None:
        try:
            self.known[name] = [pid, psutil.Process(pid).create_time()]
        except psutil.NoSuchProcess:
            return
        unfinished = self.file.with_suffix(".new")
        unfinished.write_text(json.dumps(self.known))
        unfinished.replace(self.file)

    def end_all_of_the_last_run(self, say: Callable[[str], None]) -> None:
        """End what still lives of those that are written down, and their children; first with a request."""
        found = [process for process in self._written_down() if process.is_running()]
        for process in found:
            say(f"Ending process {process.pid}, left over by an earlier run")
        family = [*found, *(child for process in found for child in _children(process))]
        for process in found:
            with suppress(psutil.NoSuchProcess):  # it ended meanwhile, by itself
                process.terminate()
        _, stubborn = psutil.wait_procs(family, timeout=GIVE_WAY_SECONDS)
        for process in stubborn:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(stubborn)
        self.file.unlink(missing_ok=True)

    def _written_down(self) -> list[psutil.Process]:
        processes = []
        for pid, born in self._noted():
            try:
                process = psutil.Process(pid)
            except psutil.NoSuchProcess:
                continue
            if process.create_time() == born:  # else the number belongs to somebody else by now
                processes.append(process)
        return processes

    def _noted(self) -> list[tuple[int, float]]:
        """Nothing where there is no note, or a power cut has torn it: then all that it named is gone, too."""
        try:
            return [(int(pid), born) for pid, born in json.loads(self.file.read_text()).values()]
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return []


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def end_postgres(data: Path, say: Callable[[str], None]) -> None:
    """End a Postgres that still runs on `data`, and remove a pid file that names nobody of ours.

    It is asked by the signal for a fast stop, and never killed. Processes of one whose head was killed end by
    themselves as soon as they notice, and are waited for too.
    """
    file = data / "postmaster.pid"
    head = _head(file)
    ours = _postgres_on(data)
    for process in ours:
        if process.pid == head:
            say("Stopping the Postgres that an earlier run left over")
            process.send_signal(signal.SIGINT)
    while ours:
        _, ours = psutil.wait_procs(ours, timeout=TELL_EVERY_SECONDS)
        if ours:
            say(f"Waiting for Postgres to end ({len(ours)} processes)")
    if file.exists() and (head is None or psutil.pid_exists(head)):
        file.unlink()


def _head(file: Path) -> int | None:
    """The process that the pid file names; None if it is missing, empty or torn."""
    try:
        first = file.read_text().partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(first) if first.isdecimal() else None


def _postgres_on(data: Path) -> list[psutil.Process]:
    """Every process that serves or lays out this cluster: all of them have it as their working folder."""
    places = {str(folder.resolve()) for folder in (data, unfinished(data))}
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() in {"postgres", "initdb"} and process.cwd() in places:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found
