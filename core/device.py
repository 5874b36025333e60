"""The device that the networks run on."""

from __future__ import annotations

import torch

from .errors import DeviceError


def choose_device(wish: str) -> torch.device:
    """Find the device that a user asked for; another one is never taken instead.

    Parameters
    ----------
    wish
        "cpu", "cuda", "cuda:N" or "mps"; "auto" takes CUDA, then MPS, then the CPU.

    Raises
    ------
    DeviceError
        Where this machine does not have it.
    """
    available = ["cpu"]
    available += [f"cuda:{i}" for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    available += ["mps"] if torch.backends.mps.is_available() else []
    if wish == "auto":
        return torch.device(available[1] if len(available) > 1 else "cpu")
    if wish == "cuda" and "cuda:0" in available:
        return torch.device("cuda:0")
    if wish not in available:
        raise DeviceError(f"no device {wish!r} here: choose one of auto, {', '.join(available)}")
    return torch.device(wish)
