"""How much memory this process may ask for."""

from __future__ import annotations

import sys

MIN_BYTES = 512 * 2**20
"""With less, the libraries of linear algebra do not start: one asks again for ever, another ends the program."""


def allowed_bytes() -> int | None:
    """The limit of this process's address space (`ulimit -v`); None where there is none."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft
