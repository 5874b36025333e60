"""`karyo-split train segmenter`: on slides, on pairs, or the published study's network on pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import (
    PUBLISHED,
    TRUTHS,
    Bfloat16,
    Device,
    PairSplit,
    Rate,
    Resume,
    Seed,
    Start,
    TrainingFolder,
    TrainingThreads,
    Variant,
)


def train_segmenter(
    out: TrainingFolder,
    truth: Annotated[
        list[Path] | None,
        typer.Argument(help=TRUTHS),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="HDF5 file of overlapping pairs to train on; slides only lend it chromosomes.")
    ] = None,
    recipe: Annotated[str, typer.Option(help="seeded, or published: the study's network, on pairs only.")] = "seeded",
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of 16 crops with 8 seeds each.")] = 6000,
    simulated: Annotated[float, typer.Option(min=0, max=1, help="Share of crops from simulated slides.")] = 0.25,
    pairs: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the slides' crops that are pairs of lone chromosomes.")
    ] = 0.2,
    verify_with: Annotated[
        Path | None,
        typer.Option(help="Weights whose masks of real clusters are truth where a slide's boxes confirm them."),
    ] = None,
    resume: Resume = False,
    seed: Seed = 0,
    device: Device = "auto",
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
    """Train the segmenter, on slides or on pairs."""
    from ...core.device import choose_device
    from ...core.errors import UsageError
    from ..training.provenance import Beginning
    from .messages import tell

    if recipe not in ("seeded", "published"):
        raise UsageError(f"unknown recipe {recipe!r}: choose seeded or published")
    if recipe == "published" and (data is None or truth):
        raise UsageError("the published recipe learns from pairs alone: name their file with --data, and no folder")
    if data is None and not truth:
        raise UsageError("name a folder of slides with truth, a file of pairs with --data, or both")
    beginning, chosen = Beginning(start, rate), choose_device(device)
    if recipe == "published" and data is not None:
        from ...study.published_network import Recipe
        from ...study.published_training import PublishedTraining
        from ...study.train_pairs import train_published_on

        published = Recipe(width, target, loss, activation, class_weights)  # type: ignore[arg-type]
        of_study = PublishedTraining(epochs=epochs, seed=seed, threads=threads, bfloat16=bfloat16, device=chosen)
        print(train_published_on(data, out, published, of_study, beginning, tell, split, variant, resume))  # type: ignore[arg-type]
        return
    from ...segmenter.training.train import SegmenterTraining

    workers = int(threads > 1)
    settings = SegmenterTraining(
        steps=steps, seed=seed, device=chosen, threads=threads, workers=workers, bfloat16=bfloat16
    )
    if data is not None:
        from ...study.train_pairs import train_segmenter_on_pairs

        print(train_segmenter_on_pairs(data, out, settings, beginning, tell, truth or (), split, variant, resume))  # type: ignore[arg-type]
    elif truth:
        from ..training import train_segmenter as training

        print(training.train_segmenter(truth, out, settings, beginning, simulated, pairs, tell, resume, verify_with))
