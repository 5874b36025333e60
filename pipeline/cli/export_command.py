"""`karyo-split export FOLDER... --format ...`: more formats from finished folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Formats


def export(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Finished folders, such as masks/slide.")],
    formats: Formats,
    slide: Annotated[
        Path | None, typer.Option(help="The slide's file, for formats that need its pixels; of one folder only.")
    ] = None,
) -> None:
    """Write more formats from finished folders."""
    from ...core.errors import UsageError
    from ..export_folder import export_folder
    from ..write_folder import NEED_PIXELS, chosen_formats

    chosen = chosen_formats(formats)
    pixels = [name for name in chosen if name in NEED_PIXELS]
    if pixels and slide is None:
        raise UsageError(f"{', '.join(pixels)} needs the slide's pixels: name its file with --slide")
    if slide is not None and len(folders) > 1:
        raise UsageError(f"--slide is the file of one folder, and {len(folders)} were named: export them one by one")
    for folder in folders:
        export_folder(folder, chosen, slide)
        print(folder)
