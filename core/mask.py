"""Masks that know their place: a box and the pixels inside it, never a whole slide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .box import Box, bounding_box

EIGHT_CONNECTED = np.ones((3, 3), dtype=bool)
"""Pixels that share a side or a corner belong together."""


@dataclass(frozen=True, eq=False)
class PlacedMask:
    """A mask and where it lies."""

    box: Box
    """The rectangle that `mask` fills, in the pixels of the image that it belongs to."""
    mask: NDArray[np.bool_]
    """bool, shape (box.height, box.width)."""

    def __post_init__(self) -> None:
        if self.mask.shape != (self.box.height, self.box.width):
            raise ValueError(f"a mask of {self.mask.shape} does not fill {self.box}")

    @staticmethod
    def from_dense(mask: NDArray[np.bool_], origin: tuple[int, int] = (0, 0)) -> PlacedMask | None:
        """Trim a (rows, columns) mask whose first pixel lies at `origin` (row, column); None if empty.

        Parameters
        ----------
        mask
            bool, shape (rows, columns).
        origin
            (row, column) of its first pixel.
        """
        box = bounding_box(mask)
        if box is None:
            return None
        return PlacedMask(box.shift(origin[1], origin[0]), np.ascontiguousarray(mask[box.slices]))

    @property
    def area(self) -> int:
        """True pixels."""
        return int(np.count_nonzero(self.mask))

    def within(self, box: Box) -> NDArray[np.bool_]:
        """The mask as seen through `box`: bool, shape (box.height, box.width)."""
        out = np.zeros((box.height, box.width), dtype=bool)
        shared = self.box.intersect(box)
        if not shared.is_empty:
            out[shared.shift(-box.x0, -box.y0).slices] = self.mask[shared.shift(-self.box.x0, -self.box.y0).slices]
        return out

    def grown(self) -> PlacedMask:
        """The mask and every pixel that touches it (8-connected)."""
        wide = self.box.grow(1)
        return PlacedMask(wide, ndimage.binary_dilation(self.within(wide), structure=EIGHT_CONNECTED))

    def shift(self, dx: int, dy: int) -> PlacedMask:
        """The same mask, dx columns and dy rows further."""
        return PlacedMask(self.box.shift(dx, dy), self.mask)


def intersection_area(a: PlacedMask, b: PlacedMask) -> int:
    """Pixels in both masks.

    Parameters
    ----------
    a, b
        In the pixels of one image.
    """
    shared = a.box.intersect(b.box)
    if shared.is_empty:
        return 0
    return int(np.count_nonzero(a.within(shared) & b.within(shared)))


def iou(a: PlacedMask, b: PlacedMask) -> float:
    """Intersection over union, 0..1; 0 for two empty masks.

    Parameters
    ----------
    a, b
        In the pixels of one image.
    """
    shared = intersection_area(a, b)
    total = a.area + b.area - shared
    return shared / total if total else 0.0


def overlap_of_smaller(a: PlacedMask, b: PlacedMask) -> float:
    """Intersection over the smaller mask, 0..1: 1 where one lies inside the other.

    Parameters
    ----------
    a, b
        In the pixels of one image.
    """
    smaller = min(a.area, b.area)
    return intersection_area(a, b) / smaller if smaller else 0.0


def union(masks: Sequence[PlacedMask]) -> PlacedMask:
    """The pixels of any of the masks, as one.

    Raises
    ------
    ValueError
        For an empty sequence.
    """
    if not masks:
        raise ValueError("the union of no masks has no place")
    box = masks[0].box
    for placed in masks[1:]:
        box = box.enclose(placed.box)
    return PlacedMask(box, any_within(masks, box))


def any_within(masks: Iterable[PlacedMask], box: Box) -> NDArray[np.bool_]:
    """The pixels of any of the masks as seen through `box`: bool, shape (box.height, box.width).

    Parameters
    ----------
    masks
        In the pixels of one image.
    box
        The part of that image that is looked at.
    """
    pixels = np.zeros((box.height, box.width), dtype=bool)
    for placed in masks:
        pixels |= placed.within(box)
    return pixels


def count_masks(masks: Sequence[PlacedMask], shape: tuple[int, int]) -> NDArray[np.int32]:
    """How many masks lie over each pixel: int32, shape (rows, columns).

    Parameters
    ----------
    masks
        In the image's pixels.
    shape
        (rows, columns) of the image.
    """
    counts = np.zeros(shape, dtype=np.int32)
    for placed in masks:
        shared = placed.box.clip(shape)
        if not shared.is_empty:
            counts[shared.slices] += placed.within(shared)
    return counts
