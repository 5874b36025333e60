"""Where the scripted reviewer clicks, and along which lines it parts and paints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask, intersection_area
from karyo_split.pipeline.measure.medial_axis import medial_axis
from karyo_split.pipeline.review.strokes import brushed
from scipy import ndimage

Point = tuple[float, float]
"""(row, column) in slide pixels."""


def deepest(mask: PlacedMask, others: Sequence[PlacedMask]) -> Point:
    """The deepest pixel (row, column) of what a mask has alone, or of all of it where that is nothing."""
    own = mask.mask.copy()
    for other in others:
        own &= ~other.within(mask.box)
    return deepest_of(own if own.any() else mask.mask, mask.box)


def deepest_of(dense: Any, box: Box) -> Point:
    depth = ndimage.distance_transform_edt(np.pad(dense, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return float(row) + box.y0 + 0.5, float(column) + box.x0 + 0.5


def refinement(proposed: PlacedMask, target: PlacedMask) -> tuple[Point, bool]:
    """Where to click next: on the most that is missing, or with Alt on the most that is too much."""
    missing, much = target.mask & ~proposed.within(target.box), proposed.mask & ~target.within(proposed.box)
    if missing.sum() > much.sum():
        return deepest_of(missing, target.box), False
    return deepest_of(much, proposed.box), True


def holds(mask: PlacedMask, place: Point) -> bool:
    row, column = int(place[0]), int(place[1])
    return mask.box.holds(row, column) and bool(mask.mask[row - mask.box.y0, column - mask.box.x0])


def on_mask(mask: PlacedMask, way: Sequence[Point]) -> list[Point]:
    """The points of a line, half a pixel apart, that lie on a mask."""
    points = np.asarray(way)
    reach = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    steps = np.arange(0, reach[-1], 0.5)
    line = np.stack([np.interp(steps, reach, points[:, axis]) for axis in (0, 1)], axis=1)
    return [(row, column) for row, column in line.tolist() if holds(mask, (row, column))]


def borders(whole: PlacedMask, target: PlacedMask) -> Iterator[list[Point]]:
    """Lines between what a mask has of a true chromosome and its rest: straight ones, and one along the border."""
    own = target.within(whole.box) & whole.mask
    rest = whole.mask & ~own
    near = np.argwhere(ndimage.binary_dilation(own, iterations=2) & rest).astype(float)
    if min(own.sum(), rest.sum()) < 0.1 * whole.area or len(near) < 2:
        return
    origin = np.array([whole.box.y0 + 0.5, whole.box.x0 + 0.5])
    a, b = np.argwhere(own).mean(axis=0), np.argwhere(rest).mean(axis=0)
    middle, (_, _, axes) = near.mean(axis=0), np.linalg.svd(near - near.mean(axis=0), full_matrices=False)
    across = np.array([-(b - a)[1], (b - a)[0]]) / max(1e-6, float(np.linalg.norm(b - a)))
    for along in (axes[0], across):
        for shift in (0.0, -2.0, 2.0):
            at = middle + shift * np.array([-along[1], along[0]])
            for reach in (np.ptp(near @ along) / 2 + 4, np.ptp(near @ along) / 2 + 12):
                yield [tuple(at - reach * along + origin), tuple(at + reach * along + origin)]
    order = np.argsort((near - middle) @ axes[0])
    way = [near[chunk].mean(axis=0) for chunk in np.array_split(order, min(6, len(order)))]
    ends = [way[0] - 6 * axes[0], way[-1] + 6 * axes[0]]
    yield [tuple(point + origin) for point in (ends[0], *way, ends[1])]


def middle(mask: PlacedMask) -> tuple[list[Point], float]:
    """A brush's way along a mask's medial axis, and its radius."""
    axis = medial_axis(mask.mask)
    origin = np.array([mask.box.y0 + 0.5, mask.box.x0 + 0.5])
    if axis is None:
        return [tuple(np.argwhere(mask.mask).mean(axis=0) + origin)] * 2, max(0.8, float(np.sqrt(mask.area / np.pi)))
    way = [tuple(axis.path[i] + origin) for i in np.linspace(0, len(axis.path) - 1, 8).astype(int)]
    radii = [mask.area / axis.length / 2 * factor for factor in (0.7, 0.85, 1.0, 1.2)]

    def fit(radius: float) -> float:
        drawn = brushed(way, radius, (mask.box.y1 + 100, mask.box.x1 + 100))
        return 0.0 if drawn is None else intersection_area(drawn, mask) / (drawn.area + mask.area)

    return way, max(0.8, max(radii, key=fit))
