"""The segmenter's network on the published pairs: crops to train on, and its answers as the study's four classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from ..core.grey_scale import BODY_LEVEL
from ..segmenter.conditional import CROP_SIDE
from ..segmenter.crops import Frame
from ..segmenter.decoder import Segmenter
from ..segmenter.seeds import ridge_seeds
from ..segmenter.training.pair_scene import OVERLAP, moved_pair_scene, pair_scene, whole
from ..segmenter.training.scene import Scene
from .pair_labelling import label_two

EMPTY = 0.1
"""Normalised value from which a pixel belongs to the pair."""
SEEDED = 0.43
"""Share of a body's value from which a pixel may be seeded."""
SEEDS_APART_PX = 4.0
TURNS = (0, 1)
"""Quarter turns that a pair is asked in, each as it is and mirrored."""


AUGMENTED_SHARE = 0.2
"""Share of the set's pairs whose grey values are augmented in training."""


@dataclass(frozen=True, eq=False)
class PairScenes:
    """Training scenes from labelled pairs."""

    grey: NDArray[np.floating]
    """Shape (N, 88, 88), normalised."""
    labels: NDArray[np.uint8]
    """uint8, the same shape: 0 background, 1 and 2 the chromosomes' own parts, 3 overlap."""

    def draw(self, rng: Generator, number: int) -> Scene:
        """A pair, turned, mirrored and moved."""
        while True:
            index = int(rng.integers(len(self.grey)))
            scene = moved_pair_scene(self.grey[index], self.labels[index], AUGMENTED_SHARE, rng)
            if scene is not None and scene.subject:
                return scene

    def fixed(self, number: int, rng: Generator) -> Scene | None:
        """A pair as it is."""
        index = number % len(self.grey)
        return pair_scene(self.grey[index], self.labels[index], False)


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
    answers = torch.stack([_asked(segmenter, image, seeds, turns) for turns in TURNS]).mean(dim=0)
    classes[pair] = label_two(answers[:, 1:, torch.from_numpy(pair)].numpy())
    if np.count_nonzero(whole(classes, 1)) > np.count_nonzero(whole(classes, 2)):
        classes = np.array([0, 2, 1, OVERLAP], dtype=np.uint8)[classes]
    return classes


def _asked(segmenter: Segmenter, image: NDArray[np.float32], seeds: list[tuple[int, int]], turns: int) -> Tensor:
    """All seeds' answers to an image that was turned, turned back: (seeds, 4, rows, columns)."""
    for _ in range(turns):
        seeds = [(CROP_SIDE - 1 - column, row) for row, column in seeds]
    turned = np.ascontiguousarray(np.rot90(image, turns))
    frames = [Frame(0, 0, CROP_SIDE)] * len(seeds)
    answers, _ = segmenter.cache(turned).answers(frames, seeds, [True] * len(seeds))
    return torch.rot90(answers, -turns, (2, 3))
