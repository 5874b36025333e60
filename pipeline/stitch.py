"""From the masks of all boxes to one list of chromosomes in slide pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.box import Box
from ..core.clusters import cluster_ids, shared_areas
from ..core.grid_index import GridIndex
from ..core.mask import intersection_area
from .records import Chromosome
from .scoring.candidate import Candidate

MAX_SHARED = 0.6
"""Two masks that share more of the smaller one are the same chromosome, found twice."""
MIN_AREA = 0.04
"""Fragments below this area, in typical chromosome lengths squared, are dropped."""
MIN_CROWD = 5
"""Clusters of so many chromosomes or more are flagged."""


def merge_repeats(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Keep one of the masks that show the same chromosome.

    Parameters
    ----------
    candidates
        From any boxes in any order: the result does not depend on it.

    Returns
    -------
    list of Candidate
        Of masks that share most of the smaller one the better scored, the larger of equals; the best first.
    """
    order = sorted(candidates, key=lambda c: (-c.score, -c.placed.area, c.placed.box))
    index = GridIndex()
    kept: list[Candidate] = []
    for candidate in order:
        area = candidate.placed.area
        repeats = any(
            intersection_area(candidate.placed, kept[i].placed) > MAX_SHARED * min(area, kept[i].placed.area)
            for i in index.near(candidate.placed.box)
        )
        if not repeats:
            index.add(len(kept), candidate.placed.box)
            kept.append(candidate)
    return kept


def stitch(
    candidates: Sequence[Candidate], field: Box, length_px: float, review_below: float
) -> tuple[Chromosome, ...]:
    """Drop fragments; number the rest in reading order, with clusters and flags.

    Parameters
    ----------
    candidates
        Each chromosome once (see `merge_repeats`), in any order: the result does not depend on it.
    field
        The slide in its own pixels, or the picture in it where a page or frame lies around that.
    length_px
        Typical length of its chromosomes, in pixels.
    review_below
        Chromosomes with a lower score get the flag low_confidence.
    """
    kept = sorted(
        (c for c in candidates if c.placed.area >= MIN_AREA * length_px**2),
        key=lambda c: (c.placed.box.y0, c.placed.box.x0, c.placed.box, -c.score, -c.placed.area),
    )
    masks = [candidate.placed for candidate in kept]
    clusters = cluster_ids(masks)
    sizes = np.bincount(clusters, minlength=1)
    chromosomes = []
    for index, (candidate, shared) in enumerate(zip(kept, shared_areas(masks), strict=True)):
        flags = []
        if candidate.placed.box.reaches_rim_of(field):
            flags.append("edge")
        if candidate.score < review_below:
            flags.append("low_confidence")
        if sizes[clusters[index]] >= MIN_CROWD:
            flags.append("crowded")
        if candidate.unresolved:
            flags.append("unresolved")
        chromosomes.append(
            Chromosome(
                id=index + 1,
                box_slide=candidate.placed.box,
                mask=candidate.placed.mask,
                score=candidate.score,
                cluster_id=clusters[index],
                area_px=candidate.placed.area,
                overlap_px=shared,
                flags=tuple(flags),
            )
        )
    return tuple(chromosomes)
