"""The segmenter's network on the published pairs: crops to train on, and its answers as the study's four classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

from ..core.box import Box, bounding_box
from ..core.grey_scale import BODY_LEVEL, MAX_LEVEL
from ..segmenter.conditional import CROP_SIDE
from ..segmenter.crops import Frame
from ..segmenter.decoder import Segmenter
from ..segmenter.seeds import ridge_seeds
from ..segmenter.training.scene import Scene, TrainingSlide, scene_of
from .pair_labelling import label_two
from .synthetic_pairs import make_pair

OVERLAP = 3
EMPTY = 0.1
"""Normalised value from which a pixel belongs to the pair."""
SEEDED = 0.43
"""Share of a body's value from which a pixel may be seeded."""
SEEDS_APART_PX = 4.0


SYNTHETIC_SHARE = 0.25
"""Share of the training scenes that are made from slides, where there are slides."""
AUGMENTED_SHARE, SYNTHETIC_AUGMENTED_SHARE = 0.2, 0.6
"""Share of the set's own pairs, and of the made ones, whose grey values are augmented: the sum of two chromosomes' grey
values says exactly where they overlap, and an augmented pair no longer says so."""


@dataclass(frozen=True, eq=False)
class PairScenes:
    """Training scenes from labelled pairs, and from pairs made from the lone chromosomes of slides."""

    grey: NDArray[np.floating]
    """Shape (N, 88, 88), normalised."""
    labels: NDArray[np.uint8]
    """uint8, the same shape: 0 background, 1 and 2 the chromosomes' own parts, 3 overlap."""
    slides: Sequence[TrainingSlide] = ()
    """With at least two lone chromosomes each; may be empty."""

    def draw(self, rng: Generator, number: int) -> Scene:
        """A pair, turned by right angles, mirrored and moved: never resampled, so that its outlines stay exact."""
        while True:
            if self.slides and rng.random() < SYNTHETIC_SHARE:
                made = make_pair(self.slides[int(rng.integers(len(self.slides)))], rng)
                if made is None:
                    continue
                grey, labels, augmented = normalised(made[0][None])[0], made[1], SYNTHETIC_AUGMENTED_SHARE
            else:
                index = int(rng.integers(len(self.grey)))
                grey, labels, augmented = self.grey[index].astype(np.float32), self.labels[index], AUGMENTED_SHARE
            scene = _scene(*_moved(grey, labels, rng), bool(rng.random() < augmented))
            if scene is not None and scene.subject:
                return scene

    def fixed(self, number: int, rng: Generator) -> Scene | None:
        """A pair as it is."""
        index = number % len(self.grey)
        return _scene(self.grey[index].astype(np.float32), self.labels[index], False)


def _scene(grey: NDArray[np.float32], labels: NDArray[np.uint8], augmented: bool) -> Scene | None:
    return scene_of(grey, np.stack([whole(labels, chromosome) for chromosome in (1, 2)]), 2, augmented)


def _moved(
    grey: NDArray[np.float32], labels: NDArray[np.uint8], rng: Generator
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """A pair turned by a multiple of 90 degrees, mirrored half of the time, anywhere in its image."""
    turns, mirrored = int(rng.integers(4)), rng.random() < 0.5
    if mirrored:
        grey, labels = grey[:, ::-1], labels[:, ::-1]
    grey, labels = np.rot90(grey, turns), np.rot90(labels, turns)
    box = bounding_box(labels > 0) or Box(0, 0, CROP_SIDE, CROP_SIDE)
    move = (int(rng.integers(-box.y0, CROP_SIDE - box.y1 + 1)), int(rng.integers(-box.x0, CROP_SIDE - box.x1 + 1)))
    return np.roll(grey, move, (0, 1)), np.roll(labels, move, (0, 1))


def normalised(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Images of pairs on the grey scale of slides: background 0, chromosomes near 0.7; float32 of the same shape.

    Parameters
    ----------
    grey
        uint8, shape (N, rows, columns), bright chromosomes; each image is measured by itself (threshold after Otsu,
        1979).
    """
    out = np.zeros(grey.shape, dtype=np.float32)
    for image, scaled in zip(grey, out, strict=True):
        threshold = threshold_otsu(image)
        bright = image[image > threshold]
        background = float(np.median(image[image <= threshold]))
        if bright.size:
            scaled[:] = (image - background) * (BODY_LEVEL / max(1.0, float(np.median(bright)) - background))
    return np.clip(out, 0, MAX_LEVEL)


def whole(labels: NDArray[np.integer], chromosome: int) -> NDArray[np.bool_]:
    """The whole of chromosome 1 or 2: its own part and the overlap."""
    return (labels == chromosome) | (labels == OVERLAP)


def separate_pair(segmenter: Segmenter, image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The study's classes of one image, float32, shape (rows, columns), normalised: uint8, 0..3.

    The smaller chromosome is 1, the larger 2, as in most of the set. These images are cut out, their background is
    empty: what lies above it is the pair. The image is one crop as it is, which every seed is asked in.

    Parameters
    ----------
    segmenter
        Ours.
    image
        float32, shape (88, 88), normalised.

    Raises
    ------
    ValueError
        For an image that is not 88 x 88.
    """
    if image.shape != (CROP_SIDE, CROP_SIDE):
        raise ValueError(f"an image of a pair has {CROP_SIDE} x {CROP_SIDE} px, not {image.shape}")
    classes = np.zeros(image.shape, dtype=np.uint8)
    pair = ndimage.binary_fill_holes(image > EMPTY)
    seeds = ridge_seeds(image > BODY_LEVEL * SEEDED, SEEDS_APART_PX, segmenter.settings.max_seeds)
    if not seeds:
        return classes
    frame = Frame(0, 0, CROP_SIDE)
    answers, _ = segmenter.cache(image).answers([frame] * len(seeds), seeds, [True] * len(seeds))
    classes[pair] = label_two(answers[:, 1:, torch.from_numpy(pair)].numpy())
    if np.count_nonzero(whole(classes, 1)) > np.count_nonzero(whole(classes, 2)):
        classes = np.array([0, 2, 1, OVERLAP], dtype=np.uint8)[classes]
    return classes
