"""`karyo-split train detector`."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import (
    Bfloat16,
    Device,
    Rate,
    Resume,
    Seed,
    SimulatedSlides,
    Start,
    TrainingFolder,
    TrainingThreads,
    Truths,
)


def train_detector(
    truth: Truths,
    out: TrainingFolder,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the slides.")] = 50,
    simulated: SimulatedSlides = 60,
    resume: Resume = False,
    seed: Seed = 0,
    device: Device = "auto",
    threads: TrainingThreads = 2,
    start: Start = None,
    rate: Rate = None,
    bfloat16: Bfloat16 = False,
) -> None:
    """Train the detector, from scratch or from trained weights."""
    from ...core.device import choose_device
    from ...detector.yolo import DetectorTraining
    from ..training import train_detector as training
    from ..training.provenance import Beginning

    settings = DetectorTraining(
        epochs=epochs, seed=seed, threads=threads, bfloat16=bfloat16, device=str(choose_device(device))
    )
    print(training.train_detector(truth, out, settings, Beginning(start, rate), simulated, resume))
