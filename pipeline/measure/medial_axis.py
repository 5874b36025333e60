"""The medial axis of a chromosome: its length, its width along the way, and the constriction of its centromere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from skimage.morphology import skeletonize

SMOOTHING_PX = 2.0
DIRECTION_PX = 8
STEP_PX = 0.25
MIN_TIP_SHARE = 0.1
"""A constriction nearer to a tip than this share of the length cannot be told from the tip's own narrowing."""
MIN_DEPTH = 0.12
"""How much narrower a constriction is than the wider parts on both of its sides, as a share of the median width."""


@dataclass(frozen=True, eq=False)
class MedialAxis:
    """A mask's medial axis from tip to tip."""

    path: NDArray[np.float64]
    """float64, shape (n, 2): (row, column) of pixel centres of the mask, without the ends."""
    widths: NDArray[np.float64]
    """float64, shape (n,): diameter of the largest disc around each point, in pixels."""
    start: float
    """From the first point on to the outline, in pixels."""
    end: float
    """From the last point on to the outline, in pixels."""

    @property
    def along(self) -> NDArray[np.float64]:
        """How far each point of the path lies from the first tip, in pixels."""
        return self.start + np.append(0.0, np.cumsum(np.linalg.norm(np.diff(self.path, axis=0), axis=1)))

    @property
    def length(self) -> float:
        """Tip to tip, in pixels."""
        return float(self.along[-1]) + self.end


@dataclass(frozen=True)
class Constriction:
    """The narrowest place between the arms."""

    row: float
    """In pixels of the mask."""
    column: float
    """In pixels of the mask."""
    arm_ratio: float
    """Long arm over short arm, 1 or more."""


def medial_axis(mask: NDArray[np.bool_]) -> MedialAxis | None:
    """The medial axis of a mask; None where it is too small to have one.

    The longest of the shortest paths through the skeleton (Dijkstra), smoothed and carried on straight at both ends
    to the outline.
    """
    padded = np.pad(mask, 2)
    points = np.argwhere(skeletonize(padded))
    if len(points) < 2:
        return None
    path = points[_longest_path(points)].astype(float)
    smooth = ndimage.gaussian_filter1d(path, SMOOTHING_PX, axis=0, mode="nearest")
    depth = ndimage.distance_transform_edt(padded)
    widths = 2 * ndimage.map_coordinates(depth, smooth.T, order=1) - 1
    return MedialAxis(smooth - 2, widths, _to_outline(padded, smooth), _to_outline(padded, smooth[::-1]))


def medial_length(mask: NDArray[np.bool_]) -> float:
    """Length of a mask along its medial axis, tip to tip, in pixels."""
    axis = medial_axis(mask)
    if axis is None:
        return max(1.0, 2 * float(ndimage.distance_transform_edt(np.pad(mask, 1)).max()) - 1)
    return axis.length


def constriction_of(axis: MedialAxis) -> Constriction | None:
    """The deepest constriction away from the tips; None where the width has no clear one."""
    widths = ndimage.gaussian_filter1d(axis.widths, SMOOTHING_PX, mode="nearest")
    share = axis.along / axis.length
    wider = np.minimum(np.maximum.accumulate(widths), np.maximum.accumulate(widths[::-1])[::-1])
    depth = np.where((share >= MIN_TIP_SHARE) & (share <= 1 - MIN_TIP_SHARE), wider - widths, 0.0)
    at = int(depth.argmax())
    if depth[at] < MIN_DEPTH * np.median(widths) or depth[at] == 0:
        return None
    arms = sorted((float(share[at]), 1 - float(share[at])))
    return Constriction(float(axis.path[at, 0]), float(axis.path[at, 1]), arms[1] / arms[0])


def _to_outline(mask: NDArray[np.bool_], path: NDArray[np.float64]) -> float:
    """How far the start of a path lies from the outline, going on in the direction that the path comes from."""
    toward = path[0] - path[min(DIRECTION_PX, len(path) - 1)]
    reach = float(np.linalg.norm(toward))
    if reach == 0:
        return float(ndimage.distance_transform_edt(mask)[tuple(np.round(path[0]).astype(int))])
    steps = np.arange(0, max(mask.shape), STEP_PX)
    line = path[0] + steps[:, None] * (toward / reach)
    inside = ndimage.map_coordinates(mask.astype(float), line.T, order=1, mode="constant") >= 0.5
    return float(steps[np.argmin(inside)]) if not inside.all() else 0.0


def _longest_path(points: NDArray[np.intp]) -> list[int]:
    """Indices of the longest shortest path among 8-connected skeleton pixels, shape (n, 2)."""
    index = {(int(r), int(c)): i for i, (r, c) in enumerate(points)}
    sources, targets, weights = [], [], []
    for (row, column), i in index.items():
        for dr, dc in ((0, 1), (1, -1), (1, 0), (1, 1)):
            j = index.get((row + dr, column + dc))
            if j is not None:
                sources.append(i)
                targets.append(j)
                weights.append(math.hypot(dr, dc))
    graph = csr_array((weights, (sources, targets)), shape=(len(points), len(points)))
    far = _farthest(dijkstra(graph, directed=False, indices=0))
    distances, before = dijkstra(graph, directed=False, indices=far, return_predecessors=True)
    end = _farthest(distances)
    path = [end]
    while path[-1] != far:
        path.append(int(before[path[-1]]))
    return path


def _farthest(distances: NDArray[np.float64]) -> int:
    return int(np.argmax(np.where(np.isfinite(distances), distances, -1)))
