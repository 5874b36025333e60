"""Overlapping pairs made from the lone chromosomes of slides, as the published set was made from one cell's.

Source: Pommier's set in Hu, Karnowski, Fadely, Pommier: Image segmentation to distinguish between overlapping human
chromosomes, NIPS workshop on machine learning for health, 2017: two cut-out chromosomes, turned and moved until they
overlap; the grey values of the overlap are added.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from ..segmenter.conditional import CROP_SIDE
from ..segmenter.training.scene import TrainingSlide
from ..segmenter.training.synthetic_clusters import CANVAS_SIDE, lifted, shifted

BODY_GREY = 110.0
"""Grey value, of 255, of a chromosome's body: where two lie on each other some pixels are clipped, as in the set."""
OUTLINE = (0.05, 0.3)
"""Normalised value below which a pixel within the true outline, which is a pixel loose, is not the chromosome's."""
MIN_SHARED, MAX_SHARED = 0.01, 0.95
"""Overlap, as a share of the smaller chromosome."""
MIN_CHROMOSOME_PX = 30
PROBED_SHARE = 0.3
"""Share of the images whose chromosomes carry the bright spots of a probe; in the set all telomeres do."""
MAX_TRIES = 20


def make_pair(slide: TrainingSlide, rng: Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """An image of two lone chromosomes of a slide that overlap, and its labels: both uint8, shape (88, 88).

    Parameters
    ----------
    slide
        With at least two lone chromosomes.

    Returns
    -------
    tuple[ndarray, ndarray] or None
        None where they cannot be laid on each other within the image.
    """
    first, second = (int(i) for i in rng.choice(slide.lone, 2, replace=False))
    zoom = slide.length_px / 36 * math.exp(rng.normal(0, 0.2))
    below, above = (lifted(slide, i, rng.uniform(0, 2 * math.pi), zoom, rng) for i in (first, second))
    outline = rng.uniform(*OUTLINE)
    masks = [mask & (grey > outline) for grey, mask in (below, above)]
    if min(mask.sum() for mask in masks) < MIN_CHROMOSOME_PX:
        return None
    theirs, mine = np.argwhere(masks[0]), np.argwhere(masks[1])
    for _ in range(MAX_TRIES):
        move = theirs[int(rng.integers(len(theirs)))] - mine[int(rng.integers(len(mine)))]
        moved = shifted(masks[1], move)
        shared = np.count_nonzero(masks[0] & moved) / min(len(theirs), len(mine))
        if MIN_SHARED <= shared <= MAX_SHARED:
            break
    else:
        return None
    labels = masks[0] + 2 * moved.astype(np.uint8)
    total = below[0] * masks[0] + shifted(above[0], move) * moved
    if rng.random() < PROBED_SHARE:
        total = total + _spots(labels > 0, rng)
    grey = np.clip(total * (BODY_GREY / 0.7), 0, 255)
    places = np.argwhere(labels)
    top = np.clip((places.min(axis=0) + places.max(axis=0) + 1 - CROP_SIDE) // 2, 0, CANVAS_SIDE - CROP_SIDE)
    view = (slice(top[0], top[0] + CROP_SIDE), slice(top[1], top[1] + CROP_SIDE))
    return grey[view].astype(np.uint8), labels[view].astype(np.uint8)


def _spots(pair: NDArray[np.bool_], rng: Generator) -> NDArray[np.floating]:
    """Up to ten bright spots of a probe, each within the pair."""
    places = np.argwhere(pair)
    spots = np.zeros(pair.shape)
    for row, column in places[rng.integers(len(places), size=int(rng.integers(2, 11)))]:
        spots[row, column] = rng.uniform(2, 8)
    return ndimage.gaussian_filter(spots, rng.uniform(0.5, 1.0)) * pair
