"""Tells chromosomes from what only looks like one, by comparing a slide's masks with each other.

Measured on the true chromosomes of 50 training and validation slides of the M-FISH set: none is more than 1.9 times
as wide as its slide's median, and none has less than a quarter of its slide's median brightness. Nuclei are several
times wider, smears several times paler.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .candidate import Found
from .features import half_width

WIDEST = 2.2
PALEST = 0.25
"""Limits, relative to the slide's median."""
FEWEST = 8
"""With fewer masks than this a slide's median says too little, and all are kept."""


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
