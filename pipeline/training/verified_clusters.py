"""Real clusters whose masks the boxes confirm: truth for the next round of training.

Where a slide is known by its boxes only, nobody has said which pixel of a cluster belongs to which chromosome. A
network's masks say so, and the boxes say whether to believe them: a cluster is taken where its masks and the true boxes
match one to one, each closely. What is left is never asked about.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.box import Box
from ...core.clusters import clusters_of
from ...core.mask import PlacedMask, any_within
from ..evaluation.box_scores import matched_boxes, with_usual_air
from .box_truth import BoxTruth

MIN_ALIKE = 0.85
"""IoU of a mask's box, with the air that people draw, and the true box that confirms it."""
MAX_STRANGE = 0.3
"""No true box that no mask of the cluster matches may share more of itself with the cluster's boxes."""


def verified_clusters(
    boxes: Sequence[Box], found: Sequence[PlacedMask], truth: BoxTruth
) -> tuple[tuple[PlacedMask, ...], ...]:
    """The clusters among a network's masks that true boxes confirm.

    Parameters
    ----------
    boxes
        One per true chromosome, in slide pixels.
    found
        The network's masks, in slide pixels.
    truth
        What the foreground says about the boxes: lone chromosomes are left to it.

    Returns
    -------
    tuple of tuples of PlacedMask
        Each two chromosomes or more.
    """
    aired = with_usual_air(boxes, [placed.box for placed in found])
    confirms = {mask: box for box, mask in matched_boxes(boxes, aired, MIN_ALIKE)}
    lone = set(truth.lone_boxes)
    return tuple(
        tuple(found[i] for i in numbers)
        for numbers in clusters_of(found)
        if len(numbers) > 1
        and all(i in confirms and confirms[i] not in lone for i in numbers)
        and not _is_strange(numbers, boxes, aired, {confirms[i] for i in numbers})
    )


def _is_strange(numbers: Sequence[int], boxes: Sequence[Box], aired: Sequence[Box], own: set[int]) -> bool:
    """True where a true box that is none of the cluster's lies well inside it: perhaps a missed chromosome."""
    return any(
        box.intersect(aired[i]).area > MAX_STRANGE * box.area
        for number, box in enumerate(boxes)
        if number not in own
        for i in numbers
        if not box.intersect(aired[i]).is_empty
    )


def without(rest: Sequence[PlacedMask], taken: Sequence[PlacedMask]) -> tuple[PlacedMask, ...]:
    """Masks without the pixels of others; what has no more than a pixel then is left out."""
    left = (
        PlacedMask.from_dense(placed.mask & ~any_within(taken, placed.box), (placed.box.y0, placed.box.x0))
        for placed in rest
    )
    return tuple(placed for placed in left if placed is not None and placed.area > 1)
