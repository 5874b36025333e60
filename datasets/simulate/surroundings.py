"""What lies between chromosomes on a slide: interphase nuclei, debris and stain precipitate."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from ...core.box import Box


def add_nuclei(
    stain: NDArray[np.float32], covered: NDArray[np.bool_], count: int, length_px: float, rng: Generator
) -> None:
    """Paint up to `count` interphase nuclei into `stain`, off the chromosomes, some cut by the slide's edge."""
    rows, columns = stain.shape
    for _ in range(count):
        for _attempt in range(30):
            radius = length_px * rng.uniform(0.6, 2.2)
            at = (rng.uniform(-0.05, 1.05) * rows, rng.uniform(-0.05, 1.05) * columns)
            window = _window(at, radius * 1.4).clip((rows, columns))
            if window.is_empty:
                continue
            y, x = np.mgrid[window.slices]
            angle, stretch = rng.uniform(0, math.pi), rng.uniform(1, 1.35)
            along = (y - at[0]) * math.sin(angle) + (x - at[1]) * math.cos(angle)
            across = (y - at[0]) * math.cos(angle) - (x - at[1]) * math.sin(angle)
            turn = np.arctan2(across, along)
            lumps = 1 + sum(rng.normal(0, 0.03) * np.cos(k * turn + rng.uniform(0, 6.3)) for k in (2, 3, 4))
            distance = np.hypot(along / stretch, across * stretch) / (radius * lumps)
            if np.any(covered[window.slices] & (distance < 1.05)):
                continue
            body = 1 / (1 + np.exp((distance - 1) * radius / rng.uniform(0.8, 2.0)))
            texture = ndimage.gaussian_filter(rng.normal(0, 1, body.shape), rng.uniform(1.0, 3.0))
            texture = texture / (texture.std() + 1e-9)
            brightness = rng.uniform(0.15, 1.7)
            stain[window.slices] += (body * brightness * np.clip(1 + rng.uniform(0.03, 0.18) * texture, 0.2, 2)).astype(
                np.float32
            )
            covered[window.slices] |= distance < 1
            break


def add_debris(
    stain: NDArray[np.float32], covered: NDArray[np.bool_], count: int, length_px: float, rng: Generator
) -> None:
    """Paint specks, pale smears and fibres into `stain`, off the chromosomes."""
    rows, columns = stain.shape
    for _ in range(count):
        at = (rng.uniform(0, rows), rng.uniform(0, columns))
        kind = rng.choice(["speck", "smear", "fibre"], p=[0.6, 0.25, 0.15])
        reach = {"speck": 0.25, "smear": 1.2, "fibre": 1.5}[kind] * length_px
        window = _window(at, reach).clip((rows, columns))
        if window.is_empty or covered[window.grow(3).clip((rows, columns)).slices].any():
            continue
        y, x = np.mgrid[window.slices]
        if kind == "speck":
            size = rng.uniform(0.6, 0.09 * length_px)
            mark = rng.uniform(0.3, 1.8) * np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / (2 * size**2))
        elif kind == "smear":
            size = reach * 0.35
            cloud = ndimage.gaussian_filter(rng.normal(0, 1, y.shape), 3)
            mark = rng.uniform(0.05, 0.3) * np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / (2 * size**2))
            mark = mark * np.clip(1 + cloud / (cloud.std() + 1e-9) * 0.3, 0, 2)
        else:
            angle, curl = rng.uniform(0, 2 * math.pi), rng.normal(0, 0.02)
            along = (y - at[0]) * math.sin(angle) + (x - at[1]) * math.cos(angle)
            across = (y - at[0]) * math.cos(angle) - (x - at[1]) * math.sin(angle) + curl * along**2
            mark = rng.uniform(0.1, 0.5) * np.exp(-((across / 1.0) ** 2)) * (np.abs(along) < reach * 0.8)
        stain[window.slices] += mark.astype(np.float32)


def _window(at: tuple[float, float], reach: float) -> Box:
    return Box(
        math.floor(at[1] - reach), math.floor(at[0] - reach), math.ceil(at[1] + reach) + 1, math.ceil(at[0] + reach) + 1
    )
