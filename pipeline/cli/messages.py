"""What commands say beside their results: lines on stderr, so that stdout stays clean."""

from __future__ import annotations

import sys


def tell(line: str) -> None:
    """Print a line on stderr."""
    print(line, file=sys.stderr, flush=True)
