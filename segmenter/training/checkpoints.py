"""The file from which an interrupted training goes on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ...core.errors import UsageError


def checkpoint_in(folder: Path, resume: bool) -> Path:
    """Where the checkpoint of a training in `folder` lies, or will lie; makes the folder.

    Parameters
    ----------
    folder
        Of the training.
    resume
        Whether a training in it goes on.

    Raises
    ------
    UsageError
        Where `folder` already holds a training and `resume` is false.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists() and not resume:
        raise UsageError(f"{folder} already holds a training: give --resume to go on, or another folder")
    return checkpoint


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint beside its final name, then move it there."""
    part = path.with_suffix(".part")
    torch.save(dict(state), part)
    part.replace(path)
