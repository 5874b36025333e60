"""Reads a finished folder again: the result that its files were written from."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..core.box import Box
from ..core.errors import InputError
from ..datasets.coco import crop_of
from .measure.measurement import Measurement
from .records import Chromosome, Metaphase, NormalisationInfo
from .result import SplitResult
from .writers.run_file import RunFacts
from .writers.run_record import read_document, review_of

ODD = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)
"""What values raise that are not as karyo-split writes them."""


def read_result(folder: Path) -> SplitResult:
    """The chromosomes and metaphases of a finished folder. Scores are as rounded in its files; boxes are not kept.

    Parameters
    ----------
    folder
        With run.json, chromosomes.json and metaphases.csv.

    Raises
    ------
    InputError
        Where one of them is missing or is not as karyo-split writes it.
    """
    run = _json(folder / "run.json")
    coco = _json(folder / "chromosomes.json")
    try:
        shape = (int(run["input"]["shape"][0]), int(run["input"]["shape"][1]))
        return SplitResult(
            name=folder.name,
            shape=shape,
            pixel_size_um=_number(run["input"]["pixel_size_um"]),
            chromosomes=_chromosomes(coco["annotations"], shape),
            boxes=(),
            length_px=_number(run["typical_length_px"]) or 0.0,
            normalisation=NormalisationInfo(**run["normalisation"]),
            metaphases=tuple(_metaphase(row) for row in _rows(folder / "metaphases.csv")),
            settings=dict(run["settings"]),
            versions=dict(run["versions"]),
            weights=dict(run["weights"]),
            warnings=tuple(map(str, run["warnings"])),
            seconds=dict(run["seconds"]),
            review=review_of(run),
        )
    except ODD as problem:
        told = f"{type(problem).__name__}: {problem}"[:120]
        raise InputError(f"{folder} was written by another version: split the slide again ({told})") from problem


@dataclass(frozen=True)
class SlideInput:
    """What a finished folder was made from."""

    name: str
    """Of the slide's file."""
    sha256: str | None
    """Of the slide's file, hexadecimal; None where the slide was no file."""
    page: int | None
    """Page of the file, from 0; None where it was not chosen."""
    channel: int | None
    """Channel of the file, from 0; None where it was not chosen."""
    started: str
    """When, ISO 8601."""

    @property
    def facts(self) -> RunFacts | None:
        """What files written anew tell of it; None where the slide was no file."""
        return RunFacts(Path(self.name), self.sha256, self.started) if self.sha256 else None


def read_input(folder: Path) -> SlideInput:
    """Which image a finished folder was made from. Raises InputError where it has no run.json of ours."""
    run = _json(folder / "run.json")
    try:
        source, settings = dict(run.get("input", {})), dict(run.get("settings", {}))
        page, channel = (None if settings.get(each) is None else int(settings[each]) for each in ("page", "channel"))
    except ODD as problem:
        raise InputError(f"{folder}/run.json was written by another version: split the slide again") from problem
    return SlideInput(
        name=str(source.get("name") or folder.name),
        sha256=None if source.get("sha256") is None else str(source["sha256"]),
        page=page,
        channel=channel,
        started=str(run.get("started") or "not known"),
    )


def read_measurements(folder: Path) -> list[Measurement]:
    """The measurements of a finished folder, in the order of its chromosomes, as rounded in its table.

    Raises
    ------
    InputError
        Where the table is missing or is not as karyo-split writes it.
    """
    names = [field.name for field in fields(Measurement)]
    try:
        return [
            Measurement(**{name: float(row[name]) if row[name] else None for name in names})  # type: ignore[arg-type]
            for row in _rows(folder / "chromosomes.csv")
        ]
    except ODD as problem:
        raise InputError(
            f"{folder}/chromosomes.csv was written by another version: split again ({problem})"
        ) from problem


def _chromosomes(annotations: list[dict[str, Any]], shape: tuple[int, int]) -> tuple[Chromosome, ...]:
    """All of a slide of (rows, columns). Raises one of ODD where they are not of one slide, and of that one."""
    for annotation in annotations:
        if list(annotation["segmentation"]["size"]) != list(shape):
            raise ValueError(f"a mask is of another slide than one of {shape[0]} x {shape[1]} px")
    chromosomes = tuple(map(_chromosome, annotations))
    if len({each.id for each in chromosomes}) < len(chromosomes):
        raise ValueError("two chromosomes have the same id")
    if not all(each.mask.any() for each in chromosomes):
        raise ValueError("a chromosome has an empty mask")
    return chromosomes


def _chromosome(annotation: dict[str, Any]) -> Chromosome:
    x, y, width, height = (int(v) for v in annotation["bbox"])
    box = Box(x, y, x + width, y + height)
    return Chromosome(
        id=int(annotation["id"]),
        box_slide=box,
        mask=crop_of(annotation["segmentation"], box).mask,
        score=float(annotation["score"]),
        cluster_id=int(annotation["cluster_id"]),
        area_px=int(annotation["area"]),
        overlap_px=int(annotation["overlap_area"]),
        flags=tuple(annotation["flags"]),
        metaphase_id=int(annotation["metaphase_id"]),
        review=str(annotation.get("review", "")),
    )


def _metaphase(row: dict[str, str]) -> Metaphase:
    x0, y0, x1, y1 = (int(row[name]) for name in ("x0", "y0", "x1", "y1"))
    return Metaphase(
        id=int(row["metaphase_id"]),
        box_slide=Box(x0, y0, x1, y1),
        chromosomes=int(row["chromosomes"]),
        diameter_px=float(row["diameter_px"]),
        overlapping=float(row["overlapping"]),
        low_confidence=float(row["low_confidence"]),
        quality=float(row["quality"]),
        flags=tuple(row["flags"].split()),
    )


def _number(value: object) -> float | None:
    """A number that JSON held, or None. Raises ValueError or TypeError for all else."""
    if value is None:
        return None
    number = float(value)  # type: ignore[arg-type]
    if isinstance(value, (bool, str)) or not math.isfinite(number):
        raise ValueError(f"{value!r} is no number")
    return number


def _json(path: Path) -> dict[str, Any]:
    try:
        return read_document(path)
    except OSError as problem:
        raise InputError(
            f"{path} cannot be read ({problem.strerror}): name a finished folder, split with --format coco,csv or all"
        ) from problem
    except ValueError as problem:
        raise InputError(f"{path} is damaged, or of another program: split the slide again ({problem})") from problem


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as problem:
        raise InputError(f"{path} cannot be read ({problem.strerror}): split with --format csv or all") from problem
