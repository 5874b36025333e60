"""What a detector answers, and how the answers of overlapping windows become one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.box import Box
from ..core.grid_index import GridIndex

CLASS_NAMES = ("chromosome", "cluster")
CHROMOSOME, CLUSTER = 0, 1
SAME_IOU = 0.5
INSIDE_SHARE = 0.8


@dataclass(frozen=True)
class Detection:
    """One box.

    box_slide: in slide pixels. kind: CHROMOSOME (a lone one) or CLUSTER (two or more). score: 0..1.
    """

    box_slide: Box
    kind: int
    score: float


class Detector(Protocol):
    """Anything that boxes chromosomes and clusters."""

    def detect(self, image: NDArray[np.float32]) -> list[Detection]:
        """Boxes in the pixels of a normalised image, float32, shape (rows, columns), values 0..1.5."""
        ...


def merge_detections(whole: Sequence[Detection], cut: Sequence[Detection] = ()) -> list[Detection]:
    """One box for each object, in reading order.

    whole: boxes that some window showed whole. The best scored come first; one that repeats a kept box, lies
    inside it, or is covered by several of them is dropped. A cluster's box around a lone chromosome's stays
    beside it: what both lead to is merged by its masks.
    cut: boxes that reach a side of their window. They count only where no whole box shows the same; those
    that overlap are pieces of one object and become one cluster's box around them all.
    """
    kept: list[Detection] = []
    cells = GridIndex()
    for found in sorted(whole, key=lambda d: (-d.score, d.box_slide)):
        near = [kept[i] for i in sorted(cells.near(found.box_slide))]
        repeats = any(_repeats(found.box_slide, other.box_slide) for other in near)
        if not repeats and _covered(found.box_slide, near) <= INSIDE_SHARE:
            cells.add(len(kept), found.box_slide)
            kept.append(found)
    pieces = [d for d in cut if not any(_repeats(d.box_slide, kept[i].box_slide) for i in cells.near(d.box_slide))]
    kept.extend(_joined(pieces))
    return sorted(kept, key=lambda d: (d.box_slide.y0, d.box_slide.x0, d.box_slide))


def _repeats(box: Box, other: Box) -> bool:
    return box.iou(other) > SAME_IOU or box.intersect(other).area > INSIDE_SHARE * box.area


def _covered(box: Box, others: Sequence[Detection]) -> float:
    """Share of a box that other boxes cover together."""
    seen = np.zeros((box.height, box.width), dtype=bool)
    for other in others:
        shared = other.box_slide.intersect(box)
        if not shared.is_empty:
            seen[shared.shift(-box.x0, -box.y0).slices] = True
    return float(seen.mean())


def _joined(pieces: Sequence[Detection]) -> list[Detection]:
    """Enclose pieces that overlap, until none do."""
    joined: list[Detection] = []
    for piece in sorted(pieces, key=lambda d: d.box_slide):
        while True:
            touching = [d for d in joined if not d.box_slide.intersect(piece.box_slide).is_empty]
            if not touching:
                break
            box, score = piece.box_slide, piece.score
            for other in touching:
                box, score = box.enclose(other.box_slide), max(score, other.score)
                joined.remove(other)
            piece = Detection(box, CLUSTER, score)
        joined.append(piece)
    return joined
