"""Pixels that show nothing under the microscope: hot ones, and marks that were burnt into the picture.

A hot pixel is thirty times as bright as a chromosome, a scale bar at 65535 on a 12-bit picture too. A few of them would
settle polarity and contrast, which weigh pixels by the square of their values. Two things tell them from all that a
lens draws: they lie much further from the background than chromosomes do, and they do so at once, from one pixel to the
next, where a lens takes several. How far chromosomes lie is measured where nothing changes at once, so that what is
sought has no say in it. An ordinary slide has no such pixels, and all its values stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .grey_level import SMOOTHING_PX, outline, weighted_median

FARTHEST = 8.0
"""In chromosome levels: nothing that belongs to the picture lies further from the background. On 174 slides of three
stains the brightest nuclei reach 5.4, the camera's own weak hot pixel 7.4."""
STEEPEST = 4.0
"""In chromosome levels: the largest difference between neighbours. On the same slides it is 1.5, and 3.1 at printed
text."""
SPECK, MANY_SPECKS = 1.0, 0.0005
"""Where more than this share of a slide's pixels differ so many levels from those around them, they are replaced. On
the same slides it is a fifth of that share, at most."""
SPECK_NOISE = 6.0
"""Standard deviations of the noise that a speck differs by at least."""
AT_ONCE = 0.5
"""A step between neighbours of at least this share of the height of what is near it is no lens's."""
STEP_NOISE = 10.0
"""Standard deviations of the noise that such a step has at least."""
MIN_LEVEL_NOISE = 3.0
"""Standard deviations of the noise: a lower level is that of noise, not of chromosomes. Noise alone has 0.7."""
NEAR_PX = 2
"""What lies so near is as high as a step between neighbours there could be."""
BLUR_PX = 6
"""Beyond the last pixel of the Gaussian and the gradient no step is felt, however high."""
OTHER_SIDE = 1.5
"""In chromosome levels: nothing of the picture lies further on the side of the background where chromosomes do not.
Glints between chromosomes in bright field reach 1.3."""
STEEP_RIM = 0.5
"""Share of a mark's outermost pixels that rise at once. A bright nucleus has a soft rim: without it, its halo would be
left as a ring that looks like a chromosome."""
FRINGE_PX = 2
"""How far around a mark its half-tones reach."""
SMOOTHED_NOISE_STEP = 0.66
"""Standard deviation of the difference of neighbours, in those of the noise itself, after the smoothing."""
TO_SIGMA = 1.4826
"""Standard deviation of normal values with a median magnitude of 1."""


@dataclass(frozen=True)
class Limits:
    """What the picture of a slide cannot exceed."""

    centre: float = 0.0
    """The commonest grey value, about that of the background."""
    reach: float = math.inf
    """No pixel of the picture differs more from `centre`."""
    other_side: float = math.inf
    """No pixel of the picture lies further from the background on the side where chromosomes do not."""
    step: float = math.inf
    """No neighbouring pixels of the picture differ more from each other."""
    speck: float = math.inf
    """No single pixel, row or column of the picture differs more from the median of 3 x 3 px around it."""

    @property
    def many_specks(self) -> bool:
        """True where so many pixels stand out that even weak ones are taken for specks."""
        return self.speck < self.reach

    def reduced(self) -> Limits:
        """Those of a view at reduced size: its pixels are averages, and whatever is small rises at once."""
        return replace(self, step=math.inf, speck=self.reach)


