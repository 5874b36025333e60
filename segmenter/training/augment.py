"""Another camera, another stain: what is done to the grey values of a training crop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from ...core.grey_scale import MAX_LEVEL
from ..conditional import CROP_SIDE


def augment_grey(grey: NDArray[np.float32], foreground: NDArray[np.bool_], rng: Generator) -> NDArray[np.float32]:
    """Gain, gamma, bands, saturation, light, blur or sharpening, glow and noise, each with some probability.

    Parameters
    ----------
    grey
        float32, shape (88, 88), normalised.
    foreground
        bool, the same shape: where bands may lie.

    Returns
    -------
    ndarray
        float32, shape (88, 88), 0..1.5.
    """
    out: NDArray[Any] = np.clip(grey, 0, None)
    if rng.random() < 0.7:
        out = out ** math.exp(rng.normal(0, 0.25))
    if rng.random() < 0.25:
        out = out * _bands(foreground, rng)
    out = out * math.exp(rng.normal(0, 0.25))
    if rng.random() < 0.1:  # a transmitted-light camera sees absorbance, which saturates
        strength = rng.uniform(0.5, 1.5)
        out = (1 - np.exp(-strength * out)) / (1 - math.exp(-strength * 0.7)) * 0.7
    if rng.random() < 0.3:
        slope = rng.normal(0, 0.3, 2)
        ramp = np.linspace(-0.5, 0.5, CROP_SIDE)
        out = out * np.clip(1 + slope[0] * ramp[:, None] + slope[1] * ramp[None, :], 0.3, None)
    choice = rng.random()
    if choice < 0.35:
        out = ndimage.gaussian_filter(out, rng.uniform(0.3, 1.6))
    elif choice < 0.5:
        out = out + rng.uniform(0.2, 1.2) * (out - ndimage.gaussian_filter(out, rng.uniform(0.8, 2.0)))
    if rng.random() < 0.2:
        out = out + rng.uniform(0, 0.25) * ndimage.gaussian_filter(out, rng.uniform(4, 10))
    if rng.random() < 0.6:
        out = out + rng.normal(0, rng.uniform(0, 0.05), out.shape)
    return np.clip(out + rng.normal(0, 0.02), 0, MAX_LEVEL).astype(np.float32)


def _bands(foreground: NDArray[np.bool_], rng: Generator) -> NDArray[Any]:
    """A factor that makes a chromosome's stain patchy, as G-bands do; 1 outside."""
    noise = ndimage.gaussian_filter(rng.normal(0, 1, foreground.shape), rng.uniform(1.0, 2.5))
    noise = noise / (noise.std() + 1e-6) * rng.uniform(0.1, 0.4)
    inside = ndimage.gaussian_filter(foreground.astype(np.float32), 1.0)
    return np.clip(1 + noise * inside, 0.2, 2.0)
