"""Half-open rectangles of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, order=True)
class Box:
    """A half-open rectangle of pixels: columns x0 <= x < x1, rows y0 <= y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def width(self) -> int:
        """Columns, in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        """Rows, in pixels."""
        return self.y1 - self.y0

    @property
    def long_side(self) -> int:
        """The longer of width and height, in pixels."""
        return max(self.width, self.height)

    @property
    def area(self) -> int:
        """Pixels inside; 0 for an empty box."""
        return max(0, self.width) * max(0, self.height)

    @property
    def is_empty(self) -> bool:
        """True where no pixel lies inside."""
        return self.width <= 0 or self.height <= 0

    @property
    def edges(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1."""
        return self.x0, self.y0, self.x1, self.y1

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns), to index an array that starts at the origin of this box's space."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    def intersect(self, other: Box) -> Box:
        """The pixels of both; may be empty."""
        return Box(max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1), min(self.y1, other.y1))

    def enclose(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    def shift(self, dx: int, dy: int) -> Box:
        """The box moved by dx columns and dy rows.

        Parameters
        ----------
        dx
            Columns.
        dy
            Rows.
        """
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def grow(self, margin: int) -> Box:
        """The box with `margin` more pixels on each side."""
        return Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def clip(self, shape: tuple[int, int]) -> Box:
        """The part inside an image of (rows, columns)."""
        return self.intersect(Box(0, 0, shape[1], shape[0]))

    def holds(self, row: float, column: float) -> bool:
        """True where a point lies inside.

        Parameters
        ----------
        row, column
            Of the point, in the pixels of the box's space.
        """
        return self.y0 <= row < self.y1 and self.x0 <= column < self.x1

    def touches_edge_of(self, shape: tuple[int, int]) -> bool:
        """True where the box reaches the first or last row or column of an image of (rows, columns)."""
        return self.reaches_rim_of(Box(0, 0, shape[1], shape[0]))

    def reaches_rim_of(self, other: Box) -> bool:
        """True where the box reaches the first or last row or column of another, or beyond."""
        return self.x0 <= other.x0 or self.y0 <= other.y0 or self.x1 >= other.x1 or self.y1 >= other.y1

    def iou(self, other: Box) -> float:
        """Intersection over union of the two rectangles, 0..1."""
        shared = self.intersect(other).area
        total = self.area + other.area - shared
        return shared / total if total else 0.0


def bounding_box(mask: NDArray[np.bool_]) -> Box | None:
    """The smallest box around the true pixels of a (rows, columns) mask, or None where there are none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return None
    columns = np.flatnonzero(mask.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
