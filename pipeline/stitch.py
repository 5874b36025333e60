"""From the answers of all boxes to one list of chromosomes in slide pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..core.clusters import cluster_ids, shared_areas
from ..core.grid_index import GridIndex
from ..core.mask import intersection_area
from .records import Chromosome
from .scoring.candidate import Found

SAME_SHARE = 0.6
"""Two masks that share more of the smaller one are the same chromosome, found twice."""
SMALLEST_AREA = 0.04
"""Fragments below this area, in typical chromosome lengths squared, are dropped."""
CROWD = 5
"""Clusters of so many chromosomes or more are flagged."""


def stitch(
    found: Iterable[Found], shape: tuple[int, int], length_px: float, review_below: float
) -> tuple[Chromosome, ...]:
    """Drop fragments and what was found twice; number the rest in reading order, with clusters and flags.

    found: masks in slide pixels, from any boxes in any order: the result does not depend on it.
    shape: (rows, columns) of the slide. length_px: typical chromosome length.
    review_below: chromosomes with a lower score get the flag low_confidence.
    """
    kept = sorted(
        merge_twice_found([f for f in found if f.placed.area >= SMALLEST_AREA * length_px**2]),
        key=lambda f: (f.placed.box.y0, f.placed.box.x0, f.placed.box, -f.score),
    )
    masks = [f.placed for f in kept]
    clusters = cluster_ids(masks)
    sizes = np.bincount(clusters, minlength=1)
    chromosomes = []
    for index, (item, shared) in enumerate(zip(kept, shared_areas(masks), strict=True)):
        flags = []
        if item.placed.box.touches_edge_of(shape):
            flags.append("edge")
        if item.score < review_below:
            flags.append("low_confidence")
        if sizes[clusters[index]] >= CROWD:
            flags.append("crowded")
        if item.unresolved:
            flags.append("unresolved")
        chromosomes.append(
            Chromosome(
                id=index + 1,
                box_slide=item.placed.box,
                mask=item.placed.mask,
                score=item.score,
                cluster_id=int(clusters[index]),
                area_px=item.placed.area,
                overlap_px=shared,
                flags=tuple(flags),
            )
        )
    return tuple(chromosomes)


def merge_twice_found(found: Sequence[Found]) -> list[Found]:
    """Of masks that share most of the smaller one keep the better scored, the larger of equals."""
    order = sorted(found, key=lambda f: (-f.score, -f.placed.area, f.placed.box))
    cells = GridIndex()
    kept: list[Found] = []
    for item in order:
        area = item.placed.area
        twice = any(
            intersection_area(item.placed, kept[i].placed) > SAME_SHARE * min(area, kept[i].placed.area)
            for i in cells.near(item.placed.box)
        )
        if not twice:
            cells.add(len(kept), item.placed.box)
            kept.append(item)
    return kept
