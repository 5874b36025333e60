"""A lone chromosome opened into two sister chromatids, as some preparations show every chromosome.

Nothing but the distance between two chromatids changes, so the truth stays exact: both are one chromosome.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from ...core.mask import EIGHT_CONNECTED

EDGE_PX = 0.6
"""How soft the inner edge of a chromatid is."""
MAX_GAP = 2.2
"""Widest gap, in chromatid widths."""
DRAWN_SHARE = 0.6
"""Share of the chromatids that are drawn as round rods with the chromosome's own bands and width; the others are its
halves as they are, which have a flat inner side."""
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
    points -= centre
    _, directions = np.linalg.eigh(np.cov(points.T) + 1e-6 * np.eye(2))
    across, along = directions[:, 0], directions[:, 1]
    u, v = points @ along, points @ across
    axis = np.polyfit(u, v, 2)
    width = float(np.mean(np.abs(v - np.polyval(axis, u)))) * 2  # of one half
    gap = width * rng.uniform(0.1, MAX_GAP)
    spread = abs(rng.normal(0, 0.2))
    drawn = _Rod.of(grey, mask, u, v - np.polyval(axis, u)) if rng.random() < DRAWN_SHARE else None
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
        if drawn is not None:
            half, inside = drawn.seen(u, side * lateral - _wave(u, width, rng), rng.uniform(1.5, 4))
        else:
            source = centre[:, None, None] + along[:, None, None] * u + across[:, None, None] * (bend + lateral)
            half = ndimage.map_coordinates(grey, source, order=1) / (
                1 + np.exp(np.clip(-side * lateral / EDGE_PX, -30, 30))
            )
            inside = (ndimage.map_coordinates(mask.astype(np.float32), source, order=1) > 0.5) & (side * lateral > 0)
        lit = np.maximum(lit, half.astype(np.float32))
        covered |= inside
    return lit, covered


@dataclass(frozen=True, eq=False)
class _Rod:
    """A chromatid along a chromosome's axis: its brightness and its width at each step of a pixel."""

    first: float
    body: NDArray[np.float64]
    width: NDArray[np.float64]

    @classmethod
    def of(
        cls, grey: NDArray[np.float32], mask: NDArray[np.bool_], u: NDArray[np.float64], lateral: NDArray[np.float64]
    ) -> _Rod:
        """u, lateral: along and across the axis, for each pixel of the mask in its own order."""
        first = float(np.floor(u.min()))
        step = np.floor(u - first).astype(int)
        count = np.maximum(np.bincount(step), 1)
        widest = np.zeros(len(count))
        np.maximum.at(widest, step, np.abs(lateral))
        body = np.bincount(step, weights=grey[mask]) / count
        return cls(first, ndimage.gaussian_filter1d(body, 1.0), ndimage.gaussian_filter1d(widest, 1.0, mode="constant"))

    def seen(
        self, u: NDArray[np.float64], across: NDArray[np.float64], power: float
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Grey values and mask at places along the axis and across it, 0 at the rod's inner side."""
        at = u - self.first - 0.5
        width = np.interp(at, np.arange(len(self.width)), self.width, left=0.0, right=0.0)
        body = np.interp(at, np.arange(len(self.body)), self.body)
        off = np.abs(2 * across / np.maximum(width, 1e-3) - 1)
        inside = (off <= 1) & (width > 0.5)
        return np.where(inside, body * (1 - 0.7 * off**power), 0.0), inside


def _wave(u: NDArray[np.float64], width: float, rng: Generator) -> NDArray[np.float64]:
    """How far a chromatid wanders from its axis, on its own."""
    return rng.uniform(0, 0.35) * width * np.sin(u / (width * rng.uniform(0.8, 2.5)) + rng.uniform(0, 6.3))


def any_piece(mask: NDArray[np.bool_], rng: Generator) -> NDArray[np.bool_]:
    """A random connected piece of a mask: bool, of the same shape; the mask itself where it is one."""
    labels, count = ndimage.label(mask, structure=EIGHT_CONNECTED)
    return labels == rng.integers(1, count + 1) if count > 1 else mask


def _faded(grey: NDArray[np.float32], mask: NDArray[np.bool_], amount: float, width: float) -> NDArray[np.float32]:
    """The chromosome with fainter bands: each pixel drawn towards the mean around it."""
    sigma = max(1.0, width)
    inside = ndimage.gaussian_filter(mask.astype(np.float32), sigma)
    mean = ndimage.gaussian_filter(np.where(mask, grey, 0), sigma) / np.maximum(inside, 1e-3)
    return np.where(mask, (1 - amount) * grey + amount * mean, grey).astype(np.float32)
