"""How much memory a process has had."""

from pathlib import Path

import psutil


def peak_megabytes(pid: int) -> float:
    """The most that it ever had, by the kernel's own mark; where there is none (macOS), what it has now."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return megabytes(pid)
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def megabytes(pid: int) -> float:
    """What it has now."""
    return psutil.Process(pid).memory_info().rss / 1024**2
