"""The versions of what a result depends on."""

from __future__ import annotations

import importlib.metadata
import platform

DISTRIBUTIONS = ("karyo-split", "torch", "torchvision", "ultralytics", "numpy", "scipy", "scikit-image", "tifffile")


def versions() -> dict[str, str]:
    """Look up the versions of Python and of the distributions that a result depends on, by name."""
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in DISTRIBUTIONS}}
