"""Saves simulated slides: NAME.tif and, beside it, NAME.json with its truth as COCO instances."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import tifffile
from numpy.typing import NDArray

from ...core.atomic import write_atomically, write_text
from ...core.errors import OutputError, UsageError
from ..coco import instances
from .simulated_slide import SimulatedSlide, SlideRecipe, simulate_slide


def save_slides(recipes: Iterable[SlideRecipe], folder: Path, overwrite: bool = False) -> Iterator[Path]:
    """Draw slides into a folder, one after the other, as STAIN-SEED.tif and STAIN-SEED.json.

    Parameters
    ----------
    recipes
        Of the slides.
    folder
        Made where it is missing.
    overwrite
        Whether slides of the same name are replaced.

    Yields
    ------
    Path
        Of each slide, once it and its truth are written.

    Raises
    ------
    UsageError
        Where a slide is there already and must not be replaced.
    OutputError
        Where the folder cannot be written.
    """
    for recipe in recipes:
        path = folder / f"{recipe.stain}-{recipe.seed}.tif"
        if path.exists() and not overwrite:
            raise UsageError(f"{path} exists: give --overwrite, another --seed or another --out")
        save_simulated(simulate_slide(recipe), path)
        yield path


def save_simulated(slide: SimulatedSlide, path: Path) -> None:
    """Write a simulated slide and its truth beside it.

    Parameters
    ----------
    slide
        What was drawn.
    path
        Of the TIFF; its truth gets the same name with the ending .json.

    Raises
    ------
    OutputError
        Where they cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(f"the folder {path.parent} cannot be written: {problem.strerror}") from problem
    photometric = "rgb" if slide.image.ndim == 3 else "minisblack"
    write_atomically(path, lambda part: _write_tiff(part, slide.image, photometric), tifffile.imread)
    truth = instances(path.name, slide.recipe.shape, slide.chromosomes)
    write_text(path.with_suffix(".json"), json.dumps(truth), check=json.loads)


def _write_tiff(path: Path, pixels: NDArray[Any], photometric: str) -> None:
    tifffile.imwrite(path, pixels, photometric=photometric, compression="lzw")
