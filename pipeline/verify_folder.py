"""Compares finished folders with their run.json: what changed since, of input, weights and outputs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .. import weights
from ..core.errors import InputError, WeightsError
from .find_slide import Batch, find_slide, is_of
from .review.edit_log import EDITS_FILE, read_log
from .review.original import check_original, is_original
from .writers.output_hashes import sha256_of_output
from .writers.run_file import RUN_FILE
from .writers.run_record import part_of, read_document
from .writers.summary import SUMMARY_FILE


@dataclass(frozen=True)
class Verified:
    """One slide's folder."""

    folder: Path
    """Of the slide's results."""
    changes: tuple[str, ...]
    """What is not as it was, or cannot be compared, one line each; empty where all is as it was."""


def verify_folders(folder: Path, slides: Path | None = None, weights_folder: Path | None = None) -> Iterator[Verified]:
    """Compare one slide's folder, or all of a batch's.

    Parameters
    ----------
    folder
        Of one slide's results, or of a batch's.
    slides
        The slide's file, or the folder that was split; None looks where summary.csv says.
    weights_folder
        Of weights; None takes those that run.json names.

    Yields
    ------
    Verified
        For each folder with a run.json, and for each that summary.csv lists and that is gone.

    Raises
    ------
    InputError
        Where there is none.
    """
    single = (folder / RUN_FILE).is_file()
    found = [folder] if single else sorted(path.parent for path in folder.rglob(RUN_FILE) if not is_original(path))
    batch = Batch.above(folder)
    known = batch.rows if batch.folder == folder else ()
    gone = [row for row in known if not row.error and not any(is_of(row, each, folder) for each in found)]
    if not found and not gone:
        raise InputError(f"{folder} holds no finished result: name a slide's folder with a run.json, or a batch's")
    for each in found:
        row = batch.row_of(each)
        listed = Path(row.slide) if row else None
        yield Verified(each, tuple(_changes(each, _Sources(listed, slides, batch.place_of(each), weights_folder))))
    for row in gone:
        yield Verified(Path(row.folder), (f"the folder is gone; {SUMMARY_FILE} lists it",))


@dataclass(frozen=True)
class _Sources:
    """Where the input and the weights of one folder may lie."""

    listed: Path | None
    """The slide, as summary.csv says."""
    named: Path | None
    """The slide's file or the folder that was split, as the user says."""
    place: Path
    """Of the results, below the batch's folder: the tree of the slides is mirrored there."""
    weights: Path | None
    """Folder of weights, as the user says."""

    def slide(self, name: str) -> Path | None:
        """The slide's file; None where it is not found."""
        return find_slide(name, self.listed, self.named, self.place)


def _changes(folder: Path, sources: _Sources) -> Iterator[str]:
    try:
        run = read_document(folder / RUN_FILE)
    except (OSError, ValueError) as problem:
        yield f"{RUN_FILE} is damaged, or of another program ({str(problem)[:80]})"
        return
    if not isinstance(run.get("outputs"), dict):
        yield f"{RUN_FILE} holds no SHA-256 of the files: an earlier version wrote it; split the slide again for them"
    yield from _changed_outputs(folder, part_of(run, "outputs"))
    yield from _changed_review(folder, part_of(run, "review"))
    made_from = part_of(run, "input")
    if made_from.get("sha256") is not None:
        name = Path(str(made_from.get("name"))).name
        slide = sources.slide(name)
        if slide is None:
            where = f" at {sources.listed}" if sources.listed and not sources.named else ""
            yield f"the input {name} is not found{where}: name it, or the folder that was split, with --slides"
        elif weights.sha256_of(slide) != made_from["sha256"]:
            yield f"the input {slide} changed"
        if slide is not None:
            yield from _changed_others(slide.parent, part_of(made_from, "others"))
    of_run = part_of(run, "settings").get("weights_folder")
    weights_folder = sources.weights or (Path(str(of_run)) if of_run else weights.FOLDER)
    for name, sha256 in part_of(run, "weights").items():
        yield from _changed_weights(name, sha256, weights_folder)


def _changed_others(folder: Path, others: Mapping[str, Any]) -> Iterator[str]:
    """The other files of a slide's set."""
    for name, sha256 in others.items():
        path = folder / Path(name).name
        if not os.path.isfile(path):  # noqa: PTH113 - it raises nothing, whatever the name
            yield f"the input {path}, a file of its set, is gone"
        elif weights.sha256_of(path) != sha256:
            yield f"the input {path}, a file of its set, changed"


def _changed_outputs(folder: Path, outputs: Mapping[str, Any]) -> Iterator[str]:
    for name, sha256 in outputs.items():
        path = folder / name
        if path.parent != folder or not (os.path.isfile(path) or os.path.isdir(path)):  # noqa: PTH112, PTH113 - as above
            yield f"{name} is gone"
        elif sha256_of_output(path) != sha256:
            yield f"{name} changed"


def _changed_review(folder: Path, told: Mapping[str, Any]) -> Iterator[str]:
    """What is not as the review left it: its log, and the answer that the edits begin from."""
    try:
        log = read_log(folder / EDITS_FILE)
        if log is not None:
            check_original(folder, log)
    except InputError as problem:
        yield str(problem)
        return
    if (log.chain if log else None) != told.get("chain"):
        known = told.get("lines") or 0
        count = len(log.edits) if log else 0
        yield f"{EDITS_FILE} holds {count} edits and the files are of {known}: open it with `karyo-split review`"


def _changed_weights(name: str, sha256: object, folder: Path) -> Iterator[str]:
    try:
        if _hash_of_weights(name, folder) != sha256:
            yield f"the weights {name} in {folder} are not those of the run"
    except (WeightsError, OSError) as problem:
        yield f"the weights {name} cannot be compared: {problem}"


@lru_cache(maxsize=64)
def _hash_of_weights(name: str, folder: Path) -> str:
    """Of the file itself: the manifest may have changed with it."""
    return weights.sha256_of(folder / weights.entry_named(name, folder).file)
