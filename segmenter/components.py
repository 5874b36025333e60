"""Pieces of masks, and sums of what several frames saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core.box import Box
from ..core.mask import EIGHT_CONNECTED, PlacedMask

MIN_INSIDE_SHARE = 0.3
"""A piece of foreground of which less lies inside the boxes is none that the detector meant."""
MIN_PART_SHARE = 0.25
"""What may be a part of a chromosome has at least this share of the area of the piece under its seed."""


def add(
    total: NDArray[np.float32], times: NDArray[np.float32] | None, window: Box, seen: Box, values: NDArray[np.float32]
) -> None:
    """Add values that lie at `seen` to a running sum that covers `window`, and count them where asked to.

    Parameters
    ----------
    total
        float32, shape (window.height, window.width): the running sum.
    times
        float32, the same shape: how often each pixel was added to; None does not count.
    window
        What `total` covers, in image pixels.
    seen
        Where the values lie, in image pixels.
    values
        float32, shape (seen.height, seen.width).
    """
    shared = seen.intersect(window)
    if shared.is_empty:
        return
    there = shared.shift(-window.x0, -window.y0).slices
    total[there] += values[shared.shift(-seen.x0, -seen.y0).slices]
    if times is not None:
        times[there] += 1


def reached_parts(
    probability: NDArray[np.float32], at: tuple[int, int], level: float, reach: float
) -> tuple[NDArray[np.bool_], list[NDArray[np.bool_]]]:
    """The piece under a seed, and the others that may belong to the same chromosome.

    A piece is the pixels above `level` that hang together through pixels above `reach`: so a chromosome that another
    one crosses, or that is pale at its centromere, stays one (hysteresis; Canny, 1986).

    Parameters
    ----------
    probability
        float32, shape (rows, columns).
    at
        (row, column) of the seed; without a piece there, the largest counts as its own.
    level
        Probability from which a pixel belongs.
    reach
        Probability through which parts hang together.

    Returns
    -------
    piece
        bool, shape (rows, columns).
    others
        The same, one for each other piece of a fair size.
    """
    labels, count = ndimage.label(probability > reach, structure=EIGHT_CONNECTED)
    inside = probability > level
    if count <= 1:
        return inside, []
    sizes = np.bincount(labels[inside], minlength=count + 1)
    here = labels[at] if 0 <= at[0] < labels.shape[0] and 0 <= at[1] < labels.shape[1] else 0
    here = here or 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    fair = [n for n in range(1, count + 1) if n != here and sizes[n] >= max(MIN_PART_SHARE * sizes[here], 1)]
    return (labels == here) & inside, [(labels == n) & inside for n in fair]


def components_in(foreground: NDArray[np.bool_], boxes: Sequence[Box]) -> list[PlacedMask]:
    """The 8-connected components of the foreground of which a good part lies inside the boxes, in reading order.

    Parameters
    ----------
    foreground
        bool, shape (rows, columns).
    boxes
        In its pixels.
    """
    labels, count = ndimage.label(foreground, structure=EIGHT_CONNECTED)
    inside = np.zeros(foreground.shape, dtype=bool)
    for box in boxes:
        inside[box.clip((foreground.shape[0], foreground.shape[1])).slices] = True
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    within = np.bincount(labels[inside], minlength=count + 1)
    components = []
    for index, where in enumerate(ndimage.find_objects(labels), start=1):
        if within[index] >= MIN_INSIDE_SHARE * sizes[index]:
            box = Box(where[1].start, where[0].start, where[1].stop, where[0].stop)
            components.append(PlacedMask(box, labels[where] == index))
    return components
