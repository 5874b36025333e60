"""Pieces of masks, and sums of what several frames saw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry import EIGHT_CONNECTED, Box

BELONGING_SHARE = 0.3
"""Foreground of which less lies inside a box belongs to its neighbour."""


def add(
    total: NDArray[np.float32], times: NDArray[np.float32], window: Box, seen: Box, values: NDArray[np.float32]
) -> None:
    """Add values that lie at `seen` to running sums that cover `window`."""
    shared = seen.intersect(window)
    if shared.is_empty:
        return
    there = shared.shift(-window.x0, -window.y0).slices
    total[there] += values[shared.shift(-seen.x0, -seen.y0).slices]
    times[there] += 1


def piece_at(mask: NDArray[np.bool_], row: int, column: int) -> NDArray[np.bool_]:
    """The 8-connected piece of a mask under a pixel, or the largest where the pixel is background."""
    pieces, count = ndimage.label(mask, structure=EIGHT_CONNECTED)
    if count <= 1:
        return mask
    here = 0
    if 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]:
        here = int(pieces[row, column])
    if here == 0:
        here = 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    return pieces == here


def belonging(foreground: NDArray[np.bool_], window: Box, box: Box) -> NDArray[np.bool_]:
    """The pieces of the foreground of which a good part lies inside the box."""
    pieces, count = ndimage.label(foreground, structure=EIGHT_CONNECTED)
    if count == 0:
        return foreground
    inside = box.intersect(window).shift(-window.x0, -window.y0).slices
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    within = np.bincount(pieces[inside].ravel(), minlength=count + 1)
    keep = within >= BELONGING_SHARE * sizes
    keep[0] = False
    return keep[pieces]
