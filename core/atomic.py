"""Writes a file beside its final name, checks it, and only then moves it there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .errors import OutputError

PART = ".part-"
"""How the names of files begin that are not finished."""


def write_atomically(path: Path, write: Callable[[Path], None], check: Callable[[Path], object] | None = None) -> None:
    """Let `write` make a temporary file, `check` read it back, and rename it to `path`.

    The temporary name keeps the ending, for writers that go by it. A crash leaves no half file under the final name.

    Parameters
    ----------
    path
        Final name.
    write
        Makes the file under the name that it is given.
    check
        Reads that file back, and raises ValueError where it is wrong.

    Raises
    ------
    OutputError
        Where the file cannot be written or does not read back.
    """
    part = path.with_name(f"{PART}{os.getpid()}-{path.name}")
    try:
        write(part)
        if check is not None:
            check(part)
        part.replace(path)
    except OSError as problem:
        raise OutputError(f"{path} cannot be written: {problem.strerror or problem}") from problem
    except ValueError as problem:
        raise OutputError(f"{path} did not read back after it was written: {problem}") from problem
    finally:
        with suppress(OSError):  # on a disk that became read-only it stays
            part.unlink(missing_ok=True)


def write_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary folder, then put it in the place of `folder`; an earlier one is gone only then.

    Parameters
    ----------
    folder
        Final name.
    write
        Fills the folder that it is given.

    Raises
    ------
    OutputError
        Where it cannot be written.
    """
    part = folder.with_name(f"{PART}{os.getpid()}-{folder.name}")
    earlier = folder.with_name(f"{PART}{os.getpid()}-earlier-{folder.name}")
    try:
        part.mkdir(parents=True)
        write(part)
        if folder.exists():
            folder.replace(earlier)  # a kill while it is removed leaves no half of it
        part.replace(folder)
    except OSError as problem:
        raise OutputError(f"{folder} cannot be written: {problem.strerror or problem}") from problem
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)


def write_text(path: Path, text: str, check: Callable[[str], object] | None = None) -> None:
    """Write UTF-8 text atomically; `check` gets what was read back and raises ValueError where it is wrong.

    What UTF-8 has no letters for, such as bytes of a file name in another encoding, becomes a question mark.

    Parameters
    ----------
    path
        Final name.
    text
        What to write.
    check
        Gets what was read back, and raises ValueError where it is wrong.
    """
    write_atomically(
        path,
        lambda part: _write(part, text),
        (lambda part: check(part.read_text(encoding="utf-8"))) if check else None,
    )


def _write(part: Path, text: str) -> None:
    part.write_text(text, encoding="utf-8", errors="replace", newline="")
