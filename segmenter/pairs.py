"""The seeded network on the published pairs: crops to train on, and its answers as the study's four classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

from ..geometry import bounding_box
from .crops import enlarge, frame_at, frame_side, seed_plane
from .decode import Segmenter
from .joint import label_two
from .looked import Looked
from .made_pairs import make_pair
from .model import CROP_SIDE
from .scene import Scene, TrainingSlide, random_stretch, random_turn, scene_of, warp
from .seeds import ridge_seeds

PAIR_LENGTH_PX = 36.0
"""What counts as the typical chromosome length in these images, in their pixels."""
OVERLAP = 3
BODY, BRIGHTEST = 0.7, 1.5
"""Normalised value of a chromosome's body, and the value at which brighter pixels are clipped."""
EMPTY = 0.1
"""Normalised value from which a pixel belongs to the pair."""
SEEDED = 0.43
"""Share of a body's value from which a pixel may be seeded."""
SEEDS_APART_PX = 4.0


MADE_SHARE = 0.4
"""Share of the training scenes that are made from slides, where there are slides."""


@dataclass(frozen=True, eq=False)
class PairScenes:
    """Training scenes from labelled pairs, and from pairs made from the lone chromosomes of slides.

    grey: floats, shape (N, 88, 88), normalised. labels: uint8, the same shape: 0 background, 1 and 2 the
    chromosomes' own parts, 3 overlap. slides: with at least two lone chromosomes each; may be empty.
    """

    grey: NDArray[np.floating]
    labels: NDArray[np.uint8]
    slides: Sequence[TrainingSlide] = ()

    def draw(self, rng: Generator) -> Scene:
        """A pair, turned, stretched and framed as unevenly as a detector's boxes would."""
        while True:
            if self.slides and rng.random() < MADE_SHARE:
                made = make_pair(self.slides[int(rng.integers(len(self.slides)))], rng)
                scene = None if made is None else self._scene(normalised(made[0][None])[0], made[1], rng)
            else:
                index = int(rng.integers(len(self.grey)))
                scene = self._scene(self.grey[index].astype(np.float32), self.labels[index], rng)
            if scene is not None and scene.subject:
                return scene

    def fixed(self, number: int, rng: Generator) -> Scene | None:
        """A pair as it is."""
        index = number % len(self.grey)
        return self._scene(self.grey[index].astype(np.float32), self.labels[index], None)

    def _scene(self, grey: NDArray[np.float32], labels: NDArray[np.uint8], rng: Generator | None) -> Scene | None:
        box = bounding_box(labels > 0)
        if box is None:
            return None
        wobble = rng.normal(0, 0.06 * PAIR_LENGTH_PX, 2) if rng else np.zeros(2)
        side = frame_side(box, PAIR_LENGTH_PX) * (math.exp(rng.normal(0, 0.1)) if rng else 1.0)
        matrix = random_turn(rng) @ random_stretch(rng) if rng else np.eye(2)
        planes = np.stack([grey, *(whole(labels, c).astype(np.float32) for c in (1, 2))])
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

    The smaller chromosome is 1, the larger 2, as in most of the set. These images are cut out, their background is
    empty: what lies above it is the pair, and every seed is asked in the one frame around it.
    """
    classes = np.zeros(image.shape, dtype=np.uint8)
    pair = ndimage.binary_fill_holes(image > EMPTY)
    box = bounding_box(pair)
    seeds = ridge_seeds(image > BODY * SEEDED, SEEDS_APART_PX, segmenter.settings.most_seeds)
    if box is None or not seeds:
        return classes
    frame = frame_at((box.y0 + box.y1 - 1) / 2, (box.x0 + box.x1 - 1) / 2, frame_side(box, PAIR_LENGTH_PX))
    looked = Looked(segmenter.network, image, segmenter.device, segmenter.settings.batch)
    answers = looked.ask([frame] * len(seeds), [seed_plane(*frame.to_crop(*seed)) for seed in seeds])
    inside = frame.box.clip(image.shape)
    seen = inside.shift(-frame.x0, -frame.y0).slices
    asked = pair[inside.slices]
    planes = [[enlarge(plane, frame)[seen][asked] for plane in answer[1:]] for answer in answers]
    classes[inside.slices][asked] = label_two(np.array(planes))
    if np.count_nonzero(whole(classes, 1)) > np.count_nonzero(whole(classes, 2)):
        classes = np.array([0, 2, 1, OVERLAP], dtype=np.uint8)[classes]
    return classes
