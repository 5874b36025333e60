"""Finds out what a folder of truth holds, and reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..core.errors import TruthError, UsageError
from .coco import read_coco
from .gband import TABLE, is_published
from .mfish import SPLITS, find_class_maps, read_mfish
from .reviewed import read_reviewed, signed_folders
from .truth import AnnotatedSlide

VALIDATION_STRIDE = 5
"""Of truth without splits, every fifth slide validates."""


def read_truth(folder: Path, split: str = "all") -> Iterator[AnnotatedSlide]:
    """Read the slides of a folder of M-FISH maps, of COCO files, or of results that a person signed.

    Parameters
    ----------
    folder
        Holds pairs of DAPI images and class maps, COCO files with their slides beside them, or signed results.
    split
        "train", "validation", "test" or "all"; only M-FISH maps have splits.

    Raises
    ------
    TruthError
        Where the folder holds neither, or a file in it cannot be used.
    UsageError
        For an unknown split, or a split of COCO files.
    """
    if not folder.is_dir():
        raise TruthError(f"{folder} is not a folder: name one with M-FISH maps, or with COCO files and their slides")
    if split not in SPLITS:
        raise UsageError(f"unknown split {split!r}: choose one of {', '.join(SPLITS)}")
    if find_class_maps(folder):
        return read_mfish(folder, split)
    if split != "all":
        raise UsageError(f"{folder} holds no M-FISH maps, and only those have splits: leave out --split")
    return read_reviewed(folder) if signed_folders(folder) else read_coco(folder)


def training_and_validation(folder: Path) -> tuple[list[AnnotatedSlide], list[AnnotatedSlide]]:
    """Read the slides of a folder for a training: M-FISH by its splits; of COCO files every fifth slide validates.

    Parameters
    ----------
    folder
        As for `read_truth`.

    Returns
    -------
    training, validation
        The slides of a single COCO file are in both.

    Raises
    ------
    TruthError
        As `read_truth` does.
    """
    if find_class_maps(folder):
        return list(read_truth(folder, "train")), list(read_truth(folder, "validation"))
    slides = list(read_truth(folder))
    validation = slides[::VALIDATION_STRIDE] if len(slides) >= VALIDATION_STRIDE else slides[:1]
    training = [s for s in slides if s not in validation] or slides
    return training, validation


def truth_name(folder: Path) -> str:
    """What the slides of a folder of truth are called in the manifest of weights that learned from them."""
    name = folder.resolve().name
    if has_boxes(folder):
        published = "G-band metaphases of Tseng et al. 2023 (CC BY 4.0), training slides"
        return published if is_published(folder) else f"slides with boxes of {name}"
    if find_class_maps(folder):
        return "ADIR M-FISH, training slides"
    return f"slides of {name}, reviewed by hand" if signed_folders(folder) else f"COCO slides of {name}"


def has_boxes(folder: Path) -> bool:
    """True where the slides of a folder have boxes instead of masks: the G-band set."""
    return (folder / TABLE).is_file()
