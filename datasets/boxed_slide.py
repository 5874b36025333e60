"""A slide whose chromosomes are known by boxes only, whatever format they came from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

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


def image_shape(path: Path, where: str) -> tuple[int, int]:
    """Look up (rows, columns) of an image, without decoding it.

    Parameters
    ----------
    path
        Of the image.
    where
        What an error names: the file and the row that name the image.

    Raises
    ------
    TruthError
        Where there is no such image, or it cannot be read.
    """
    try:
        with Image.open(path) as opened:
            return opened.height, opened.width
    except FileNotFoundError:
        raise TruthError(f"{where}: there is no image {path}") from None
    except Exception as problem:  # pillow's plugins raise what they like
        raise TruthError(f"{where}: {path} is not an image that can be read") from problem


def text_of(path: Path) -> str:
    """Read a table or a list of boxes, with or without the mark that spreadsheets begin UTF-8 with.

    Raises
    ------
    TruthError
        Where it is no text in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise TruthError(f"{path} cannot be read as UTF-8: {problem}: save it as text in UTF-8") from problem
    if "\0" in text:
        raise TruthError(f"{path} holds zero bytes: save it as text in UTF-8")
    return text


def pixels(values: Iterable[float], where: str) -> tuple[int, int, int, int]:
    """Round the four edges of a box.

    Raises
    ------
    TruthError
        Where one is not a finite number.
    """
    edges = tuple(values)
    if len(edges) != 4 or not all(math.isfinite(edge) for edge in edges):
        raise TruthError(f"{where}: its box {edges} is not four finite numbers")
    x0, y0, x1, y1 = (round(edge) for edge in edges)
    return x0, y0, x1, y1


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
