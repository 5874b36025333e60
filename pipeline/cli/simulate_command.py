"""`karyo-split simulate`: slides with exact truth."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import UsageError
from ...datasets.simulate import SlideRecipe, simulate_slide
from ...datasets.simulate.save_slide import save_simulated


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
