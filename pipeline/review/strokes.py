"""What a drawn line means for pixels: a brush covers them, a cut parts a mask."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.box import Box
from ...core.mask import EIGHT_CONNECTED, PlacedMask

Points = Sequence[tuple[float, float]]
"""(row, column) in slide pixels; (0, 0) is the corner of the first pixel, so that its centre is (0.5, 0.5)."""
MAX_POINTS = 5000
MAX_SEEDS = 64
"""Clicks about one chromosome, at most."""
CRUMB = 0.03
"""A part that a cut leaves and that is smaller, as a share of the mask, goes to the part beside it."""


def brushed(points: Points, radius: float, shape: tuple[int, int]) -> PlacedMask | None:
    """The pixels whose centres a round brush covers on its way; None where that is none of the slide's.

    Parameters
    ----------
    points
        The brush's way: one point is a dab.
    radius
        Of the brush, in pixels.
    shape
        (rows, columns) of the slide.
    """
    way = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    low, high = np.floor(way.min(axis=0) - radius).astype(int), np.ceil(way.max(axis=0) + radius).astype(int)
    box = Box(int(low[1]), int(low[0]), int(high[1]) + 1, int(high[0]) + 1).clip(shape)
    if box.is_empty:
        return None
    covered = np.zeros((box.height, box.width), dtype=bool)
    for start, end in pairwise(way if len(way) > 1 else [*way, *way]):
        _cover(covered, box, start, end, radius)
    return PlacedMask.from_dense(covered, (box.y0, box.x0))


def _cover(
    covered: NDArray[np.bool_], box: Box, start: NDArray[np.float64], end: NDArray[np.float64], radius: float
) -> None:
    """Mark the pixels of a box that lie within a radius of the way from start to end."""
    low = np.floor(np.minimum(start, end) - radius).astype(int)
    high = np.ceil(np.maximum(start, end) + radius).astype(int) + 1
    part = Box(int(low[1]), int(low[0]), int(high[1]), int(high[0])).intersect(box)
    if part.is_empty:
        return
    rows, columns = np.mgrid[part.y0 : part.y1, part.x0 : part.x1] + 0.5
    along = end - start
    length = float(along @ along)
    share = np.clip(((rows - start[0]) * along[0] + (columns - start[1]) * along[1]) / length, 0, 1) if length else 0.0
    distance = np.hypot(rows - start[0] - share * along[0], columns - start[1] - share * along[1])
    covered[part.shift(-box.x0, -box.y0).slices] |= distance <= radius


def cut(placed: PlacedMask, points: Points) -> list[PlacedMask]:
    """Part a mask along a line; every pixel goes to one part, and crumbs go to the part beside them.

    Parameters
    ----------
    placed
        In slide pixels.
    points
        The line.

    Returns
    -------
    list of PlacedMask
        The largest first; one where the line does not cross the mask.
    """
    way = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    line = np.zeros_like(placed.mask)
    for start, end in pairwise(way):
        # A line as wide as a pixel's diagonal leaves no way between its pixels.
        _cover(line, placed.box, start, end, 0.71)
    parts, count = ndimage.label(placed.mask & ~line)
    if count == 0:
        return [placed]
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    kept = [number for number in range(1, count + 1) if sizes[number - 1] >= CRUMB * placed.area]
    kept = kept or [1 + int(np.argmax(sizes))]
    nearest = ndimage.distance_transform_edt(~np.isin(parts, kept), return_distances=False, return_indices=True)
    owner = np.where(placed.mask, parts[tuple(nearest)], 0)
    masks = [PlacedMask.from_dense(owner == number, (placed.box.y0, placed.box.x0)) for number in kept]
    return sorted((mask for mask in masks if mask is not None), key=lambda mask: (-mask.area, mask.box))


def pieces(placed: PlacedMask) -> int:
    """How many pieces a mask has; pixels that share a corner belong together."""
    return int(ndimage.label(placed.mask, structure=EIGHT_CONNECTED)[1])
