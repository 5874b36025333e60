"""`karyo-split verify FOLDER...`: what changed since a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .exit_codes import EXIT_SOME_FAILED
from .options import WeightsFolder


def verify(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Of a slide's results, or of a batch's.")],
    slides: Annotated[
        Path | None,
        typer.Option(help="The slide's file, or the folder that was split. [default: where summary.csv says]"),
    ] = None,
    weights: WeightsFolder = None,
) -> None:
    """Say what changed since: input, weights, files."""
    from ...core.printable import printable
    from ..verify_folder import verify_folders

    changed = False
    for folder in folders:
        for verified in verify_folders(folder, slides, weights):
            changed = changed or bool(verified.changes)
            for change in verified.changes or ("",):
                line = f"CHANGED  {verified.folder}: {change}" if change else f"ok       {verified.folder}"
                print(printable(line), flush=True)
    if changed:
        raise typer.Exit(EXIT_SOME_FAILED)
