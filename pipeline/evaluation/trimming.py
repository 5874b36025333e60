"""Masks without their pale rims: outlines drawn by hand are loose, on some slides twice as wide as the chromosome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...core.box import Box
from ...core.mask import PlacedMask
from ...datasets import AnnotatedSlide
from ..normalise import measure_slide
from ..slide.slide import Slide
from .comparison import SlideComparison

BODY_PERCENTILE = 90
"""Of the values in a mask: its chromosome's body."""
MIN_OF_BODY = 1 / 3
"""Pixels darker than this share of the body are trimmed."""


def trimmed(comparison: SlideComparison, image: NDArray[np.float32]) -> SlideComparison:
    """The same comparison with truth and masks both trimmed.

    Parameters
    ----------
    comparison
        Of one slide.
    image
        The slide, float32, shape (rows, columns), normalised: background 0.
    """
    return replace(
        comparison,
        truth=trim_masks(comparison.truth, image),
        found=trim_masks(comparison.found, image),
    )


def trim_masks(masks: Sequence[PlacedMask], image: NDArray[np.float32]) -> tuple[PlacedMask, ...]:
    """Each mask without the pixels that are darker than a third of its body; one that is dark all over stays.

    Parameters
    ----------
    masks
        In the pixels of the image.
    image
        float32, shape (rows, columns), normalised: background 0.
    """
    kept = []
    for placed in masks:
        values = image[placed.box.slices]
        body = float(np.percentile(values[placed.mask], BODY_PERCENTILE))
        bright = placed.mask & (values >= MIN_OF_BODY * body)
        kept.append(PlacedMask.from_dense(bright, (placed.box.y0, placed.box.x0)) or placed)
    return tuple(kept)


def normalised_image(slide: AnnotatedSlide, polarity: str) -> NDArray[np.float32]:
    """Read and normalise a whole slide: float32, shape (rows, columns).

    Raises
    ------
    InputError
        Where its file cannot be used.
    """
    with Slide.open(slide.image_path) as opened:
        everywhere = Box(0, 0, opened.shape[1], opened.shape[0])
        return measure_slide(opened, polarity).apply(opened.read(everywhere), everywhere)
