"""Measures chromosomes on their masks and on the slide's own grey values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from skimage.morphology import skeletonize

from .result import Chromosome, SplitResult
from .slide import Slide

SMOOTHING_PX = 2.0
DIRECTION_PX = 8
STEP_PX = 0.25


@dataclass(frozen=True)
class Measurement:
    """One chromosome, measured.

    centroid_x, centroid_y: of its pixels, in slide pixels. length_px: along the medial axis, tip to tip.
    width_px: area over length. orientation_deg: of the long axis, counter-clockwise from the rows'
    direction, 0 <= angle < 180. mean_intensity, integrated_intensity: grey values as in the file.
    """

    centroid_x: float
    centroid_y: float
    length_px: float
    width_px: float
    orientation_deg: float
    mean_intensity: float
    integrated_intensity: float


def measure_all(result: SplitResult, slide: Slide) -> list[Measurement]:
    """Measure every chromosome of a result on its slide."""
    return list(_measured(result, slide))


def _measured(result: SplitResult, slide: Slide) -> Iterator[Measurement]:
    for chromosome in result.chromosomes:
        yield measure_chromosome(chromosome, slide.read(chromosome.box_slide))


def measure_chromosome(chromosome: Chromosome, grey: NDArray[np.float32]) -> Measurement:
    """Measure one chromosome.

    grey: the slide's values at the chromosome's box, float32, the shape of its mask.
    """
    rows, columns = np.nonzero(chromosome.mask)
    values = grey[chromosome.mask]
    length = medial_length(chromosome.mask)
    return Measurement(
        centroid_x=float(columns.mean()) + chromosome.box_slide.x0,
        centroid_y=float(rows.mean()) + chromosome.box_slide.y0,
        length_px=length,
        width_px=chromosome.area_px / length,
        orientation_deg=orientation(chromosome.mask),
        mean_intensity=float(values.mean()),
        integrated_intensity=float(values.sum(dtype=np.float64)),
    )


def orientation(mask: NDArray[np.bool_]) -> float:
    """Angle of the long axis in degrees, counter-clockwise from the direction of the rows, 0 <= angle < 180."""
    rows, columns = np.nonzero(mask)
    if rows.size < 2:
        return 0.0
    covariance = np.cov(np.stack([columns, -rows]).astype(float))
    angle = 0.5 * math.atan2(2 * covariance[0, 1], covariance[0, 0] - covariance[1, 1])
    return math.degrees(angle) % 180


def medial_length(mask: NDArray[np.bool_]) -> float:
    """Length of a mask along its medial axis, tip to tip, in pixels.

    The longest of the shortest paths through the skeleton (Dijkstra), smoothed and carried on straight at both ends
    to the outline.
    """
    padded = np.pad(mask, 2)
    points = np.argwhere(skeletonize(padded))
    if len(points) < 2:
        return max(1.0, 2 * float(ndimage.distance_transform_edt(padded).max()) - 1)
    path = points[_longest_path(points)].astype(float)
    smooth = ndimage.gaussian_filter1d(path, SMOOTHING_PX, axis=0, mode="nearest")
    along = float(np.linalg.norm(np.diff(smooth, axis=0), axis=1).sum())
    return along + _to_outline(padded, smooth) + _to_outline(padded, smooth[::-1])


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
