"""Why a grey threshold does not find overlaps: intensities of single and overlapping regions, and the best threshold.

After the published study of overlapping pairs, which shows that the two intensity histograms overlap too far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GREY_LEVELS = 256


@dataclass(frozen=True, eq=False)
class IntensityAnalysis:
    """Grey values of single regions (labels 1 and 2) and of overlaps (label 3)."""

    single: NDArray[np.int64]
    """int64, shape (256,): pixels of single regions by grey value."""
    overlap: NDArray[np.int64]
    """int64, shape (256,): pixels of overlaps by grey value."""
    threshold: int
    """The grey value from which a pixel is best called an overlap."""
    iou: float
    """IOU of the overlap at that threshold, pooled over all pairs."""
    accuracy: float
    """Share of all chromosome pixels on the right side of it."""
    commonest: float
    """That share where every pixel is called single."""
    curve: NDArray[np.float64]
    """float64, shape (256,): IOU of the overlap at each threshold."""
    shared_area: float
    """Area that both histograms, each of area 1, have in common, 0..1."""


def analyse(grey: NDArray[np.uint8], labels: NDArray[np.uint8]) -> IntensityAnalysis:
    """Histograms of a set, and the single threshold with the highest IOU of the overlap among chromosome pixels.

    Parameters
    ----------
    grey, labels
        (N, 88, 88).

    Raises
    ------
    ValueError
        Where no pixel is an overlap or none is single.
    """
    single = np.bincount(grey[(labels == 1) | (labels == 2)], minlength=GREY_LEVELS)
    overlap = np.bincount(grey[labels == 3], minlength=GREY_LEVELS)
    if not single.sum() or not overlap.sum():
        raise ValueError("the set needs pixels of single chromosomes and of overlaps")
    caught = overlap[::-1].cumsum()[::-1]  # overlap pixels at or above each grey value
    wrong = single[::-1].cumsum()[::-1]
    curve = caught / (overlap.sum() + wrong)
    best = int(np.argmax(curve))
    every = single.sum() + overlap.sum()
    return IntensityAnalysis(
        single=single,
        overlap=overlap,
        threshold=best,
        iou=float(curve[best]),
        accuracy=float((caught[best] + single.sum() - wrong[best]) / every),
        commonest=float(single.sum() / every),
        curve=curve,
        shared_area=float(np.minimum(single / single.sum(), overlap / overlap.sum()).sum()),
    )
