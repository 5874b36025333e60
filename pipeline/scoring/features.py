"""What is known of a mask: one row of features for each, which the scorer reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import convex_hull_image

from ...core.clusters import cluster_ids, shared_areas
from ...core.mask import PlacedMask, any_within
from .candidate import Candidate

FEATURE_NAMES = (
    "certainty", "support", "certainty x support", "log seeds", "log area", "log width", "log long side",
    "log brightness", "contrast", "box score", "log cluster size", "share overlapped", "solidity", "unresolved", "edge",
    "expected", "quality", "slide quality",
)  # fmt: skip
"""What a row of features holds. Area, width, brightness and contrast are relative to the slide's medians, the long
side to its typical length; the slide's quality is the median of its masks'."""


def mask_features(candidates: Sequence[Candidate], shape: tuple[int, int], length_px: float) -> NDArray[np.float32]:
    """Describe every mask of a slide by itself and beside the others.

    Parameters
    ----------
    candidates
        All masks of one slide.
    shape
        (rows, columns) of the slide.
    length_px
        Typical length of its chromosomes, in pixels.

    Returns
    -------
    ndarray
        float32, shape (len(candidates), 18): one row per mask, its columns as in `FEATURE_NAMES`.
    """
    if not candidates:
        return np.zeros((0, len(FEATURE_NAMES)), dtype=np.float32)
    masks = [c.placed for c in candidates]
    areas = np.array([m.area for m in masks], dtype=float)
    widths = np.array([half_width(m.mask) for m in masks])
    brightness = np.array([max(c.brightness, 1e-3) for c in candidates])
    clusters = cluster_ids(masks)
    sizes = np.bincount(clusters)[clusters]
    quality = np.array([c.quality for c in candidates])
    certainty, support = np.array([c.certainty for c in candidates]), np.array([c.support for c in candidates])
    columns = [
        certainty,
        support,
        certainty * support,
        np.log1p([c.seeds for c in candidates]),
        np.log(areas / np.median(areas)),
        np.log(widths / np.median(widths)),
        np.log([m.box.long_side / length_px for m in masks]),
        np.log(brightness / np.median(brightness)),
        np.array([c.contrast for c in candidates]) / np.median(brightness),
        np.array([c.box_score for c in candidates]),
        np.log(sizes),
        np.array(shared_areas(masks)) / areas,
        areas / np.array([np.count_nonzero(convex_hull_image(m.mask)) for m in masks]),
        np.array([c.unresolved for c in candidates]),
        np.array([m.box.touches_edge_of(shape) for m in masks]),
        np.array([c.expected for c in candidates]),
        quality,
        np.full(len(candidates), np.median(quality)),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def half_width(mask: NDArray[np.bool_]) -> float:
    """Measure the radius of the largest disc that fits into a mask, bool (rows, columns), in pixels."""
    return float(ndimage.distance_transform_edt(np.pad(mask, 1)).max())


def rim_contrast(image: NDArray[np.float32], placed: PlacedMask, others: Sequence[PlacedMask]) -> float:
    """Measure how much brighter a mask's rim is than the background within two pixels of it.

    Parameters
    ----------
    image
        float32, shape (rows, columns), normalised.
    placed
        The mask, in the image's pixels.
    others
        The masks around, in the image's pixels: theirs are no background.

    Returns
    -------
    float
        Difference of the mean grey values; 0 where there is no rim or no background.
    """
    window = placed.box.grow(3).clip((image.shape[0], image.shape[1]))
    mask = placed.within(window)
    rim = mask & ~ndimage.binary_erosion(mask, iterations=2)
    outside = ndimage.binary_dilation(mask, iterations=2) & ~any_within(others, window)
    if not rim.any() or not outside.any():
        return 0.0
    grey = image[window.slices]
    return float(grey[rim].mean() - grey[outside].mean())
