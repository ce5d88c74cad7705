"""The data folder: ours alone while we run, with a short folder elsewhere for the sockets."""

import errno
import fcntl
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from dashboard.stack.refusal import CannotStart, full_disk

FRESH_BYTES = 250_000_000
"""What a first start writes, with room for the first inventory."""
LEAST_BYTES = 40_000_000
SHORT_PLACE = Path("/tmp")  # noqa: S108  a socket's path must stay under 104 characters; mkdtemp makes it private
UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}


def take(data: Path, held: ExitStack) -> None:
    """Make `data` if it is missing, and lock it until `held` is closed.

    Raises:
        CannotStart: it cannot be written, its disk is full, or somebody else runs on it.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = held.enter_context((data / "stack.lock").open("a+"))
    except OSError as problem:
        raise CannotStart(why_not(data, problem)) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        who = lock.read().strip() or "unknown"
        raise CannotStart(
            f"The dashboard is already running on {data} (process {who}): stop that one, or set DATA_DIR and PORT for a"
            " second one."
        ) from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    _insist_on_room(data)


def socket_folder(data: Path, held: ExitStack) -> Path:
    """A private folder with a short path, gone when `held` is closed. An earlier run's, named in `data`, goes now."""
    note = data / "socket-folder"
    if note.exists():
        shutil.rmtree(note.read_text().strip(), ignore_errors=True)
    run = Path(tempfile.mkdtemp(prefix="replicas-", dir=SHORT_PLACE if SHORT_PLACE.is_dir() else None))
    held.callback(shutil.rmtree, run, ignore_errors=True)
    note.write_text(f"{run}\n")
    return run


def why_not(data: Path, problem: OSError) -> str:
    """The sentence for a file that could not be written."""
    if problem.errno == errno.ENOSPC:
        return full_disk(data)
    if problem.errno in UNWRITABLE:
        return (
            f"{problem.filename or data} cannot be written: make it yours (it may belong to another user, or root), or"
            " set DATA_DIR to a folder of your own."
        )
    return f"DATA_DIR cannot be {data}: {problem.strerror} ({problem.filename})."


def _insist_on_room(data: Path) -> None:
    needed = LEAST_BYTES if (data / "postgres").exists() else FRESH_BYTES
    free = shutil.disk_usage(data).free
    if free < needed:
        how = f" ({free // 1_000_000} MB are free, {needed // 1_000_000} MB are needed)"
        raise CannotStart(full_disk(data, how))
