"""A slide whose chromosomes are known by boxes only, whatever format they came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.box import Box
from ..core.errors import TruthError

MAX_OUTSIDE_PX = 3
"""Loose boxes of chromosomes at the image's edge reach beyond it by so much; they are clipped."""


@dataclass(frozen=True, eq=False)
class BoxedSlide:
    """A slide and a box for each of its chromosomes."""

    name: str
    """The slide's file name without its ending."""
    image_path: Path
    """The slide's file."""
    shape: tuple[int, int]
    """(rows, columns)."""
    boxes: tuple[Box, ...]
    """One box a chromosome, in slide pixels."""


def checked_box(edges: tuple[int, int, int, int], shape: tuple[int, int], where: str) -> Box:
    """Make a box of truth, clipped to its image where it is a little loose.

    Parameters
    ----------
    edges
        x0, y0, x1, y1, half-open, in pixels.
    shape
        (rows, columns) of the image.
    where
        What an error names: the file and the row or object.

    Raises
    ------
    TruthError
        Where the box is empty or reaches more than 3 px beyond its image.
    """
    box = Box(*edges)
    image = Box(0, 0, shape[1], shape[0])
    if box.is_empty or image.grow(MAX_OUTSIDE_PX).intersect(box) != box:
        raise TruthError(
            f"{where}: the box {edges} (x0, y0, x1, y1) is empty or lies outside its image of {shape[0]} rows and "
            f"{shape[1]} columns"
        )
    return box.clip(shape)
