"""Reads a finished folder again: the result that its files were written from."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..core.box import Box
from ..core.errors import InputError
from ..datasets.coco import crop_of
from .measure.measurement import Measurement
from .records import Chromosome, Metaphase, NormalisationInfo
from .result import SplitResult


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
        return SplitResult(
            name=folder.name,
            shape=(int(run["input"]["shape"][0]), int(run["input"]["shape"][1])),
            pixel_size_um=run["input"]["pixel_size_um"],
            chromosomes=tuple(_chromosome(annotation) for annotation in coco["annotations"]),
            boxes=(),
            length_px=run["typical_length_px"],
            normalisation=NormalisationInfo(**run["normalisation"]),
            metaphases=tuple(_metaphase(row) for row in _rows(folder / "metaphases.csv")),
            settings=run["settings"],
            versions=run["versions"],
            weights=run["weights"],
            warnings=tuple(run["warnings"]),
            seconds=run["seconds"],
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise InputError(f"{folder} was written by another version: split the slide again ({problem})") from problem


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


def read_input(folder: Path) -> SlideInput:
    """Which image a finished folder was made from. Raises InputError where it has no run.json."""
    run = _json(folder / "run.json")
    source, settings = run.get("input", {}), run.get("settings", {})
    return SlideInput(
        name=str(source.get("name") or folder.name),
        sha256=source.get("sha256"),
        page=settings.get("page"),
        channel=settings.get("channel"),
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
    except (KeyError, ValueError) as problem:
        raise InputError(
            f"{folder}/chromosomes.csv was written by another version: split again ({problem})"
        ) from problem


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


def _json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise InputError(
            f"{path} cannot be read ({problem.strerror}): name a finished folder, split with --format coco,csv or all"
        ) from problem
    except ValueError as problem:
        raise InputError(f"{path} is damaged: split the slide again ({problem})") from problem
    if not isinstance(document, dict):
        raise InputError(f"{path} is not a file of karyo-split: name a finished folder")
    return document


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as problem:
        raise InputError(f"{path} cannot be read ({problem.strerror}): split with --format csv or all") from problem
