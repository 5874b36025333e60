"""What the scripted reviewer knows of a slide: true masks, or true boxes and what the slide shows in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from karyo_split.core.box import Box
from karyo_split.core.mask import EIGHT_CONNECTED, PlacedMask, iou
from karyo_split.datasets.boxed_slide import BoxedSlide
from karyo_split.datasets.truth import AnnotatedSlide
from karyo_split.pipeline.evaluation.box_scores import matched_boxes, usual_air
from karyo_split.pipeline.evaluation.comparison import SlideComparison
from karyo_split.pipeline.evaluation.slide_scores import matched_pairs
from karyo_split.pipeline.normalise import measure_slide
from karyo_split.pipeline.slide.slide import Slide
from numpy.typing import NDArray
from scipy import ndimage

RIGHT = 0.5
"""IoU from which a mask, or a box, is right."""
FOREGROUND = 0.28
"""Normalised grey value of a chromosome, 0 background."""


class Truth(Protocol):
    """A slide's true chromosomes."""

    @property
    def path(self) -> Path:
        """Of the slide."""

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the slide."""

    @property
    def targets(self) -> Sequence[PlacedMask]:
        """What a person sees of each true chromosome, in slide pixels."""

    def pairs(self, found: Sequence[PlacedMask]) -> list[tuple[int, int]]:
        """(index of a true chromosome, index of the mask that is right)."""

    def likeness(self, index: int, placed: PlacedMask) -> float:
        """IoU of a mask with a true chromosome, of masks or of boxes."""


class TrueMasks:
    """Of a slide with true masks: COCO's matching at IoU 0.5."""

    def __init__(self, slide: AnnotatedSlide) -> None:
        self.path, self.shape, self.targets = slide.image_path, slide.shape, slide.chromosomes

    def pairs(self, found: Sequence[PlacedMask]) -> list[tuple[int, int]]:
        """(index of a true chromosome, index of the mask that is right)."""
        scores = tuple(1.0 for _ in found)
        return matched_pairs(
            SlideComparison(self.path.stem, self.shape, tuple(self.targets), tuple(found), scores), RIGHT
        )

    def likeness(self, index: int, placed: PlacedMask) -> float:
        """IoU of masks."""
        return iou(self.targets[index], placed)


class TrueBoxes:
    """Of a slide with true boxes: as `karyo-split evaluate` compares them, with the usual air of the first answer."""

    def __init__(self, slide: BoxedSlide, first: Sequence[PlacedMask]) -> None:
        """first: the masks of the first answer."""
        self.path, self.shape, self._boxes = slide.image_path, slide.shape, slide.boxes
        self._air = usual_air(slide.boxes, [placed.box for placed in first])
        with Slide.open(slide.image_path) as opened:
            everywhere = Box(0, 0, slide.shape[1], slide.shape[0])
            grey = measure_slide(opened).apply(opened.read(everywhere), everywhere)
        self.targets = [self._seen(index, grey) for index in range(len(slide.boxes))]

    def _seen(self, index: int, grey: NDArray[np.float32]) -> PlacedMask:
        """The foreground in a box that lies in few other boxes; all of the box where there is none."""
        box = self._boxes[index]
        shown = grey[box.slices] > FOREGROUND
        others = [other for place, other in enumerate(self._boxes) if place != index]
        alone = shown.copy()
        for other in others:
            shared = other.intersect(box)
            if not shared.is_empty:
                alone[shared.shift(-box.x0, -box.y0).slices] = False
        parts, count = ndimage.label(shown, structure=EIGHT_CONNECTED)
        if count:
            # the piece that has most to itself, and among these that fills the box best
            weight = (
                np.bincount(parts.ravel(), minlength=count + 1)[1:]
                + 3 * np.bincount(parts[alone], minlength=count + 1)[1:]
            )
            shown = parts == 1 + int(np.argmax(weight))
        return PlacedMask.from_dense(shown, (box.y0, box.x0)) or PlacedMask(box, np.ones_like(shown))

    def _loosened(self, box: Box) -> Box:
        left, top, right, bottom = self._air
        return Box(box.x0 - left, box.y0 - top, box.x1 + right, box.y1 + bottom)

    def pairs(self, found: Sequence[PlacedMask]) -> list[tuple[int, int]]:
        """(index of a true chromosome, index of the mask whose box is right)."""
        return matched_boxes(self._boxes, [self._loosened(placed.box) for placed in found], RIGHT)

    def likeness(self, index: int, placed: PlacedMask) -> float:
        """IoU of boxes."""
        return self._boxes[index].iou(self._loosened(placed.box))
