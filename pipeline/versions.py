"""The device, the segmenter's weights, and the versions of what a result depends on."""

from __future__ import annotations

import importlib.metadata
import platform

import torch

from .. import weights
from ..core.errors import WeightsError
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


def versions() -> dict[str, str]:
    """Versions of what a result depends on."""
    names = ("karyo-split", "torch", "torchvision", "ultralytics", "numpy", "scipy", "scikit-image", "tifffile")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}
