"""Overlapping pairs made from the lone chromosomes of slides, as the published set was made from one cell's.

Source: Pommier's set in Hu, Karnowski, Fadely, Pommier: Image segmentation to distinguish between overlapping human
chromosomes, NIPS workshop on machine learning for health, 2017: two cut-out chromosomes, turned and moved until they
overlap; the grey values of the overlap are added.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from ...core.errors import TruthError
from ...core.grey_scale import BODY_LEVEL
from ..conditional import CROP_SIDE
from .pair_scene import moved_pair_scene, normalised
from .scene import Scene, TrainingSlide
from .synthetic_clusters import CANVAS_SIDE, lifted, shifted

LENGTH_PX = 34.0
"""Length that a slide's typical chromosome is brought to."""
BODY_GREY = 110.0
"""Grey value, of 255, of a chromosome's body: where two lie on each other some pixels are clipped, as in the set."""
OUTLINE = (0.08, 0.22)
"""Normalised value down to which a pixel at a chromosome's rim is its own: the set's outlines lie far out on the fading
rim, where a chromosome has a fifth to a third of its brightness, and cut off what lies beyond."""
RIM_PX = 2
"""How far outside the slide's own outline that may be."""
MAX_BLUR_PX = 0.8
"""Largest standard deviation of a blur: the set's images are a little softer than most slides."""
MAX_HALF_WIDTH_PX = 13
"""What is plumper is no chromosome that could lie in such an image."""
MIN_SHARED, MAX_SHARED = 0.01, 0.95
"""Overlap, as a share of the smaller chromosome."""
MIN_CHROMOSOME_PX = 30
PROBED_SHARE, TELOMERES_SHARE = 0.5, 0.6
"""Share of the images whose chromosomes carry the bright spots of a probe, and of those where it marks the telomeres,
as it does throughout the set."""
MAX_TRIES = 20
MAX_DRAWS = 1000
"""Of slides from which no pair comes; nearly every one gives some."""
AUGMENTED_SHARE = 0.4
"""Share of the pairs whose grey values are augmented in training."""


@dataclass(frozen=True, eq=False)
class SyntheticPairs:
    """Training scenes of pairs that are made on the way."""

    slides: Sequence[TrainingSlide]
    """Some that `lending` gives."""

    def draw(self, rng: Generator, number: int) -> Scene:
        """A pair of a random slide, turned, mirrored and moved.

        Raises
        ------
        TruthError
            Where the slides' lone chromosomes make none: they are too pale, too plump or too small.
        """
        for _ in range(MAX_DRAWS):
            scene = self.fixed(int(rng.integers(len(self.slides))), rng)
            if scene is not None and scene.subject:
                return scene
        raise TruthError(
            f"the lone chromosomes of {len(self.slides)} slides make no pair: give other slides, or --pairs 0"
        )

    def fixed(self, number: int, rng: Generator) -> Scene | None:
        """A pair of the slide that the number names; None where none could be made."""
        made = make_pair(self.slides[number % len(self.slides)], rng)
        return made and moved_pair_scene(normalised(made[0][None])[0], made[1], AUGMENTED_SHARE, rng)


def lending(slides: Iterable[TrainingSlide]) -> list[TrainingSlide]:
    """Those of some slides of which pairs can be made: fluorescence, with at least two lone chromosomes."""
    return [slide for slide in slides if len(slide.lone) > 1 and not slide.absorbing]


def make_pair(slide: TrainingSlide, rng: Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """An image of two lone chromosomes of a slide that overlap, and its labels: both uint8, shape (88, 88).

    Parameters
    ----------
    slide
        With at least two lone chromosomes.
    rng
        For all that is random.

    Returns
    -------
    tuple[ndarray, ndarray] or None
        None where they cannot be laid on each other within the image.
    """
    first, second = (int(i) for i in rng.choice(slide.lone, 2, replace=False))
    zoom = slide.length_px / LENGTH_PX * math.exp(rng.normal(0, 0.2))
    blur, outline = rng.uniform(0, MAX_BLUR_PX), rng.uniform(*OUTLINE)
    (below, under), (above, over) = (
        _cut_out(*lifted(slide, i, rng.uniform(0, 2 * math.pi), zoom, rng), blur, outline) for i in (first, second)
    )
    if min(under.sum(), over.sum()) < MIN_CHROMOSOME_PX:
        return None
    if max(ndimage.distance_transform_edt(mask).max() for mask in (under, over)) > MAX_HALF_WIDTH_PX:
        return None
    if rng.random() < PROBED_SHARE:
        telomeres = rng.random() < TELOMERES_SHARE
        below, above = below + _spots(under, telomeres, rng), above + _spots(over, telomeres, rng)
    theirs, mine = np.argwhere(under), np.argwhere(over)
    for _ in range(MAX_TRIES):
        move = theirs[int(rng.integers(len(theirs)))] - mine[int(rng.integers(len(mine)))]
        moved = shifted(over, move)
        shared = np.count_nonzero(under & moved) / min(len(theirs), len(mine))
        if MIN_SHARED <= shared <= MAX_SHARED:
            break
    else:
        return None
    labels = under + 2 * moved.astype(np.uint8)
    grey = np.clip((below + shifted(above, move)) * (BODY_GREY / BODY_LEVEL), 0, 255)
    places = np.argwhere(labels)
    if (np.ptp(places, axis=0) >= CROP_SIDE).any():
        return None
    top = np.clip((places.min(axis=0) + places.max(axis=0) + 1 - CROP_SIDE) // 2, 0, CANVAS_SIDE - CROP_SIDE)
    view = (slice(top[0], top[0] + CROP_SIDE), slice(top[1], top[1] + CROP_SIDE))
    return grey[view].astype(np.uint8), labels[view].astype(np.uint8)


def _cut_out(
    grey: NDArray[np.float32], mask: NDArray[np.bool_], blur: float, outline: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A chromosome blurred and cut out along its rim: grey values, zero outside, and mask."""
    grey = ndimage.gaussian_filter(grey, blur)
    mask = ndimage.binary_fill_holes(ndimage.binary_dilation(mask, iterations=RIM_PX) & (grey > outline))
    pieces, number = ndimage.label(mask)
    if number > 1:
        mask = pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    return grey * mask, mask


def _spots(mask: NDArray[np.bool_], telomeres: bool, rng: Generator) -> NDArray[np.floating]:
    """Bright spots of a probe on a chromosome: two at each end, or up to five anywhere."""
    places = np.argwhere(mask)
    spots = np.zeros(mask.shape)
    if telomeres:
        middle = places.mean(axis=0)
        axis = np.linalg.svd(places - middle, full_matrices=False)[2][0]
        ends = np.argsort((places - middle) @ axis)
        near = max(2, len(places) // 10)
        chosen = np.concatenate([rng.choice(ends[:near], 2), rng.choice(ends[-near:], 2)])
    else:
        chosen = rng.integers(len(places), size=int(rng.integers(1, 6)))
    for row, column in places[chosen]:
        spots[row, column] = rng.uniform(2, 8)
    return ndimage.gaussian_filter(spots, rng.uniform(0.5, 1.0)) * mask
