"""A labelled image of two chromosomes that overlap, as the segmenter's training sees it."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

from ...core.box import Box, bounding_box
from ...core.grey_scale import BODY_LEVEL, MAX_LEVEL
from ..conditional import CROP_SIDE
from .scene import Scene, scene_of

OVERLAP = 3


def pair_scene(grey: NDArray[np.floating], labels: NDArray[np.uint8], augmented: bool) -> Scene | None:
    """A pair as it is.

    Parameters
    ----------
    grey
        Shape (88, 88), normalised.
    labels
        uint8, the same shape: 0 background, 1 and 2 the chromosomes' own parts, 3 overlap.
    augmented
        Whether its grey values may be augmented.

    Returns
    -------
    Scene or None
        None where no chromosome can be asked about.
    """
    both = np.stack([whole(labels, chromosome) for chromosome in (1, 2)])
    return scene_of(grey.astype(np.float32), both, len(both), augmented)


def moved_pair_scene(
    grey: NDArray[np.floating], labels: NDArray[np.uint8], augmented: float, rng: Generator
) -> Scene | None:
    """A pair turned by right angles, mirrored and moved: never resampled, so that its outlines stay exact.

    Parameters
    ----------
    grey, labels
        As for `pair_scene`.
    augmented
        How often its grey values may be augmented. The sum of two chromosomes' grey values says exactly where they
        overlap, and an augmented pair no longer says so.
    rng
        For all that is random.

    Returns
    -------
    Scene or None
        None where no chromosome can be asked about.
    """
    if rng.random() < 0.5:
        grey, labels = grey[:, ::-1], labels[:, ::-1]
    turns = int(rng.integers(4))
    grey, labels = np.rot90(grey, turns), np.rot90(labels, turns)
    box = bounding_box(labels > 0) or Box(0, 0, CROP_SIDE, CROP_SIDE)
    move = (int(rng.integers(-box.y0, CROP_SIDE - box.y1 + 1)), int(rng.integers(-box.x0, CROP_SIDE - box.x1 + 1)))
    return pair_scene(np.roll(grey, move, (0, 1)), np.roll(labels, move, (0, 1)), bool(rng.random() < augmented))


def normalised(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Images of pairs on the grey scale of slides: background 0, chromosomes near 0.7; float32 of the same shape.

    Parameters
    ----------
    grey
        uint8, shape (N, rows, columns), bright chromosomes; each image is measured by itself (threshold after Otsu,
        1979).
    """
    out = np.zeros(grey.shape, dtype=np.float32)
    for image, scaled in zip(grey, out, strict=True):
        threshold = threshold_otsu(image)
        bright = image[image > threshold]
        background = float(np.median(image[image <= threshold]))
        if bright.size:
            scaled[:] = (image - background) * (BODY_LEVEL / max(1.0, float(np.median(bright)) - background))
    return np.clip(out, 0, MAX_LEVEL)


def whole(labels: NDArray[np.integer], chromosome: int) -> NDArray[np.bool_]:
    """The whole of chromosome 1 or 2: its own part and the overlap."""
    return (labels == chromosome) | (labels == OVERLAP)
