"""A lone chromosome opened into two sister chromatids, as some preparations show every chromosome.

Nothing but the distance between two chromatids changes, so the truth stays exact: both are one chromosome.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from ...core.mask import EIGHT_CONNECTED

EDGE_PX = 0.6
"""How soft the inner edge of a chromatid is."""
MAX_GAP = 2.2
"""Widest gap, in chromatid widths."""
PIECE_SHARE = 0.5
"""Share of the crops that show a chromosome in two pieces around one of them: as they are seen where the detector took
a chromatid for a chromosome."""


def opened(
    grey: NDArray[np.float32], mask: NDArray[np.bool_], rng: Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Cut a chromosome along its axis, and move the halves apart.

    The axis is the parabola that fits the mask best in the frame of its principal axes.

    Parameters
    ----------
    grey
        float32, shape (rows, columns): the chromosome on a background of 0.
    mask
        bool, the same shape, not empty.
    rng
        Draws the gap, the angle between the halves and how much their bands fade.

    Returns
    -------
    grey, mask
        Of the same shapes; what would leave them is lost.
    """
    points = np.argwhere(mask).astype(float)
    centre = points.mean(axis=0)
    _, directions = np.linalg.eigh(np.cov((points - centre).T) + 1e-6 * np.eye(2))
    across, along = directions[:, 0], directions[:, 1]
    u, v = (points - centre) @ along, (points - centre) @ across
    axis = np.polyfit(u, v, 2)
    width = float(np.mean(np.abs(v - np.polyval(axis, u)))) * 2  # of one half
    gap = width * rng.uniform(0.1, MAX_GAP)
    spread = abs(rng.normal(0, 0.2))
    if rng.random() < 0.6:  # plain stains have no bands
        grey = _faded(grey, mask, rng.uniform(0.3, 1.0), width)
    pixels = np.stack(np.meshgrid(*map(np.arange, mask.shape), indexing="ij"), axis=-1) - centre
    lit, covered = np.zeros_like(grey), np.zeros_like(mask)
    for side in (-1.0, 1.0):
        angle = side * spread * rng.uniform(-0.3, 1)
        stretch = rng.uniform(1.0, 1.35)
        moved = pixels - (side * gap / 2 * rng.uniform(0.7, 1.3)) * across - (rng.normal(0, 0.25) * width) * along
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        moved = moved @ turn
        u, v = moved @ along, moved @ across
        bend = np.polyval(axis, u)
        lateral = (v - bend) / stretch
        source = centre[:, None, None] + along[:, None, None] * u + across[:, None, None] * (bend + lateral)
        half = ndimage.map_coordinates(grey, source, order=1) / (
            1 + np.exp(-np.clip(side * lateral / EDGE_PX, -30, 30))
        )
        lit = np.maximum(lit, half.astype(np.float32))
        covered |= (ndimage.map_coordinates(mask.astype(np.float32), source, order=1) > 0.5) & (side * lateral > 0)
    return lit, covered


def any_piece(mask: NDArray[np.bool_], rng: Generator) -> NDArray[np.bool_]:
    """A random connected piece of a mask: bool, of the same shape."""
    labels, count = ndimage.label(mask, structure=EIGHT_CONNECTED)
    return labels == rng.integers(1, count + 1) if count > 1 else mask


def _faded(grey: NDArray[np.float32], mask: NDArray[np.bool_], amount: float, width: float) -> NDArray[np.float32]:
    """The chromosome with fainter bands: each pixel drawn towards the mean around it."""
    sigma = max(1.0, width)
    inside = ndimage.gaussian_filter(mask.astype(np.float32), sigma)
    mean = ndimage.gaussian_filter(np.where(mask, grey, 0), sigma) / np.maximum(inside, 1e-3)
    return np.where(mask, (1 - amount) * grey + amount * mean, grey).astype(np.float32)
