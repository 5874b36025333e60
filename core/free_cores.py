"""How many cores other programs leave free at this moment."""

from __future__ import annotations

import os
import time
from pathlib import Path

SAMPLE_SECONDS = 0.1
STAT = Path("/proc/stat")


def free_cores() -> int:
    """Cores that this process may use and that others do not keep busy, at least one.

    Threads that wait for each other are as fast as the slowest: on a core that another program uses too, a second
    thread costs more than it gains. Looks for a tenth of a second; where the system does not tell, all cores are free.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores == 1:
        return 1
    try:
        since, before = time.perf_counter(), _busy_seconds()
        time.sleep(SAMPLE_SECONDS)
        busy = (_busy_seconds() - before) / (time.perf_counter() - since)
    except (OSError, ValueError, IndexError):
        return cores
    return min(cores, max(1, round(cores - busy)))


def _busy_seconds() -> float:
    """Of all cores together, since the machine was started; what runs "nice" makes way for a program that does not."""
    user, nice, system = map(int, STAT.read_text().split("\n", 1)[0].split()[1:4])
    return (user + system + (nice if os.nice(0) > 0 else 0)) / os.sysconf("SC_CLK_TCK")
