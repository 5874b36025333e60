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


def component_at(mask: NDArray[np.bool_], row: int, column: int) -> NDArray[np.bool_]:
    """The 8-connected piece of a mask under a pixel, or the largest where the pixel is background.

    Parameters
    ----------
    mask
        bool, shape (rows, columns).
    row, column
        Of the pixel; may lie outside.
    """
    components, count = ndimage.label(mask, structure=EIGHT_CONNECTED)
    if count <= 1:
        return mask
    here = 0
    if 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]:
        here = int(components[row, column])
    if here == 0:
        here = 1 + int(np.argmax(np.bincount(components.ravel())[1:]))
    return components == here


def reached(probability: NDArray[np.float32], at: tuple[int, int], level: float, reach: float) -> NDArray[np.bool_]:
    """The pixels above `level` that hang together with the one at (row, column) through pixels above `reach`.

    So a chromosome that another one crosses, or that is pale at its centromere, stays one (hysteresis; Canny, 1986).

    Parameters
    ----------
    probability
        float32, shape (rows, columns).
    at
        (row, column) of the pixel.
    level
        Probability from which a pixel belongs.
    reach
        Probability through which parts hang together.
    """
    return component_at(probability > reach, *at) & (probability > level)


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
