"""`karyo-split simulate`: slides with exact truth."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tifffile
from numpy.typing import NDArray

from ...core.atomic import write_atomically, write_text
from ...core.errors import OutputError, UsageError
from ...datasets.coco import instances
from ...datasets.simulate import SimulatedSlide, SlideRecipe, simulate_slide


@dataclass(frozen=True)
class SimulateOptions:
    """The options of the command, as typed."""

    out: Path
    count: int
    seed: int
    stain: str
    chromosomes: int
    shape: tuple[int, int]
    bits: int
    overwrite: bool


def simulate_slides(options: SimulateOptions) -> None:
    """Draw slides into a folder: NAME.tif and, beside it, NAME.json with its truth as COCO instances."""
    for number in range(options.count):
        recipe = SlideRecipe(
            seed=options.seed + number,
            shape=options.shape,
            stain=options.stain,
            chromosomes=options.chromosomes,
            bits=options.bits,
        )
        path = options.out / f"{recipe.stain}-{recipe.seed}.tif"
        if path.exists() and not options.overwrite:
            raise UsageError(f"{path} exists: give --overwrite, another --seed or another --out")
        save_simulated(simulate_slide(recipe), path)
        print(path)
        print(f"{recipe.chromosomes} chromosomes, truth in {path.with_suffix('.json')}", file=sys.stderr)


def save_simulated(slide: SimulatedSlide, path: Path) -> None:
    """Write a simulated slide and its truth beside it.

    Raises OutputError where they cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise OutputError(f"the folder {path.parent} cannot be written: {problem.strerror}") from problem
    photometric = "rgb" if slide.image.ndim == 3 else "minisblack"
    write_atomically(
        path,
        lambda part: _write_tiff(part, slide.image, photometric),
        tifffile.imread,
    )
    truth = instances(path.name, slide.recipe.shape, slide.chromosomes)
    write_text(path.with_suffix(".json"), json.dumps(truth), check=json.loads)


def _write_tiff(path: Path, pixels: NDArray[Any], photometric: str) -> None:
    tifffile.imwrite(path, pixels, photometric=photometric, compression="lzw")
