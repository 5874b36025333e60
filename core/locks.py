"""Locks between processes: they end with the process that holds them, however that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def held(path: Path, seconds: float = 0.0) -> Iterator[bool]:
    """Hold a lock while the block runs; its file is gone afterwards.

    Parameters
    ----------
    path
        Of the lock's file, in a folder that exists.
    seconds
        How long to wait for another process that holds it.

    Yields
    ------
    bool
        False where another one still holds it. True where this one does, and where the file system knows no locks.
    """
    lock = FileLock(path, timeout=seconds, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError):
        yield True
        return
    try:
        yield True
    finally:
        with suppress(OSError):
            path.unlink()
        lock.release()
