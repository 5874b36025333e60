"""Where the number of each chromosome is written: beside it, on the side where the fewest others lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ..records import Chromosome

ANGLES = np.arange(8) * np.pi / 4
SIDES = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
"""(dx, dy) of the sides on which a number may stand."""
ROOM_PX = 5.0
"""Half the size of a number, in slide pixels."""
STRIDE = 2
"""Of the pixels that a number should not cover, every second row and column is looked at."""
COST_TAKEN, COST_A_PIXEL_AWAY = 20.0, 0.2
"""Of another number or the slide's edge in that place, and of each pixel from the chromosome's middle to its outline on
that side; covering a looked-at pixel of any chromosome costs 1."""


@dataclass(frozen=True)
class Anchor:
    """A point on a chromosome's outline, (x, y) in slide pixels, and the unit vector (dx, dy) away from it."""

    x: float
    y: float
    dx: float
    dy: float

    def beside(self, half_width: float, half_height: float) -> tuple[float, float]:
        """The middle (x, y) of a text of that size that touches the point from outside."""
        away = abs(self.dx) * half_width + abs(self.dy) * half_height
        return self.x + self.dx * away, self.y + self.dy * away


def label_anchors(chromosomes: Sequence[Chromosome], shape: tuple[int, int], room_px: float = ROOM_PX) -> list[Anchor]:
    """One anchor per chromosome, chosen in their order.

    Parameters
    ----------
    shape
        (rows, columns) of the slide.
    room_px
        Half the size of a number, in slide pixels.
    """
    if not chromosomes:
        return []
    middles = np.array([c.middle[::-1] for c in chromosomes]) + 0.5
    reach = np.array([_reach(c, middle) for c, middle in zip(chromosomes, middles, strict=True)])
    outlines = middles[:, None] + SIDES * reach[..., None]  # (chromosome, side, x and y)
    places = outlines + SIDES * room_px
    covered = KDTree(np.concatenate([_pixels(c) for c in chromosomes]))
    outside = ((places < room_px) | (places > np.array(shape[::-1]) - room_px)).any(axis=2)
    costs = (
        covered.query_ball_point(places, room_px, return_length=True) + COST_TAKEN * outside + COST_A_PIXEL_AWAY * reach
    )
    taken = np.empty((len(chromosomes), 2))
    anchors = []
    for index, (sides, cost) in enumerate(zip(places, costs, strict=True)):
        distances = np.linalg.norm(sides[:, None] - taken[:index], axis=2)
        best = int(np.argmin(cost + COST_TAKEN * (distances < 2 * room_px).sum(axis=1)))
        taken[index] = sides[best]
        anchors.append(Anchor(*outlines[index, best].tolist(), *SIDES[best].tolist()))
    return anchors


def _pixels(chromosome: Chromosome) -> NDArray[np.float64]:
    """(x, y) of some of the mask's pixels."""
    rows, columns = np.nonzero(chromosome.mask[::STRIDE, ::STRIDE])
    box = chromosome.box_slide
    return np.stack([columns * STRIDE + box.x0 + 0.5, rows * STRIDE + box.y0 + 0.5], axis=1)


def _reach(chromosome: Chromosome, middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far from the middle the outline lies on each side: where a ray leaves the mask for the last time."""
    box, mask = chromosome.box_slide, chromosome.mask
    steps = np.arange(0, np.hypot(*mask.shape) + 1, 0.5)
    columns, rows = np.floor(middle[:, None, None] + SIDES.T[:, :, None] * steps).astype(int)
    rows, columns = rows - box.y0, columns - box.x0
    inside = (rows >= 0) & (columns >= 0) & (rows < mask.shape[0]) & (columns < mask.shape[1])
    inside[inside] = mask[rows[inside], columns[inside]]
    return (inside * steps).max(axis=1) + 0.5
