"""Tells a karyogram, chromosomes sorted upright in rows, from a metaphase spread, where they lie in any direction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .measure.measurement import elongation, orientation
from .records import Chromosome

MIN_CHROMOSOMES = 12
MAX_TILT_DEG = 20.0
"""In a spread two chromosomes of nine stand as upright as this."""
MIN_UPRIGHT = 0.75
"""Share of the long chromosomes of a karyogram that stand upright: among twelve that lie anyhow, so many do in one
spread of seven thousand."""
MIN_ELONGATION = 1.5
"""Only masks this much higher than wide, or wider than high, have a direction."""


def is_karyogram(chromosomes: Sequence[Chromosome]) -> bool:
    """True where nearly all chromosomes that are long enough to have a direction stand upright.

    Parameters
    ----------
    chromosomes
        Of one slide.
    """
    tilts = [_tilt(c) for c in chromosomes if elongation(c.mask) >= MIN_ELONGATION]
    return len(tilts) >= MIN_CHROMOSOMES and float(np.mean(np.array(tilts) <= MAX_TILT_DEG)) >= MIN_UPRIGHT


def _tilt(chromosome: Chromosome) -> float:
    """Degrees between a mask's long axis and the upright."""
    return abs(orientation(chromosome.mask) - 90.0)
