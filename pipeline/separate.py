"""From boxes to candidates: the segmenter asked on regions of a slide, its masks placed in slide pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.box import Box
from ..detector import CLUSTER
from ..segmenter import ExpectedBox, Segmenter, TooManySeeds
from .detect import DetectedBoxes
from .normalise import Normalisation
from .records import PlacedDetection
from .scoring.candidate import Candidate
from .scoring.features import rim_contrast
from .slide.slide import Slide

CONTEXT = 1.8
"""Pixels read around a box, in typical lengths: what its largest frame can see beyond it."""
MAX_BOXES_AT_ONCE = 64
GROUP_PX = 1024
"""Boxes are separated in groups of those that begin in one square of so many pixels a side."""


@dataclass(frozen=True, eq=False)
class SearchedSlide:
    """A slide, its grey scale, and the detector's boxes on it."""

    slide: Slide
    """The open slide."""
    normalisation: Normalisation
    """How its grey values become normalised ones."""
    boxes: DetectedBoxes
    """What the detector found on it."""

    def region_around(self, box_slide: Box) -> tuple[Box, NDArray[np.float32]]:
        """Read what the segmenter needs to see for a box, in slide pixels.

        Returns
        -------
        region
            Where it lies, in slide pixels.
        image
            float32, shape (region.height, region.width), normalised.

        Raises
        ------
        UnreadableSlide
            Where the file is damaged there.
        """
        region = box_slide.grow(round(CONTEXT * self.boxes.length_px)).clip(self.slide.shape)
        return region, self.normalisation.apply(self.slide.read(region), region)


@dataclass(frozen=True, eq=False)
class FoundMasks:
    """The masks in all boxes of a slide."""

    candidates: list[Candidate]
    """In slide pixels; a chromosome that two boxes show may be among them twice."""
    unexplained_px: int
    """Pixels of foreground that none of them explains."""
    refused: int
    """Boxes in parts of the slide that hold far more than chromosomes have room for: nothing was separated there."""


def separate(searched: SearchedSlide, segmenter: Segmenter, advance: Callable[[int, int], None]) -> FoundMasks:
    """Separate the chromosomes in all boxes of a slide, some neighbouring ones at a time.

    Parameters
    ----------
    searched
        The slide and its boxes.
    segmenter
        Separates them.
    advance
        Called after each group with how many boxes are done and how many there are.

    Raises
    ------
    UnreadableSlide
        Where the file is damaged.
    """
    detections = searched.boxes.detections
    candidates: list[Candidate] = []
    done = unexplained_px = refused = 0
    for group in _groups(detections):
        try:
            found, left = _candidates_in(group, searched, segmenter)
        except TooManySeeds:
            refused += len(group)
        else:
            candidates += found
            unexplained_px += left
        done += len(group)
        advance(done, len(detections))
    return FoundMasks(candidates, unexplained_px, refused)


def _candidates_in(
    group: Sequence[PlacedDetection], searched: SearchedSlide, segmenter: Segmenter
) -> tuple[list[Candidate], int]:
    """The masks in some neighbouring boxes, and how many pixels of foreground none of them explains."""
    around = group[0].box_slide
    for detection in group[1:]:
        around = around.enclose(detection.box_slide)
    region, image = searched.region_around(around)
    boxes = [d.box_slide.shift(-region.x0, -region.y0) for d in group]
    candidates: list[Candidate] = []
    unexplained_px = 0
    expected = [
        ExpectedBox(d.box_slide.shift(-region.x0, -region.y0), d.score)
        for d in (*searched.boxes.detections, *searched.boxes.members)
        if d.kind != CLUSTER and not d.box_slide.intersect(region).is_empty
    ]
    for answer in segmenter.separate(image, boxes, searched.boxes.length_px, expected):
        unexplained_px += answer.unexplained.area if answer.unexplained else 0
        masks = [separated.placed for separated in answer.chromosomes]
        for separated in answer.chromosomes:
            placed = separated.placed.shift(region.x0, region.y0)
            candidates.append(
                Candidate(
                    placed=placed,
                    score=separated.certainty * separated.support,
                    certainty=separated.certainty,
                    support=separated.support,
                    seeds=separated.seeds,
                    quality=separated.quality,
                    brightness=float(image[separated.placed.box.slices][separated.placed.mask].mean()),
                    contrast=rim_contrast(image, separated.placed, masks),
                    box_score=_box_score(placed.box, group),
                    unresolved=answer.unexplained is not None,
                    expected=separated.expected,
                )
            )
    return candidates, unexplained_px


def _box_score(box: Box, detections: Sequence[PlacedDetection]) -> float:
    """The best score of the detector's boxes that hold the middle of a mask's box."""
    y, x = (box.y0 + box.y1) / 2, (box.x0 + box.x1) / 2
    return max((d.score for d in detections if d.box_slide.holds(y, x)), default=0.0)


def _groups(boxes: Sequence[PlacedDetection]) -> Iterator[list[PlacedDetection]]:
    """Boxes in reading order, as many at a time as fit a region of about one window."""
    squares: dict[tuple[int, int], list[PlacedDetection]] = {}
    for detection in boxes:
        square = (detection.box_slide.y0 // GROUP_PX, detection.box_slide.x0 // GROUP_PX)
        squares.setdefault(square, []).append(detection)
    for _, members in sorted(squares.items()):
        for first in range(0, len(members), MAX_BOXES_AT_ONCE):
            yield members[first : first + MAX_BOXES_AT_ONCE]
