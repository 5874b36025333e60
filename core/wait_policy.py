"""How threads wait for each other on a processor that other programs use too."""

from __future__ import annotations

import os

SLEEPING = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
"""For GNU's OpenMP, which torch uses on Linux, and for Intel's and LLVM's, which it uses elsewhere."""


def wait_asleep() -> None:
    """Let the threads of torch sleep while they wait, in this process and those that it starts.

    Otherwise they spin: on a busy processor, a thread that spins takes the time of the one that it waits for. OpenMP
    reads these variables once, so this comes before torch is imported. What the user has set stays.
    """
    for name, value in SLEEPING.items():
        os.environ.setdefault(name, value)
