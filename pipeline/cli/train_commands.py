"""The command line of `karyo-split train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...core.errors import UsageError
from .options import PairSplit, Threads, Truth, Variant

train_app = typer.Typer(no_args_is_help=True, help="Train a network; --resume goes on after an interruption.")

TrainingFolder = Annotated[Path, typer.Option("--out", help="Folder for checkpoints, log and the finished weights.")]
SimulatedSlides = Annotated[int, typer.Option(min=0, help="Simulated slides to add.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the training in --out.")]
Seed = Annotated[int, typer.Option(help="Seed of all that is random.")]
TrainingThreads = Annotated[int, typer.Option(min=1, help="Threads.")]
Start = Annotated[str | None, typer.Option(help="Folder of weights to begin from, or: shipped. [default: scratch]")]
Bfloat16 = Annotated[
    bool, typer.Option("--bfloat16", help="Multiply in bfloat16: twice as fast on processors that have it.")
]
PUBLISHED = "Of --recipe published"
Rate = Annotated[float | None, typer.Option(min=1e-7, help="Peak learning rate. [default: the network's own]")]


@train_app.command("detector")
def train_detector_command(
    truth: Truth,
    out: TrainingFolder,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the slides.")] = 50,
    simulated: SimulatedSlides = 60,
    resume: Resume = False,
    seed: Seed = 0,
    threads: TrainingThreads = 2,
    start: Start = None,
    rate: Rate = None,
    bfloat16: Bfloat16 = False,
) -> None:
    """Train the detector, from scratch or from trained weights."""
    from ..training.train_on_slides import TrainOptions, train_detector_on

    options = TrainOptions(
        truth=truth, simulated=simulated, out=out, length=epochs, resume=resume, seed=seed, threads=threads,
        start=start, rate=rate, bfloat16=bfloat16,
    )  # fmt: skip
    train_detector_on(options)


@train_app.command("segmenter")
def train_segmenter_command(
    out: TrainingFolder,
    truth: Annotated[
        Path | None, typer.Argument(help="Folder of M-FISH maps, or of COCO files with their slides.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="HDF5 file of overlapping pairs to train on; slides only lend it chromosomes.")
    ] = None,
    recipe: Annotated[str, typer.Option(help="seeded, or published: the study's network, on pairs only.")] = "seeded",
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of 16 crops with 4 seeds each.")] = 6000,
    simulated: SimulatedSlides = 60,
    resume: Resume = False,
    seed: Seed = 0,
    threads: TrainingThreads = 2,
    start: Start = None,
    rate: Rate = None,
    bfloat16: Bfloat16 = False,
    split: PairSplit = "order",
    variant: Variant = "text",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the pairs.", rich_help_panel=PUBLISHED)] = 30,
    width: Annotated[int, typer.Option(min=1, help="Channels at full size.", rich_help_panel=PUBLISHED)] = 64,
    target: Annotated[
        str, typer.Option(help="one-hot, integer, merged, first or second.", rich_help_panel=PUBLISHED)
    ] = "one-hot",
    loss: Annotated[str, typer.Option(help="mse, cross-entropy or dice.", rich_help_panel=PUBLISHED)] = "mse",
    activation: Annotated[str, typer.Option(help="relu, elu or leaky-relu.", rich_help_panel=PUBLISHED)] = "relu",
    class_weights: Annotated[
        bool, typer.Option("--class-weights", help="Weigh classes by their rarity.", rich_help_panel=PUBLISHED)
    ] = False,
) -> None:
    """Train the segmenter on slides or on pairs, from scratch or from trained weights."""
    if recipe not in ("seeded", "published"):
        raise UsageError(f"unknown recipe {recipe!r}: choose seeded or published")
    if recipe == "published" and (data is None or truth is not None):
        raise UsageError("the published recipe learns from pairs alone: name their file with --data, and no folder")
    if data is None:
        from ..training.train_on_slides import TrainOptions, train_segmenter_on

        if truth is None:
            raise UsageError("name a folder of slides with truth, a file of pairs with --data, or both")
        on_slides = TrainOptions(
            truth=truth, simulated=simulated, out=out, length=steps, resume=resume, seed=seed, threads=threads,
            start=start, rate=rate, bfloat16=bfloat16,
        )  # fmt: skip
        train_segmenter_on(on_slides)
        return
    from ...study.train_pairs import PairsOptions, train_published_on, train_seeded_on

    length = epochs if recipe == "published" else steps
    options = PairsOptions(
        data=data, truth=truth, split=split, variant=variant, out=out, length=length, resume=resume, seed=seed,
        threads=threads, start=start, rate=rate, bfloat16=bfloat16,
    )  # fmt: skip
    if recipe == "seeded":
        train_seeded_on(options)
        return
    from ...study.published_network import Recipe

    train_published_on(options, Recipe(width, target, loss, activation, class_weights))  # type: ignore[arg-type]


@train_app.command("calibration")
def train_calibration_command(
    truth: Truth,
    weights: Annotated[Path, typer.Option(help="Folder of weights that gets the fitted confidence.")],
    threads: Threads = None,
) -> None:
    """Fit the scores: how likely a mask is right, given all that is known of it."""
    from ..training.train_on_slides import calibrate_on

    calibrate_on(truth, weights, threads)
