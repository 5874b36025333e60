"""Slides that a person reviewed and signed, as truth: the folders that `karyo-split review` leaves."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..core.errors import TruthError
from ..core.json_file import read_json
from .coco import placed_of
from .truth import AnnotatedSlide

RUN_FILE, SUMMARY_FILE, EDITS_FILE = "run.json", "summary.csv", "edits.jsonl"


def signed_folders(folder: Path) -> list[Path]:
    """The signed slides' folders in a batch's folder, or the folder itself, by path; none where nothing is signed."""
    found = [path.parent for path in sorted(folder.rglob(EDITS_FILE)) if (path.parent / RUN_FILE).is_file()]
    return [each for each in found if _is_signed(_document(each / RUN_FILE))]


def read_reviewed(folder: Path) -> Iterator[AnnotatedSlide]:
    """Yield the signed slides of a folder of results; those that nobody signed are left out.

    Parameters
    ----------
    folder
        Of one slide's results, or of a batch's, whose summary.csv says where the slides lie.

    Raises
    ------
    TruthError
        Where a file cannot be used, a slide is not found or is another file than was reviewed, or a log goes on after
        the signed files.
    """
    for each in signed_folders(folder):
        run = _document(each / RUN_FILE)
        try:
            shape = (int(run["input"]["shape"][0]), int(run["input"]["shape"][1]))
            annotations = _document(each / "chromosomes.json")["annotations"]
            masks = tuple(filter(None, (placed_of(a["segmentation"], shape) for a in annotations)))
            path = _slide_of(each, str(run["input"]["name"]))
            last = (each / EDITS_FILE).read_bytes().decode("utf-8").splitlines()[-1]
            same_log = json.loads(last)["chain"] == run["review"]["chain"]
        except (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as problem:
            raise TruthError(f"{each} is not as karyo-split writes it: {problem}") from problem
        if not same_log:
            raise TruthError(f"{each} holds edits that its files do not show: open it once with `karyo-split review`")
        with path.open("rb") as opened:
            if hashlib.file_digest(opened, "sha256").hexdigest() != run["input"]["sha256"]:
                raise TruthError(f"{path} is not the file that was reviewed in {each}: its SHA-256 differs")
        yield AnnotatedSlide(path.stem, path, shape, masks)


def _is_signed(run: dict[str, Any]) -> bool:
    review = run.get("review")
    return isinstance(review, dict) and bool(review.get("signed"))


def _document(path: Path) -> dict[str, Any]:
    try:
        document = read_json(path)
    except (OSError, ValueError) as problem:
        raise TruthError(f"{path} cannot be read: {problem}") from problem
    if not isinstance(document, dict):
        raise TruthError(f"{path} holds no object")
    return document


def _slide_of(folder: Path, name: str) -> Path:
    """The slide's file: where a summary.csv above says, or beside the folder."""
    places = [folder.parent / name]
    for above in (folder, *folder.absolute().parents):
        if (above / SUMMARY_FILE).is_file():
            parts = folder.absolute().relative_to(above.absolute()).parts
            with (above / SUMMARY_FILE).open(newline="", encoding="utf-8") as opened:
                rows = list(csv.DictReader(opened))
            told = [row for row in rows if Path(row["folder"]).parts[-len(parts) :] == parts]
            places = [Path(row["slide"]) for row in told] + places
            break
    found = next((place for place in places if os.path.isfile(place)), None)  # noqa: PTH113 - it raises nothing
    if found is None:
        raise TruthError(f"the slide {name} of {folder} is not found where {SUMMARY_FILE} says, nor beside the folder")
    return found