@dataclass(frozen=True, eq=False)
class Picture:
    """A part of a slide, smoothed, and which of its pixels are foreign."""

    smooth: NDArray[np.float32]
    """float32, shape (rows, columns); specks are replaced."""
    marks: NDArray[np.bool_] | None
    """bool, the same shape: foreign pixels and what is smoothed with them; None where there are none."""
    foreign: int
    """How many pixels are foreign."""

    def marks_and(self, others: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
        """`marks` together with other foreign pixels and what is smoothed with them."""
        if not others.any():
            return self.marks
        return _felt(others) if self.marks is None else self.marks | _felt(others)

    def filled(self, value: float) -> NDArray[np.float32]:
        """`smooth` with a value in place of marks."""
        return self.smooth if self.marks is None else np.where(self.marks, np.float32(value), self.smooth)


def find_limits(parts: Sequence[NDArray[np.float32]], centre: float) -> Limits:
    """Measure how high chromosomes rise where nothing rises at once, and what that says of the whole picture.

    Parameters
    ----------
    parts
        float32, each of shape (rows, columns): parts of a slide at full resolution.
    centre
        The slide's commonest grey value.

    Returns
    -------
    Limits
        Infinite ones where no more than noise is left.
    """
    values, weights, noise = [], [], []
    for part in parts:
        median = median_of_nine(part)
        smooth = ndimage.gaussian_filter(median, SMOOTHING_PX)
        noise.append(_noise(smooth) / SMOOTHED_NOISE_STEP)
        weight = np.where(_near_steps(median, centre, STEP_NOISE * noise[-1]), 0, outline(smooth))
        values.append(np.abs(smooth - centre)[::2, ::2].ravel())  # a quarter says as much
        weights.append(weight[::2, ::2].ravel())
    level = weighted_median(np.concatenate(values), np.concatenate(weights))
    if level <= MIN_LEVEL_NOISE * float(np.median(noise)):
        return Limits(centre)
    speck = max(SPECK * level, SPECK_NOISE * float(np.median([_noise(part) for part in parts])) / math.sqrt(2))
    many = sum(int(np.count_nonzero(_specks(part, speck))) for part in parts) > MANY_SPECKS * sum(p.size for p in parts)
    return Limits(centre, FARTHEST * level, OTHER_SIDE * level, STEEPEST * level, speck if many else FARTHEST * level)


def look(grey: NDArray[np.float32], limits: Limits) -> Picture:
    """Smooth a part of a slide and find its foreign pixels.

    Parameters
    ----------
    grey
        float32, shape (rows, columns).
    limits
        What the picture cannot exceed.
    """
    cleaned = despeckled(grey, limits.speck)
    foreign = int(np.count_nonzero(cleaned != grey)) if cleaned is not grey else 0
    smooth = ndimage.gaussian_filter(cleaned, SMOOTHING_PX)
    far = np.abs(cleaned - limits.centre) > limits.reach
    if math.isfinite(limits.step) and float(np.ptp(cleaned)) > limits.step:
        far |= _steepness(median_of_nine(cleaned)) > limits.step
    if not far.any():
        return Picture(smooth, None, foreign)
    return Picture(smooth, _felt(far), foreign + int(np.count_nonzero(far)))


def unmarked(grey: NDArray[np.float32], limits: Limits) -> NDArray[np.float32]:
    """Replace bars, letters and lines that lie beyond all chromosomes by what is next to them: the same array for none.

    Parameters
    ----------
    grey
        float32, shape (rows, columns), without specks.
    limits
        What the picture cannot exceed.
    """
    far = np.abs(grey - limits.centre) > limits.reach
    if not far.any():
        return grey
    pieces, count = ndimage.label(far, np.ones((3, 3)))
    # The region's own border is no rim: what goes on beyond it is judged by what is seen.
    rims = np.where(ndimage.binary_erosion(far, border_value=1), 0, pieces)
    steep = ndimage.mean(_steepness(grey) > limits.step, rims, np.arange(1, count + 1))
    marks = np.concatenate([[False], steep >= STEEP_RIM])[pieces]
    marks = ndimage.maximum_filter(marks, 2 * FRINGE_PX + 1)
    if not marks.any():
        return grey
    if marks.all():
        return np.full_like(grey, limits.centre)
    rows, columns = ndimage.distance_transform_edt(marks, return_distances=False, return_indices=True)
    return grey[rows, columns]


def despeckled(grey: NDArray[np.float32], limit: float) -> NDArray[np.float32]:
    """Replace single pixels, rows and columns that stand out by the median of 3 x 3 px: the same array where none does.

    Parameters
    ----------
    grey
        float32, shape (rows, columns).
    limit
        Grey values that they stand out by, at least.
    """
    if not math.isfinite(limit) or float(np.ptp(grey)) <= limit:  # most regions: the median costs time
        return grey
    median = median_of_nine(grey)
    specks = np.abs(grey - median) > limit
    return np.where(specks, median, grey) if specks.any() else grey


def median_of_nine(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The median of 3 x 3 px around each pixel: float32, the same shape.

    Beyond the border the image is mirrored at its outermost pixels, so that a bad first row is outvoted. Three values
    are ordered down each column first; the median of nine is then the middle one of the largest low, the middle medium
    and the smallest high value of three neighbouring columns. Thirty times as fast as scipy's filter.
    """
    padded = np.pad(grey, 1, mode="reflect")
    above, here, below = padded[:-2], padded[1:-1], padded[2:]
    low, high = np.minimum(above, here), np.maximum(above, here)
    middle = np.maximum(low, np.minimum(high, below))
    low, high = np.minimum(low, below), np.maximum(high, below)
    return _middle(
        np.maximum(np.maximum(low[:, :-2], low[:, 1:-1]), low[:, 2:]),
        _middle(middle[:, :-2], middle[:, 1:-1], middle[:, 2:]),
        np.minimum(np.minimum(high[:, :-2], high[:, 1:-1]), high[:, 2:]),
    )


def _middle(a: NDArray[np.float32], b: NDArray[np.float32], c: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))


def _specks(grey: NDArray[np.float32], limit: float) -> NDArray[np.bool_]:
    return np.abs(grey - median_of_nine(grey)) > limit


def _noise(grey: NDArray[np.float32]) -> float:
    """Standard deviation of the difference of neighbours, where nothing is."""
    return TO_SIGMA * float(np.median(np.abs(np.diff(grey, axis=1)))) if grey.shape[1] > 1 else 0.0


def _steepness(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest difference between each pixel and those above, below, left and right of it."""
    down, right = np.abs(np.diff(grey, axis=0)), np.abs(np.diff(grey, axis=1))
    steepest = np.zeros_like(grey)
    np.maximum(steepest[:-1], down, out=steepest[:-1])
    np.maximum(steepest[1:], down, out=steepest[1:])
    np.maximum(steepest[:, :-1], right, out=steepest[:, :-1])
    np.maximum(steepest[:, 1:], right, out=steepest[:, 1:])
    return steepest


def _near_steps(grey: NDArray[np.float32], centre: float, least: float) -> NDArray[np.bool_]:
    """Where the picture rises at once, and so far around as smoothing carries it."""
    steepness = _steepness(grey)
    height = ndimage.maximum_filter(np.abs(grey - centre), 2 * NEAR_PX + 1)
    at_once = (steepness > AT_ONCE * height) & (steepness > least)
    return _felt(at_once) if at_once.any() else at_once


def _felt(foreign: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels, and all that are smoothed with them."""
    return ndimage.maximum_filter(foreign, 2 * BLUR_PX + 1)
