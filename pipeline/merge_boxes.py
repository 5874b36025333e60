"""One list of boxes from those that overlapping windows of a slide showed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core.box import Box
from ..core.grid_index import GridIndex
from ..detector import CLUSTER
from .records import PlacedDetection

MAX_IOU = 0.5
"""A box with a higher IoU with a better one repeats it."""
MAX_COVERED = 0.8
"""A box of which better ones cover more, one or several of them together, repeats them."""


def merge_detections(whole: Sequence[PlacedDetection], cut: Sequence[PlacedDetection] = ()) -> list[PlacedDetection]:
    """Keep one box for each object.

    The best scored come first; one that repeats a kept box, lies inside it, or is covered by several of them is
    dropped. A cluster's box around a lone chromosome's stays beside it: what both lead to is merged by its masks.

    Parameters
    ----------
    whole
        Boxes that some window showed whole.
    cut
        Boxes that reach a side of their window. They count only where no whole box shows the same; those that overlap
        are pieces of one object and become one cluster's box around them all.

    Returns
    -------
    list of PlacedDetection
        In reading order.
    """
    index = GridIndex()
    kept: list[PlacedDetection] = []
    for detection in sorted(whole, key=lambda d: (-d.score, d.box_slide)):
        near = [kept[i] for i in sorted(index.near(detection.box_slide))]
        repeats = any(_repeats(detection.box_slide, other.box_slide) for other in near)
        if not repeats and _covered(detection.box_slide, near) <= MAX_COVERED:
            index.add(len(kept), detection.box_slide)
            kept.append(detection)
    pieces = [d for d in cut if not any(_repeats(d.box_slide, kept[i].box_slide) for i in index.near(d.box_slide))]
    kept.extend(_joined(pieces))
    return _in_reading_order(kept)


def merge_members(members: Sequence[PlacedDetection]) -> list[PlacedDetection]:
    """Keep one box for each chromosome inside a cluster: of those alike the best scored; in reading order.

    A member may lie inside another one's box, as a short chromosome across a long one does.
    """
    index = GridIndex()
    kept: list[PlacedDetection] = []
    for member in sorted(members, key=lambda d: (-d.score, d.box_slide)):
        if not any(member.box_slide.iou(kept[i].box_slide) > MAX_IOU for i in index.near(member.box_slide)):
            index.add(len(kept), member.box_slide)
            kept.append(member)
    return _in_reading_order(kept)


def _in_reading_order(boxes: Sequence[PlacedDetection]) -> list[PlacedDetection]:
    return sorted(boxes, key=lambda d: (d.box_slide.y0, d.box_slide.x0, d.box_slide))


def _repeats(box: Box, other: Box) -> bool:
    return box.iou(other) > MAX_IOU or box.intersect(other).area > MAX_COVERED * box.area


def _covered(box: Box, others: Sequence[PlacedDetection]) -> float:
    """Share of a box that other boxes cover together."""
    seen = np.zeros((box.height, box.width), dtype=bool)
    for other in others:
        shared = other.box_slide.intersect(box)
        if not shared.is_empty:
            seen[shared.shift(-box.x0, -box.y0).slices] = True
    return float(seen.mean())


def _joined(pieces: Sequence[PlacedDetection]) -> list[PlacedDetection]:
    """Enclose pieces that overlap, until none do."""
    joined: list[PlacedDetection] = []
    for piece in sorted(pieces, key=lambda d: d.box_slide):
        while True:
            touching = [d for d in joined if not d.box_slide.intersect(piece.box_slide).is_empty]
            if not touching:
                break
            box, score = piece.box_slide, piece.score
            for other in touching:
                box, score = box.enclose(other.box_slide), max(score, other.score)
                joined.remove(other)
            piece = PlacedDetection(box, CLUSTER, score)
        joined.append(piece)
    return joined
