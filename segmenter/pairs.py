"""The seeded network on the published pairs: crops to train on, and its answers as the study's four classes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

from ..geometry import Box, PlacedMask, bounding_box
from .choose import Separated
from .crops import MARGIN, frame_side
from .decode import Segmenter
from .model import CROP_SIDE
from .scene import Scene, random_stretch, random_turn, scene_of, warp

PAIR_LENGTH_PX = 36.0
"""What counts as the typical chromosome length in these images, in their pixels."""
OVERLAP = 3
BODY, BRIGHTEST = 0.7, 1.5
"""Normalised value of a chromosome's body, and the value at which brighter pixels are clipped."""


@dataclass(frozen=True, eq=False)
class PairScenes:
    """Training scenes from labelled pairs.

    grey: floats, shape (N, 88, 88), normalised. labels: uint8, the same shape: 0 background, 1 and 2 the
    chromosomes' own parts, 3 overlap.
    """

    grey: NDArray[np.floating]
    labels: NDArray[np.uint8]

    def draw(self, rng: Generator) -> Scene:
        """A pair, turned, stretched and framed as unevenly as a detector's boxes would."""
        while True:
            scene = self._scene(int(rng.integers(len(self.grey))), rng)
            if scene is not None and scene.subject:
                return scene

    def fixed(self, number: int, rng: Generator) -> Scene | None:
        """A pair as it is."""
        return self._scene(number % len(self.grey), None)

    def _scene(self, index: int, rng: Generator | None) -> Scene | None:
        labels = self.labels[index]
        box = bounding_box(labels > 0)
        if box is None:
            return None
        wobble = rng.normal(0, 0.06 * PAIR_LENGTH_PX, 2) if rng else np.zeros(2)
        side = frame_side(box, PAIR_LENGTH_PX) * (math.exp(rng.normal(0, 0.1)) if rng else 1.0)
        matrix = random_turn(rng) @ random_stretch(rng) if rng else np.eye(2)
        planes = np.stack([self.grey[index].astype(np.float32), *(whole(labels, c).astype(np.float32) for c in (1, 2))])
        centre = ((box.y0 + box.y1) / 2 + wobble[0], (box.x0 + box.x1) / 2 + wobble[1])
        crop = warp(planes, matrix * (side / CROP_SIDE), centre)
        return scene_of(crop[0], crop[1:] > 0.5, 2)


def normalised(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Images of pairs on the grey scale of slides: background 0, chromosomes near 0.7; float32 of the same shape.

    grey: (N, rows, columns), bright chromosomes. Each image is measured by itself (threshold after Otsu, 1979).
    """
    out = np.zeros(grey.shape, dtype=np.float32)
    for image, scaled in zip(grey, out, strict=True):
        threshold = threshold_otsu(image)
        bright = image[image > threshold]
        background = float(np.median(image[image <= threshold]))
        if bright.size:
            scaled[:] = (image - background) * (BODY / max(1.0, float(np.median(bright)) - background))
    return np.clip(out, 0, BRIGHTEST)


def whole(labels: NDArray[np.integer], chromosome: int) -> NDArray[np.bool_]:
    """The whole of chromosome 1 or 2: its own part and the overlap."""
    return (labels == chromosome) | (labels == OVERLAP)


def separate_pair(segmenter: Segmenter, image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The study's classes of one image, float32, shape (rows, columns), normalised: uint8, 0..3.

    The two chromosomes are the two best supported masks; the smaller one is 1, the larger 2, as in most of the set.
    """
    everywhere = Box(0, 0, image.shape[1], image.shape[0])
    content = bounding_box(image > 0.1) or everywhere
    masks: list[Separated] = []
    for answer in segmenter.separate(image, [content.grow(round(content.width * (MARGIN - 1) / 4))], PAIR_LENGTH_PX):
        masks.extend(answer.chromosomes)
    two = sorted(masks, key=lambda s: -s.support * s.certainty * math.sqrt(s.placed.area))[:2]
    return classes_of([s.placed for s in sorted(two, key=lambda s: s.placed.area)], everywhere)


def classes_of(masks: list[PlacedMask], window: Box) -> NDArray[np.uint8]:
    """Two masks as classes: 1 and 2 where one lies alone, 3 where both do; one mask alone is class 2."""
    classes = np.zeros((window.height, window.width), dtype=np.uint8)
    for value, placed in enumerate(masks, start=3 - len(masks)):
        classes += np.uint8(value) * placed.within(window).astype(np.uint8)
    return classes
