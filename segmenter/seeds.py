"""Where to ask the network: points along the medial axis of what is chromosome."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import skeletonize


def ridge_seeds(region: NDArray[np.bool_], apart: float, most: int) -> list[tuple[int, int]]:
    """Points (row, column) of the region's medial axis, the deepest first, each `apart` px from those before.

    Parameters
    ----------
    region
        bool, shape (rows, columns).
    most
        How many at most.
    """
    depth = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    points = np.argwhere(skeletonize(region))
    free = np.ones(len(points), dtype=bool)
    seeds: list[tuple[int, int]] = []
    for index in np.argsort(-depth[tuple(points.T)], kind="stable"):
        if free[index] and len(seeds) < most:
            row, column = points[index]
            seeds.append((int(row), int(column)))
            free &= np.hypot(*(points - points[index]).T) >= apart
    return seeds
