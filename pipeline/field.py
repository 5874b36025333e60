"""The part of an image that the camera saw, where a page, a frame or padding lies around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core.box import Box

FLAT_SHARE = 0.9
"""A line of a page has one value at so many of its pixels; the others may be of a caption."""
MAX_SPREAD = 1 / 64
"""How much a page's values differ from each other, as a share of how far the picture reaches from them: compressed
white is not one value to the bit. A dark background differs more."""
MAX_SHARE_INSIDE = 0.01
"""A value that more pixels of the picture have is the picture's own: a background of exactly 0, or saturated light."""
MAX_SHARE_OUTSIDE = 0.03
"""Pixels of the page that are of another value, at most: captions, hot pixels."""
MIN_DISTANCE = 0.02
"""A page's value lies so far from the picture's median, as a share of how far the picture reaches from it; nearer ones
do no harm."""
MIN_PICTURE_PX, MIN_PICTURE_SHARE = 16, 0.05
"""Shorter side of a picture, and its share of the image: smaller ones are marks on the picture."""
MAX_BAD_LINES = 3
"""So few rows or columns of a page's value next to each other, inside the picture, are bad ones of the camera."""
MIN_LONG = 0.25
"""What is shorter than this share of the longest piece between flat lines is a caption, not another picture."""
MAX_NESTED = 4
"""Pages and frames in each other, at most."""


def find_field(view: NDArray[np.float32]) -> Box:
    """Find the picture in an image: without rows and columns on its borders that are of one value, far from its own.

    One more row or column goes with them: it is often a mixture of both.

    Parameters
    ----------
    view
        float32, shape (rows, columns).

    Returns
    -------
    Box
        In pixels of the view; all of it for most slides.
    """
    field = Box(0, 0, view.shape[1], view.shape[0])
    for _ in range(MAX_NESTED):
        inside = view[field.slices]
        borders = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
        pictures = (_picture_without(inside, border) for border in borders)
        picture = next((each for each in pictures if each is not None), None)
        if picture is None:
            break
        field = picture.shift(field.x0, field.y0)
    return field


def _picture_without(image: NDArray[np.float32], border: NDArray[np.float32]) -> Box | None:
    """What is left without lines that are as flat as a border line and of its value; None where that is no page."""
    page, spread = _value_of(border)
    is_page = np.abs(image - page) <= spread
    rows = _lines_between(is_page.mean(axis=1) >= FLAT_SHARE)
    if rows.stop - rows.start < MIN_PICTURE_PX:
        return None
    columns = _lines_between(is_page[rows].mean(axis=0) >= FLAT_SHARE)
    picture = Box(columns.start, rows.start, columns.stop, rows.stop)
    whole = Box(0, 0, image.shape[1], image.shape[0])
    around = whole.area - picture.area
    if not around or picture.width < MIN_PICTURE_PX or picture.area < MIN_PICTURE_SHARE * whole.area:
        return None
    held = np.count_nonzero(is_page[picture.slices])
    if held > MAX_SHARE_INSIDE * picture.area:
        return None
    if np.count_nonzero(is_page) - held < (1 - MAX_SHARE_OUTSIDE) * around:
        return None
    inside = image[picture.slices]
    (own, own_spread), reach = _value_of(inside), float(np.percentile(np.abs(inside - page), 95))
    if abs(own - page) < MIN_DISTANCE * reach or spread > min(MAX_SPREAD * reach, own_spread):
        return None
    trimmed = Box(
        picture.x0 + (picture.x0 > 0),
        picture.y0 + (picture.y0 > 0),
        picture.x1 - (picture.x1 < whole.x1),
        picture.y1 - (picture.y1 < whole.y1),
    )
    inside = image[trimmed.slices]
    lines = {"x0": inside[:, 0], "y0": inside[0], "x1": inside[:, -1], "y1": inside[-1]}
    cut = [line for edge, line in lines.items() if getattr(trimmed, edge) != getattr(whole, edge)]
    return trimmed if all(_begins_at(line, page, spread, own) for line in cut) else None


def _begins_at(line: NDArray[np.float32], page: float, spread: float, own: float) -> bool:
    """True where a line is a picture's, not the page fading into it: it is less even than the page, or far from it."""
    value, its_spread = _value_of(line)
    return its_spread > spread or abs(value - own) < abs(value - page)


def _value_of(pixels: NDArray[np.float32]) -> tuple[float, float]:
    """The median, and how far from it the values lie that still count as it."""
    value = float(np.median(pixels))
    return value, 2 * float(np.percentile(np.abs(pixels - value), 100 * FLAT_SHARE))


def _lines_between(is_flat: NDArray[np.bool_]) -> slice:
    """From the first to the last long run of lines that are not flat; the short ones are captions on the page."""
    held = ~is_flat | ndimage.binary_closing(~is_flat, np.ones(MAX_BAD_LINES + 1, dtype=bool))
    steps = np.flatnonzero(np.diff(np.concatenate([[False], held, [False]])))
    starts, ends = steps[::2], steps[1::2]
    if not starts.size:
        return slice(0, 0)
    lengths = ends - starts
    long = np.flatnonzero(lengths >= MIN_LONG * lengths.max())
    return slice(int(starts[long[0]]), int(ends[long[-1]]))
