"""original/: the first answer, as it was before the first edit; never written again after that."""

from __future__ import annotations

import shutil
from pathlib import Path

from ... import weights
from ...core.atomic import write_folder
from ...core.errors import InputError
from ..write_folder import RUN_FILE
from .edit_log import EDITS_FILE, Log

ORIGINAL = "original"
ANSWER = "chromosomes.json"
KEPT = (ANSWER, "metaphases.csv", RUN_FILE)
"""What a result is read from."""


def keep_original(folder: Path) -> None:
    """Copy the answer of a folder that was not edited yet to original/, in place of what a crash may have left there.

    Parameters
    ----------
    folder
        Of a slide's results.

    Raises
    ------
    OutputError
        Where that cannot be written.
    """

    def copy(part: Path) -> None:
        for name in KEPT:
            shutil.copyfile(folder / name, part / name)

    write_folder(folder / ORIGINAL, copy)


def answer_hash(folder: Path) -> str:
    """SHA-256 of the answer in a folder. Raises InputError where it cannot be read."""
    try:
        return weights.sha256_of(folder / ANSWER)
    except OSError as problem:
        raise InputError(f"{folder / ANSWER} cannot be read: {problem.strerror}") from problem


def check_original(folder: Path, log: Log) -> None:
    """Refuse a folder whose edits do not begin from the answer that it keeps.

    Parameters
    ----------
    folder
        Of a slide's results.
    log
        Its edits.

    Raises
    ------
    InputError
        Where original/ is gone or was changed.
    """
    if answer_hash(folder / ORIGINAL) != log.answer:
        raise InputError(f"{folder / ORIGINAL / ANSWER} is not the answer that {EDITS_FILE} begins from: put it back")


def is_original(run_file: Path) -> bool:
    """True for the run.json of a first answer that is kept beside its edits."""
    return run_file.parent.name == ORIGINAL and (run_file.parent.parent / EDITS_FILE).exists()
