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


def load_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """Read a checkpoint, without running code from it.

    Raises
    ------
    UsageError
        Where it is damaged.
    """
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        if not isinstance(state, dict):
            raise ValueError("it holds no training")
    except Exception as problem:  # torch raises what it likes
        told = str(problem).splitlines()[0][:120] if str(problem) else type(problem).__name__
        raise UsageError(f"the checkpoint {path} cannot be read: {told}: begin anew in another folder") from problem
    return state


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint beside its final name, then move it there."""
    part = path.with_suffix(".part")
    torch.save(dict(state), part)
    part.replace(path)
