"""chromosomes/: one TIFF per chromosome, cut out of the slide, its neighbours masked out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

from ...core.atomic import write_folder
from ...core.box import bounding_box
from ..measure.measurement import Measurement
from ..records import Chromosome, SplitRecord
from ..slide.slide import Slide
from .names import name_of

MARGIN_PX = 4
"""Pixels of background around a chromosome."""


def write_cutouts(
    result: SplitRecord, measurements: Sequence[Measurement], slide: Slide, folder: Path, upright: bool = False
) -> None:
    """Write a square float32 TIFF per chromosome to a folder; what is not the chromosome's is its background level.

    An earlier folder is replaced once the new one is whole.

    Parameters
    ----------
    upright
        Turn each so that its long axis is vertical and, where the centromere is known, its short arm up.

    Raises
    ------
    OutputError
        Where they cannot be written.
    """

    def write(part: Path) -> None:
        for chromosome, measured in zip(result.chromosomes, measurements, strict=True):
            piece = (_squared if upright else square_cutout)(chromosome, measured, slide)
            tifffile.imwrite(part / f"{name_of(chromosome)}.tif", piece.pixels, metadata={"axes": "YX"})

    write_folder(folder, write)


@dataclass(frozen=True, eq=False)
class Cutout:
    """A chromosome by itself."""

    pixels: NDArray[np.float32]
    """float32, grey values as in the file."""
    mask: NDArray[np.bool_]
    """bool, the same shape."""


def square_cutout(chromosome: Chromosome, measured: Measurement, slide: Slide, room: float = 1.0) -> Cutout:
    """A chromosome in the middle of a square, on its background level. room: side of the square over the long side."""
    box = chromosome.box_slide
    grey = slide.read(box)
    fill = measured.background if measured.background is not None else float(grey.min())
    side = math.ceil(box.long_side * room) + 2 * MARGIN_PX
    square, mask = np.full((side, side), fill, dtype=np.float32), np.zeros((side, side), dtype=bool)
    top, left = (side - box.height) // 2, (side - box.width) // 2
    inside = (slice(top, top + box.height), slice(left, left + box.width))
    square[inside] = np.where(chromosome.mask, grey, fill)
    mask[inside] = chromosome.mask
    return Cutout(square, mask)


def upright_cutout(chromosome: Chromosome, measured: Measurement, slide: Slide) -> Cutout:
    """The chromosome turned so that its long axis is vertical and, where the centromere is known, its short arm up."""
    square = square_cutout(chromosome, measured, slide, room=math.sqrt(2))
    angle = 90 - measured.orientation_deg + (180 if _stands_on_its_head(measured) else 0)
    fill = float(square.pixels[0, 0])
    pixels = ndimage.rotate(square.pixels, angle, reshape=False, order=1, cval=fill)
    turned = ndimage.rotate(square.mask.astype(np.float32), angle, reshape=False, order=1) > 0.5
    box = bounding_box(turned)
    if box is None:
        return square
    kept = box.grow(MARGIN_PX).clip((turned.shape[0], turned.shape[1])).slices
    return Cutout(np.ascontiguousarray(pixels[kept]), turned[kept])


def _squared(chromosome: Chromosome, measured: Measurement, slide: Slide) -> Cutout:
    """The upright piece in the middle of a square."""
    piece = upright_cutout(chromosome, measured, slide)
    side = max(piece.mask.shape)
    around = [((side - own) // 2, side - own - (side - own) // 2) for own in piece.mask.shape]
    fill = float(piece.pixels[0, 0])
    return Cutout(np.pad(piece.pixels, around, constant_values=fill), np.pad(piece.mask, around))


def _stands_on_its_head(measured: Measurement) -> bool:
    """True where the centromere, which is nearer to the short arm's tip, would come to lie below the middle."""
    if measured.centromere_x is None or measured.centromere_y is None:
        return False
    angle = math.radians(measured.orientation_deg)
    dx, dy = measured.centromere_x - measured.centroid_x, measured.centroid_y - measured.centromere_y
    return dx * math.cos(angle) + dy * math.sin(angle) < 0
