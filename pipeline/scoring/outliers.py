"""Tells chromosomes from what only looks like one, by comparing a slide's masks with each other.

Measured on the true chromosomes of 50 training and validation slides of the M-FISH set: none is more than 1.9 times
as wide as its slide's median, and none has less than a quarter of its slide's median brightness. Nuclei are several
times wider, smears several times paler.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .candidate import Candidate
from .features import half_width

MAX_RELATIVE_WIDTH = 2.2
MIN_RELATIVE_BRIGHTNESS = 0.25
"""Limits, relative to the slide's median."""
MIN_MASKS = 8
"""With fewer masks than this a slide's median says too little, and all are kept."""


def split_outliers(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Divide the masks of one slide into those like the others and those far wider or paler.

    Parameters
    ----------
    candidates
        All of them.

    Returns
    -------
    kept, outliers
        Each in the order given.
    """
    if len(candidates) < MIN_MASKS:
        return list(candidates), []
    widths = np.array([half_width(c.placed.mask) for c in candidates])
    brightness = np.array([c.brightness for c in candidates])
    good = (widths <= MAX_RELATIVE_WIDTH * np.median(widths)) & (
        brightness >= MIN_RELATIVE_BRIGHTNESS * np.median(brightness)
    )
    return (
        [c for c, keep in zip(candidates, good, strict=True) if keep],
        [c for c, keep in zip(candidates, good, strict=True) if not keep],
    )
