"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads a process may use. [default: all cores]")]
WeightsFolder = Annotated[Path | None, typer.Option("--weights", help="Folder of weights. [default: the shipped ones]")]
Truth = Annotated[Path, typer.Argument(help="Folder of M-FISH maps, or of COCO files with their slides.")]
PairSplit = Annotated[str, typer.Option(help="Of pairs: order (the study's), or chromosome (none in both parts).")]
Variant = Annotated[str, typer.Option(help="Cleaning of pairs as in the study's text or in its code.")]
Formats = Annotated[
    str,
    typer.Option(
        "--format",
        help="Comma-separated: coco, labels, csv, preview, report (the default); geojson (QuPath), rois (ImageJ and "
        "Fiji), zarr (OME-Zarr), pieces (a TIFF per chromosome), upright (the same, turned); or all.",
    ),
]
