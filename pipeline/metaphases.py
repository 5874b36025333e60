"""Groups a slide's chromosomes into metaphase spreads: how many chromosomes each has is what a lab asks first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from ..core.box import Box
from .nuclei import are_nuclei
from .records import Chromosome, Metaphase

MAX_LINK = 4.0
"""Chromosomes whose middles lie nearer than this, in typical lengths, belong to one spread. In 128 of the 129 slides of
the M-FISH set, one spread each, no chromosome is farther from all others; half of them need less than 1.9."""

MIN_TOUCHING = 20
"""Two spreads that touch have so many chromosomes each, or they are taken for one."""
MIN_PARTED = 60
"""Groups of fewer chromosomes are taken for one spread: most karyotypes are smaller."""
MAX_TOUCHING = 6
"""A group is taken for so many spreads at most."""
MIN_SEPARATION = 1.25
"""Distance between the middles of two parts, over the sum of their radii of gyration, from which they are two spreads.
All of 200 pairs of real spreads of one size, put side by side, reach 1.27; of 935 single spreads whose halves have 18
chromosomes or more, about one in a hundred does, all of fewer than 60 chromosomes."""
MIN_SPREAD = 5
"""A group of fewer chromosomes is flagged as stray: debris, or what was torn off a spread."""


def group_metaphases(
    chromosomes: Sequence[Chromosome], shape: tuple[int, int], length_px: float, expect: int | None = None
) -> tuple[list[int], tuple[Metaphase, ...]]:
    """The metaphase of each chromosome, and the metaphases in reading order.

    Single linkage between the middles of the chromosomes' boxes; a large group that falls into parts, each as round
    as a spread, is several spreads that touch.

    Parameters
    ----------
    shape
        (rows, columns) of the slide.
    length_px
        Typical chromosome length.
    expect
        Chromosomes that a whole spread has; others are flagged.
    """
    if not chromosomes:
        return [], ()
    middles = _middles(chromosomes)
    groups = _parted(middles, _linked(middles, MAX_LINK * length_px))
    members = [[c for c, g in zip(chromosomes, groups, strict=True) if g == group] for group in range(max(groups) + 1)]
    boxes = [_around(spread) for spread in members]
    order = sorted(range(len(members)), key=lambda i: (boxes[i].y0, boxes[i].x0, boxes[i]))
    number = {group: place for place, group in enumerate(order, start=1)}
    metaphases = tuple(
        _described(number[group], members[group], boxes[group], shape, length_px, expect) for group in order
    )
    return [number[group] for group in groups], metaphases


def _linked(middles: NDArray[np.float64], reach: float) -> list[int]:
    pairs = KDTree(middles).query_pairs(reach, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(middles), len(middles)))
    return connected_components(links, directed=False)[1].tolist()


def _parted(middles: NDArray[np.float64], groups: Sequence[int]) -> list[int]:
    """The groups, those divided that are several spreads."""
    parted = np.array(groups)
    for group in sorted(set(groups)):
        members = np.flatnonzero(parted == group)
        members = members[np.lexsort(middles[members].T)]  # the order that the chromosomes came in must not matter
        part = _parts(middles[members])
        parted[members] = np.where(part > 0, parted.max() + part, group)
    return parted.tolist()


def _parts(middles: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which spread each point belongs to, 0, 1, 2, ...: as many as stand apart from each other, by k means."""
    most = min(MAX_TOUCHING, len(middles) // MIN_TOUCHING) if len(middles) >= MIN_PARTED else 1
    for count in range(most, 1, -1):
        centres, part = kmeans2(middles, count, iter=30, minit="++", rng=0)
        sizes = np.bincount(part, minlength=count)
        if sizes.min() < MIN_TOUCHING:
            continue
        radii = np.array([np.sqrt(np.square(middles[part == i] - centres[i]).sum(axis=1).mean()) for i in range(count)])
        apart = np.linalg.norm(centres[:, None] - centres[None, :], axis=2) / (radii[:, None] + radii[None, :])
        if apart[~np.eye(count, dtype=bool)].min() >= MIN_SEPARATION:
            return part.astype(np.int64)
    return np.zeros(len(middles), dtype=np.int64)


def _described(
    number: int,
    members: Sequence[Chromosome],
    box: Box,
    shape: tuple[int, int],
    length_px: float,
    expect: int | None,
) -> Metaphase:
    count = len(members)
    overlapping = sum(c.overlap_px > 0 for c in members) / count
    doubtful = sum("low_confidence" in c.flags for c in members) / count
    flags = []
    if any("edge" in c.flags for c in members):
        flags.append("edge")
    if count < MIN_SPREAD:
        flags.append("stray")
    elif expect is not None and count != expect:
        flags.append("count")
    unsettled = [c for c in members if not c.review]
    round_ones = bool(unsettled) and are_nuclei(unsettled)
    if round_ones:
        flags.append("round")
    return Metaphase(
        id=number,
        box_slide=box,
        chromosomes=count,
        diameter_px=_diameter(members, length_px),
        overlapping=overlapping,
        low_confidence=doubtful,
        quality=0.0 if round_ones else sum(not c.flags and c.overlap_px == 0 for c in members) / count,
        flags=tuple(flags),
    )


def _around(members: Sequence[Chromosome]) -> Box:
    box = members[0].box_slide
    for other in members[1:]:
        box = box.enclose(other.box_slide)
    return box


def _diameter(members: Sequence[Chromosome], length_px: float) -> float:
    """Of the circle around the spread's centre that holds the middles of 90 % of its chromosomes, or one length."""
    middles = _middles(members)
    distances = np.linalg.norm(middles - np.median(middles, axis=0), axis=1)
    return max(length_px, 2 * float(np.quantile(distances, 0.9)))


def _middles(chromosomes: Sequence[Chromosome]) -> NDArray[np.float64]:
    """(row, column) of the middles of the boxes."""
    boxes = [c.box_slide for c in chromosomes]
    return np.array([((b.y0 + b.y1) / 2, (b.x0 + b.x1) / 2) for b in boxes])
