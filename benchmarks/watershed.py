"""The peer that needs no training: a threshold and a watershed, from scikit-image."""

from __future__ import annotations

import numpy as np
from karyo_split.core.mask import PlacedMask
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.filters import gaussian, threshold_local, threshold_otsu
from skimage.measure import regionprops
from skimage.segmentation import watershed


def split_by_watershed(image: NDArray[np.float32], depth: float, reach: float) -> list[PlacedMask]:
    """Masks in a normalised slide, float32, shape (rows, columns).

    depth: share of the Otsu threshold above which a pixel is foreground. reach: least distance between two seeds, as a
    share of the median object's long side.
    """
    smooth = gaussian(image, 1)
    foreground = smooth > np.maximum(threshold_otsu(smooth) * depth, threshold_local(smooth, 151) * 0.6)
    foreground = ndimage.binary_opening(foreground)
    labels, _ = ndimage.label(foreground, structure=np.ones((3, 3)))
    regions = [r for r in regionprops(labels) if r.area >= 25]
    if not regions:
        return []
    typical = float(np.median([r.axis_major_length for r in regions]))
    distance = ndimage.distance_transform_edt(foreground)
    seeds = np.zeros(image.shape, dtype=int)
    peaks = peak_local_max(gaussian(distance, 1), min_distance=max(2, round(reach * typical)), labels=labels)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    parts = watershed(-distance, seeds, mask=foreground)
    masks = []
    for region in regionprops(parts):
        if 0.02 * typical**2 <= region.area <= 3 * typical**2:
            y0, x0 = region.bbox[:2]
            placed = PlacedMask.from_dense(region.image, (y0, x0))
            if placed is not None:
                masks.append(placed)
    return masks
