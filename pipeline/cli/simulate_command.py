"""`karyo-split simulate`: slides with exact truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import MORE


def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the slides and their COCO truth.")],
    count: Annotated[int, typer.Option(min=1, help="Slides to draw.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the first slide; the others follow.")] = 0,
    stain: Annotated[str, typer.Option(help="dapi or giemsa.")] = "dapi",
    chromosomes: Annotated[int, typer.Option(min=0, help="Chromosomes a slide.")] = 46,
    rows: Annotated[int, typer.Option(help="Height in px.", rich_help_panel=MORE)] = 517,
    columns: Annotated[int, typer.Option(help="Width in px.", rich_help_panel=MORE)] = 645,
    bits: Annotated[int, typer.Option(help="8 or 16.", rich_help_panel=MORE)] = 8,
    hard: Annotated[
        bool, typer.Option("--hard", help="Preparations that are hard to separate.", rich_help_panel=MORE)
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace slides of the same name.", rich_help_panel=MORE)
    ] = False,
) -> None:
    """Draw slides with exact truth."""
    from ...datasets.simulate import SlideRecipe, vary
    from ...datasets.simulate.save_slide import save_slides
    from .messages import tell

    recipe = SlideRecipe(seed=seed, shape=(rows, columns), stain=stain, chromosomes=chromosomes, bits=bits, hard=hard)
    for path in save_slides(vary(recipe, count), out, overwrite):
        print(path, flush=True)
        tell(f"{chromosomes} chromosomes, truth in {path.with_suffix('.json')}")
