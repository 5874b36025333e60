"""One person at a time: the lock on a folder that is reviewed. It ends with its process, however that ends."""

from __future__ import annotations

import getpass
import json
import os
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from ...core.atomic import write_text
from ...core.errors import FolderInUse, OutputError

LOCK_FILE, HOLDER_FILE = ".review.lock", ".review-holder.json"


@dataclass(frozen=True)
class Holder:
    """Who reviews a folder."""

    reviewer: str
    """Name."""
    host: str
    """The computer."""
    pid: int
    """The program's number there."""
    since: str
    """When it began, ISO 8601 with zone."""

    @classmethod
    def myself(cls, reviewer: str) -> Holder:
        """This process, from now on."""
        return cls(reviewer, socket.gethostname(), os.getpid(), now())

    def __str__(self) -> str:
        return f"{self.reviewer} (on {self.host}, since {self.since})"


class FolderLock:
    """The right to edit a folder; held until `release`, or the end of the process."""

    def __init__(self, folder: Path, reviewer: str) -> None:
        """Take the lock.

        Parameters
        ----------
        folder
            Of a slide's results.
        reviewer
            Who edits.

        Raises
        ------
        FolderInUse
            Where another person has it; the message names that person.
        OutputError
            Where nothing can be written to the folder.
        """
        self._lock = FileLock(folder / LOCK_FILE, thread_local=False)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise FolderInUse(
                f"{folder} is under review by {holder_of(folder) or 'somebody else'}: wait, or look with --read-only"
            ) from None
        except OSError as problem:
            raise OutputError(f"{folder} cannot be locked: {problem.strerror}: look with --read-only") from problem
        self._holder = folder / HOLDER_FILE
        write_text(self._holder, json.dumps(asdict(Holder.myself(reviewer))))

    def release(self) -> None:
        """Let others edit."""
        self._holder.unlink(missing_ok=True)
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder_of(folder: Path) -> Holder | None:
    """Who said last that they review a folder; None where that cannot be read."""
    try:
        return Holder(**json.loads((folder / HOLDER_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def now() -> str:
    """The time, ISO 8601 with zone."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def my_name() -> str:
    """How this computer calls the person who uses it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unnamed"
