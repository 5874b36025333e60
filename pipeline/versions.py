"""The device, the segmenter's weights, and the versions of what a result depends on."""

from __future__ import annotations

import importlib.metadata
import platform

import torch

from .. import weights
from ..core.errors import DeviceError, WeightsError
from ..segmenter import DecodingSettings, SeededUNet, Segmenter, UNetConfig


def load_segmenter(loaded: weights.LoadedWeights, device: torch.device | None = None) -> Segmenter:
    """The segmenter of a weights file.

    Raises WeightsError where the tensors do not fit the network.
    """
    network = SeededUNet(UNetConfig.from_dict(loaded.entry.config))
    try:
        network.load_state_dict(dict(loaded.tensors))
    except RuntimeError as problem:
        raise WeightsError(f"{loaded.entry.file} does not fit the segmenter: {str(problem)[:200]}") from problem
    return Segmenter(network.fuse(), DecodingSettings(), device)


def choose_device(wish: str) -> torch.device:
    """The device that a user asked for; "auto" takes CUDA, then MPS, then the CPU.

    Raises DeviceError where this machine does not have it: another one is never taken instead.
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


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    names = ("karyo-split", "torch", "torchvision", "ultralytics", "numpy", "scipy", "scikit-image", "tifffile")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}
