"""Tells chromosomes from what only looks like one, by comparing a slide's masks with each other.

Measured on the true chromosomes of 50 training and validation slides of the M-FISH set: none is more than 1.9 times
as wide as its slide's median, and none has less than a quarter of its slide's median brightness. Nuclei are several
times wider, smears several times paler.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry import PlacedMask

WIDEST = 2.2
PALEST = 0.25
"""Limits, relative to the slide's median."""
FEWEST = 8
"""With fewer masks than this a slide's median says too little, and all are kept."""


@dataclass(frozen=True, eq=False)
class Found:
    """A mask in slide pixels before stitching.

    score: calibrated, 0..1. brightness: mean normalised grey value under the mask.
    unresolved: its box holds foreground that no chromosome explains.
    """

    placed: PlacedMask
    score: float
    brightness: float = 0.5
    unresolved: bool = False


def split_plausible(found: Sequence[Found]) -> tuple[list[Found], list[Found]]:
    """(plausible, implausible) masks of one slide, each in the order given."""
    if len(found) < FEWEST:
        return list(found), []
    widths = np.array([half_width(f.placed.mask) for f in found])
    brightness = np.array([f.brightness for f in found])
    good = (widths <= WIDEST * np.median(widths)) & (brightness >= PALEST * np.median(brightness))
    return (
        [f for f, keep in zip(found, good, strict=True) if keep],
        [f for f, keep in zip(found, good, strict=True) if not keep],
    )


def half_width(mask: NDArray[np.bool_]) -> float:
    """Radius of the largest disc that fits into a mask, in pixels."""
    return float(ndimage.distance_transform_edt(np.pad(mask, 1)).max())
