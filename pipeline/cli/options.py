"""Options that several commands share, and the groups that help shows options in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

READING = "How slides are read"
MACHINES = "Speed and machines"
MORE = "Less often needed"
PUBLISHED = "Of --recipe published"

Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.", rich_help_panel=MACHINES)]
Threads = Annotated[
    int | None,
    typer.Option(min=1, help="Threads a process may use. [default: all cores]", rich_help_panel=MACHINES),
]
WeightsFolder = Annotated[
    Path | None,
    typer.Option("--weights", help="Folder of weights. [default: the shipped ones]", rich_help_panel=MORE),
]
TRUTH = "Folder of M-FISH maps, of COCO files with their slides, or of signed results."
Truth = Annotated[Path, typer.Argument(help=TRUTH)]
TRUTHS = "Folders of M-FISH maps, of COCO files with their slides, of signed results, or of the G-band set."
Truths = Annotated[list[Path], typer.Argument(help=TRUTHS)]
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

# of the trainings
TrainingFolder = Annotated[Path, typer.Option("--out", help="Folder for checkpoints, log and the finished weights.")]
SimulatedSlides = Annotated[int, typer.Option(min=0, help="Simulated slides to add.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the training in --out.")]
Seed = Annotated[int, typer.Option(help="Seed of all that is random.", rich_help_panel=MORE)]
TrainingThreads = Annotated[int, typer.Option(min=1, help="Threads.", rich_help_panel=MACHINES)]
Start = Annotated[str | None, typer.Option(help="Folder of weights to begin from, or: shipped. [default: scratch]")]
Rate = Annotated[
    float | None,
    typer.Option(min=1e-7, help="Peak learning rate. [default: the network's own]", rich_help_panel=MORE),
]
Bfloat16 = Annotated[
    bool,
    typer.Option(
        "--bfloat16",
        help="Multiply in bfloat16: twice as fast on processors that have it.",
        rich_help_panel=MACHINES,
    ),
]
