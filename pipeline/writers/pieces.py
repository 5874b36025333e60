"""chromosomes/: one TIFF per chromosome, cut out of the slide, its neighbours masked out."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

from ...errors import OutputError
from ...geometry import Box
from ..measure import Measurement
from ..result import Chromosome, SplitResult
from ..slide import Slide
from .atomic import PART
from .names import name_of

MARGIN_PX = 4
"""Pixels of background around a chromosome."""


def write_pieces(
    result: SplitResult, measurements: Sequence[Measurement], slide: Slide, folder: Path, upright: bool = False
) -> None:
    """Write a square float32 TIFF per chromosome to a folder; what is not the chromosome's is its background level.

    upright: turn each so that its long axis is vertical and, where the centromere is known, its short arm up.
    Raises OutputError where they cannot be written. An earlier folder is replaced once the new one is whole.
    """
    part = folder.with_name(f"{PART}{folder.name}")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for chromosome, own in zip(result.chromosomes, measurements, strict=True):
            pixels = piece_of(chromosome, own, slide, upright)
            tifffile.imwrite(part / f"{name_of(chromosome)}.tif", pixels, metadata={"axes": "YX"})
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    except OSError as problem:
        raise OutputError(f"{folder} cannot be written: {problem.strerror or problem}") from problem
    finally:
        shutil.rmtree(part, ignore_errors=True)


def piece_of(chromosome: Chromosome, measured: Measurement, slide: Slide, upright: bool = False) -> NDArray[np.float32]:
    """A chromosome alone in a square: float32, (side, side), grey values as in the file."""
    box = chromosome.box_slide
    grey = slide.read(box)
    fill = measured.background if measured.background is not None else float(grey.min())
    side = max(box.width, box.height) + 2 * MARGIN_PX
    if upright:
        side = math.ceil(math.hypot(box.width, box.height)) + 2 * MARGIN_PX
    square = np.full((side, side), fill, dtype=np.float32)
    where = Box((side - box.width) // 2, (side - box.height) // 2, 0, 0)
    inside = (slice(where.y0, where.y0 + box.height), slice(where.x0, where.x0 + box.width))
    square[inside] = np.where(chromosome.mask, grey, fill)
    if not upright:
        return square
    turned = ndimage.rotate(square, 90 - measured.orientation_deg, reshape=False, order=1, cval=fill)
    return turned[::-1, ::-1] if _stands_on_its_head(measured) else turned


def _stands_on_its_head(measured: Measurement) -> bool:
    """True where the centromere, which is nearer to the short arm's tip, would come to lie below the middle."""
    if measured.centromere_x is None or measured.centromere_y is None:
        return False
    angle = math.radians(measured.orientation_deg)
    dx, dy = measured.centromere_x - measured.centroid_x, measured.centroid_y - measured.centromere_y
    return dx * math.cos(angle) + dy * math.sin(angle) < 0
