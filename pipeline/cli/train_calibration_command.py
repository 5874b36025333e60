"""`karyo-split train calibration`: the scorer of trained weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import Device, Threads, Truths


def train_calibration(
    truth: Truths,
    weights: Annotated[Path, typer.Option(help="Folder of weights that gets the fitted confidence.")],
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Fit scores: how likely each mask is right."""
    from ..training.train_scorer import train_scorer
    from .messages import tell

    fitted = train_scorer(truth, weights, device, threads, tell)
    print(f"{fitted.masks} masks, {fitted.right:.3f} right; review below {fitted.review_below}")
