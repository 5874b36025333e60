"""A result after a review: the first answer, with what a person made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...core.clusters import cluster_ids, shared_areas
from ...core.mask import iou
from ..metaphases import group_metaphases
from ..records import FLAGS, Chromosome, Metaphase, ReviewRecord
from ..result import SplitResult
from ..stitch import MIN_CROWD
from .condition import ACCEPTED, EDITED, FOUND, Condition
from .replay import ReviewState

DRAWN_SCORE = 1.0
"""Of what a person drew; what was left as it is keeps its score."""
DOUBTS = ("low_confidence", "unresolved", "round")
"""Flags that a person's look settles."""


def base_conditions(base: SplitResult) -> dict[int, Condition]:
    """What a review begins from.

    Parameters
    ----------
    base
        The first answer.
    """
    return {c.id: Condition.of(c.placed, base.shape) for c in base.chromosomes}


def reviewed_result(base: SplitResult, state: ReviewState, record: ReviewRecord | None) -> SplitResult:
    """The result after some edits: areas, overlaps, clusters, metaphases and flags are worked out anew.

    Parameters
    ----------
    base
        The first answer.
    state
        The chromosomes after the edits.
    record
        What the result says of the review.
    """
    present = state.present
    masks = [condition.placed(base.shape) for condition in present.values()]
    clusters = cluster_ids(masks)
    sizes = np.bincount(clusters, minlength=1)
    known = {c.id: c for c in base.chromosomes}
    chromosomes = []
    for (id, condition), placed, cluster, shared in zip(
        present.items(), masks, clusters, shared_areas(masks), strict=True
    ):
        first = known.get(id)
        drawn = first is None or iou(first.placed, placed) < 1
        has = {"edge": is_cut(first, condition, drawn, base.shape), "crowded": sizes[cluster] >= MIN_CROWD}
        has |= dict.fromkeys(doubts_of(first, condition), True)
        chromosomes.append(
            Chromosome(
                id=id,
                box_slide=placed.box,
                mask=placed.mask,
                score=DRAWN_SCORE if first is None or drawn else first.score,
                cluster_id=cluster,
                area_px=placed.area,
                overlap_px=shared,
                flags=tuple(flag for flag in FLAGS if has.get(flag)),
                review="" if condition.status == FOUND else EDITED if drawn else ACCEPTED,
            )
        )
    numbers, metaphases = grouped(base, chromosomes)
    return replace(
        base,
        chromosomes=tuple(replace(c, metaphase_id=n) for c, n in zip(chromosomes, numbers, strict=True)),
        metaphases=metaphases,
        review=record,
    )


def grouped(base: SplitResult, chromosomes: Sequence[Chromosome]) -> tuple[list[int], tuple[Metaphase, ...]]:
    """The metaphases of chromosomes after a review, as `group_metaphases` finds them, at the first answer's scale.

    Parameters
    ----------
    base
        The first answer.
    chromosomes
        As they are now.
    """
    expect = base.settings.get("expect")
    return group_metaphases(chromosomes, base.shape, base.length_px or 0.0, expect if isinstance(expect, int) else None)


def is_cut(first: Chromosome | None, condition: Condition, drawn: bool, shape: tuple[int, int]) -> bool:
    """True for a chromosome that the edge of the slide cuts, or that of a frame on it as long as nobody drew it anew.

    Parameters
    ----------
    first
        The chromosome as the networks found it; None where a person added it.
    condition
        As it is now.
    drawn
        Whether its mask is another one than was found.
    shape
        (rows, columns) of the slide.
    """
    return condition.box.touches_edge_of(shape) or (not drawn and first is not None and "edge" in first.flags)


def doubts_of(first: Chromosome | None, condition: Condition) -> tuple[str, ...]:
    """The doubts of the networks that no person has settled yet.

    Parameters
    ----------
    first
        The chromosome as the networks found it; None where a person added it.
    condition
        As it is now.
    """
    if first is None or condition.status != FOUND:
        return ()
    return tuple(flag for flag in first.flags if flag in DOUBTS)
