"""Slides with truth, read and normalised for the trainings of both networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.box import Box
from ...core.clusters import clusters_of
from ...core.mask import PlacedMask
from ...datasets import AnnotatedSlide
from ...datasets.simulate import STAINS, SlideRecipe, simulate_slide
from ..normalise import measure
from ..slide.slide import Slide, to_grey

SIMULATION_SEED = 1000
"""Seed of the first simulated slide of a training; the others follow."""
UNMEASURED_LENGTH_PX = 35.0
"""Typical length of the chromosomes of a slide without lone ones."""


@dataclass(frozen=True, eq=False)
class PreparedSlide:
    """A slide as the networks see it, with its truth."""

    name: str
    """File name without its ending."""
    image: NDArray[np.float32]
    """float32, shape (rows, columns), normalised."""
    masks: tuple[PlacedMask, ...]
    """The true chromosomes, in slide pixels."""
    clusters: tuple[tuple[int, ...], ...]
    """Indices into `masks`, one tuple per cluster."""
    length_px: float
    """Typical length: the median long side of the boxes of its lone chromosomes."""
    ambiguous: frozenset[int] = frozenset()
    """Indices into `masks` of those that may be two chromosomes."""
    absorbing: bool = False
    """Whether it is bright field."""


def prepare(slides: Iterable[AnnotatedSlide]) -> Iterator[PreparedSlide]:
    """Read and normalise slides with truth."""
    for slide in slides:
        with Slide.open(slide.image_path) as opened:
            grey = opened.read(Box(0, 0, opened.shape[1], opened.shape[0]))
        yield prepared(slide.name, grey, slide.chromosomes, slide.ambiguous)


def simulated(count: int, seed: int) -> Iterator[PreparedSlide]:
    """Simulated slides, every second one in the Giemsa look.

    Parameters
    ----------
    count
        How many.
    seed
        Of the first; the others follow.
    """
    for number in range(count):
        stain = STAINS[number % 2]
        drawn = simulate_slide(SlideRecipe(seed=seed + number, stain=stain))
        yield prepared(f"simulated-{stain}-{seed + number}", to_grey(drawn.image), drawn.chromosomes)


def prepared(
    name: str, grey: NDArray[np.float32], masks: Sequence[PlacedMask], ambiguous: frozenset[int] = frozenset()
) -> PreparedSlide:
    """Normalise a slide, grey float32 (rows, columns), and group its masks."""
    shape = (grey.shape[0], grey.shape[1])
    scale = measure(grey, shape)
    image = scale.apply(grey, Box(0, 0, shape[1], shape[0]))
    clusters = clusters_of(masks)
    long_sides = [masks[c[0]].box.long_side for c in clusters if len(c) == 1]
    length = float(np.median(long_sides)) if long_sides else UNMEASURED_LENGTH_PX
    return PreparedSlide(name, image, tuple(masks), tuple(clusters), length, ambiguous, scale.polarity == "dark")
