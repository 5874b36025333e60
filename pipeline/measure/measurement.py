"""Measures chromosomes on their masks and on the slide's own grey values. Definitions: docs/measurements.md."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.box import Box
from ...core.grid_index import GridIndex
from ...core.mask import EIGHT_CONNECTED, PlacedMask, any_within
from ..records import Chromosome, SplitRecord
from ..slide.slide import Slide
from .medial_axis import constriction_of, medial_axis, medial_length

AROUND_PX = 12
"""How far around a chromosome's box its background is looked for."""
CLEAR_PX = 2
"""Pixels so near to a chromosome are glow and not background."""
MIN_BACKGROUND_PX = 40


@dataclass(frozen=True)
class Measurement:
    """One chromosome, measured."""

    centroid_x: float
    """Mean column of its pixels, in slide pixels."""
    centroid_y: float
    """Mean row of its pixels, in slide pixels."""
    length_px: float
    """Along the medial axis, tip to tip."""
    width_px: float
    """Area over length."""
    orientation_deg: float
    """Of the long axis, counter-clockwise from the rows' direction, 0 <= angle < 180."""
    mean_intensity: float
    """Mean grey value under the mask, as in the file."""
    integrated_intensity: float
    """Sum of the grey values under the mask, as in the file."""
    background: float | None = None
    """Median grey value around the chromosome; None where too little background is near."""
    net_intensity: float | None = None
    """Sum over its pixels of how far they lie from the background on the chromosomes' side; None without it."""
    arm_ratio: float | None = None
    """Long arm over short arm, 1 or more; None where no clear constriction is found."""
    centromere_x: float | None = None
    """Column of the constriction between the arms, in slide pixels; None without one."""
    centromere_y: float | None = None
    """Row of the constriction between the arms, in slide pixels; None without one."""


@dataclass(frozen=True)
class Micrometres:
    """Sizes of one chromosome in micrometres; None where the slide has no pixel size."""

    area_um2: float | None = None
    length_um: float | None = None
    width_um: float | None = None


def in_micrometres(chromosome: Chromosome, measured: Measurement, pixel_size_um: float | None) -> Micrometres:
    """A chromosome's sizes with the slide's pixel size, micrometres a pixel.

    Parameters
    ----------
    chromosome
        What is measured.
    measured
        Its measurements in pixels.
    pixel_size_um
        Micrometres a pixel; None where it is not known.
    """
    if pixel_size_um is None:
        return Micrometres()
    return Micrometres(
        chromosome.area_px * pixel_size_um**2, measured.length_px * pixel_size_um, measured.width_px * pixel_size_um
    )


def measure_all(result: SplitRecord, slide: Slide) -> list[Measurement]:
    """Measure every chromosome of a result on its slide.

    Parameters
    ----------
    result
        What was found on the slide.
    slide
        The open slide.
    """
    return list(_measured(result, slide))


def _measured(result: SplitRecord, slide: Slide) -> Iterator[Measurement]:
    masks = [chromosome.placed for chromosome in result.chromosomes]
    cells = GridIndex.of(placed.box for placed in masks)
    sign = 1 if result.normalisation.polarity == "bright" else -1
    for chromosome in result.chromosomes:
        window = chromosome.box_slide.grow(AROUND_PX).clip(result.shape)
        near = [masks[index] for index in sorted(cells.near(window))]
        yield measure_chromosome(chromosome, slide.read(window), window, near, sign)


def measure_chromosome(
    chromosome: Chromosome, grey: NDArray[np.float32], window: Box, near: Sequence[PlacedMask], sign: int = 1
) -> Measurement:
    """Measure one chromosome.

    Parameters
    ----------
    grey
        The slide's values at `window`, which holds the chromosome's box.
    near
        All masks there, its own among them.
    sign
        1 for bright chromosomes, -1 for dark ones.
    """
    mask, box = chromosome.mask, chromosome.box_slide
    rows, columns = np.nonzero(mask)
    values = grey[box.shift(-window.x0, -window.y0).slices][mask]
    background = _background(grey, window, near)
    axis = medial_axis(mask)
    centromere = constriction_of(axis) if axis is not None else None
    length = axis.length if axis is not None else medial_length(mask)
    return Measurement(
        centroid_x=float(columns.mean()) + box.x0,
        centroid_y=float(rows.mean()) + box.y0,
        length_px=length,
        width_px=chromosome.area_px / length,
        orientation_deg=orientation(mask),
        mean_intensity=float(values.mean()),
        integrated_intensity=float(values.sum(dtype=np.float64)),
        background=background,
        net_intensity=None if background is None else float((sign * (values.astype(np.float64) - background)).sum()),
        arm_ratio=centromere.arm_ratio if centromere else None,
        centromere_x=centromere.column + box.x0 if centromere else None,
        centromere_y=centromere.row + box.y0 if centromere else None,
    )


def _background(grey: NDArray[np.float32], window: Box, near: Sequence[PlacedMask]) -> float | None:
    """The median of what no chromosome is near to; None where that is too little."""
    taken = any_within(near, window.grow(CLEAR_PX))
    close = ndimage.binary_dilation(taken, structure=EIGHT_CONNECTED, iterations=CLEAR_PX)
    free = grey[~close[CLEAR_PX:-CLEAR_PX, CLEAR_PX:-CLEAR_PX]]
    return float(np.median(free)) if free.size >= MIN_BACKGROUND_PX else None


def elongation(mask: NDArray[np.bool_]) -> float:
    """The standard deviation of a mask's pixels along its long axis over that across it; 1 for a circle."""
    points = np.argwhere(mask).astype(float)
    if len(points) < 3:
        return 1.0
    small, large = np.linalg.eigvalsh(np.cov(points.T))
    return float(np.sqrt(large / max(small, 1e-6)))


def orientation(mask: NDArray[np.bool_]) -> float:
    """Angle of the long axis in degrees, counter-clockwise from the direction of the rows, 0 <= angle < 180."""
    rows, columns = np.nonzero(mask)
    if rows.size < 2:
        return 0.0
    covariance = np.cov(np.stack([columns, -rows]).astype(float))
    angle = 0.5 * math.atan2(2 * covariance[0, 1], covariance[0, 0] - covariance[1, 1])
    return math.degrees(angle) % 180
