"""Verbs of which a drawn line alone says whom they mean."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...core.box import Box
from ...core.errors import UsageError
from . import verbs
from .edit_log import Edit
from .strokes import Points
from .verbs import Desk

STEP_PX = 0.5


def crossed(desk: Desk, way: Points) -> dict[int, float]:
    """The chromosomes under a line, in its order, each with how many pixels of the line lie on it.

    Parameters
    ----------
    desk
        What is worked on.
    way
        (row, column) in slide pixels; one point is a line of half a pixel.
    """
    points = np.asarray(way, dtype=np.float64).reshape(-1, 2)
    samples = [points[:1]]
    for start, end in pairwise(points):
        count = max(1, int(np.hypot(*(end - start)) / STEP_PX))
        samples.append(start + (end - start) * np.arange(1, count + 1)[:, None] / count)
    pixels = np.floor(np.concatenate(samples)).astype(int)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    around = Box(int(low[1]), int(low[0]), int(high[1]) + 1, int(high[0]) + 1)
    met: list[tuple[int, int, int]] = []
    for id, condition in desk.state.present.items():
        if condition.box.intersect(around).is_empty:
            continue
        placed = desk.mask(id)
        local = pixels - (placed.box.y0, placed.box.x0)
        inside = np.flatnonzero(((local >= 0) & (local < placed.mask.shape)).all(axis=1))
        on = inside[placed.mask[tuple(local[inside].T)]]
        if len(on):
            met.append((int(on[0]), id, len(on)))
    return {id: STEP_PX * length for _, id, length in sorted(met)}


def split_along(desk: Desk, chosen: int | None, line: Points, sure: bool = False) -> Edit:
    """Part the chosen chromosome where a line crosses it, else the one that most of the line lies on.

    Raises
    ------
    UsageError
        Where the line crosses none, and as `verbs.split` does; Unsure too.
    """
    under = crossed(desk, line)
    if not under:
        raise UsageError("the line crosses no chromosome: draw it from one side across to the other")
    id = chosen if chosen is not None and chosen in under else max(under, key=lambda each: under[each])
    return verbs.split(desk, id, line, sure)


def join_along(desk: Desk, line: Points, sure: bool = False) -> Edit:
    """Join the chromosomes under a line; the one where it begins keeps its number.

    Raises
    ------
    UsageError
        Where these are less than two, and as `verbs.join` does; Unsure too.
    """
    under = crossed(desk, line)
    if len(under) < 2:
        raise UsageError("the line lies on less than two chromosomes: draw it from one to the other")
    return verbs.join(desk, list(under), sure)


def move_along(desk: Desk, taker: int, way: Points, radius: float, sure: bool = False) -> Edit:
    """Give the chosen chromosome what a brush covers of the neighbour that its way meets first.

    Raises
    ------
    UsageError
        Where the way meets no neighbour, and as `verbs.move` does; Unsure too.
    """
    giver = next((id for id in crossed(desk, way) if id != taker), None)
    if giver is None:
        raise UsageError("the stroke meets no neighbour: begin it on the one that gives")
    return verbs.move(desk, giver, taker, way, radius, sure)
