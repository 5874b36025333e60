"""How far chromosomes rise above the background, and on which side of it they lie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .grey_background import ranked_in_window

SMOOTHING_PX = 1.0
"""Standard deviation of the Gaussian that pixels are smoothed with before they are measured."""


def edge_level(risen: Sequence[NDArray[np.float32]], marks: Sequence[NDArray[np.bool_] | None]) -> float:
    """The typical grey level of chromosome edges above the background, 0 where there are none.

    It is the median grey value weighted by the squared gradient: chromosomes have more outline for their area than
    nuclei or glow, so they decide, at any magnification.

    Parameters
    ----------
    risen
        Grey values above the background in one or several parts of a slide.
    marks
        For each of them, which pixels do not count; None for none.
    """
    outlines = [
        outline(part) if marked is None else np.where(marked, np.float32(0), outline(part))
        for part, marked in zip(risen, marks, strict=True)
    ]
    weights = np.concatenate([each.ravel() for each in outlines])
    return max(0.0, weighted_median(np.concatenate([part.ravel() for part in risen]), weights))


def weighted_median(values: NDArray[np.float32], weights: NDArray[np.float32]) -> float:
    """The value that half of the weight lies below, 0 where there is no weight.

    Parameters
    ----------
    values, weights
        float32, shape (N,).
    """
    with np.errstate(over="ignore"):
        total = float(weights.sum())
    if not np.isfinite(total) or total <= 0:
        return 0.0
    order = np.argsort(values)
    running = np.cumsum(weights[order])
    return float(values[order[int(np.searchsorted(running, total / 2))]])


def outline(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much outline there is at each pixel: the squared gradient."""
    with np.errstate(over="ignore"):  # unlikely real numbers
        return np.square(np.gradient(grey)).sum(axis=0)


def energy_on_both_sides(view: NDArray[np.float32]) -> tuple[float, float]:
    """How far grey values reach above and below the background: mean squares of both sides.

    The light is levelled first with a wide median, so that a shaded corner is not taken for stain.

    Parameters
    ----------
    view
        float32, shape (rows, columns), smoothed.
    """
    coarse = view[:: max(1, view.shape[0] // 64), :: max(1, view.shape[1] // 64)]
    levelled = coarse - ranked_in_window(coarse, max(3, max(coarse.shape) // 2), 0.5)
    centre = float(np.median(levelled))
    above = np.clip(levelled - centre, 0, None)
    below = np.clip(centre - levelled, 0, None)
    with np.errstate(over="ignore"):  # unlikely real numbers
        return float(np.square(above).mean()), float(np.square(below).mean())
