"""Tells interphase nuclei from chromosomes: a spread's masks are rods and crosses, a field of nuclei's are round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from shapely import Polygon

from ..core.mask import PlacedMask
from ..core.outlines import outline_of
from .measure.measurement import elongation
from .records import Chromosome

MAX_ELONGATION = 2.0
"""Nuclei are no more than this times as long as wide."""
MIN_SOLIDITY = 0.95
"""Share of its convex hull that a nucleus fills at least, its own holes filled. Chromosomes, even the shortest, have
waists and uneven arms."""
MIN_ROUND = 0.3
"""Share of a spread's masks. In 12 G-banded spreads, and in those 5 of 129 of DAPI with the roundest chromosomes, one
mask in fifty is round at most; in fields of drawn nuclei it is one in three or more."""


def are_nuclei(chromosomes: Sequence[Chromosome]) -> bool:
    """True where so many masks are round that they are hardly chromosomes.

    Parameters
    ----------
    chromosomes
        Of one spread; at least one.
    """
    return float(np.mean([_is_round(c.placed) for c in chromosomes])) >= MIN_ROUND


def _is_round(placed: PlacedMask) -> bool:
    if elongation(placed.mask) > MAX_ELONGATION:
        return False
    outline = outline_of(placed)
    filled = sum(Polygon(part.exterior).area for part in outline.geoms)
    return filled >= MIN_SOLIDITY * outline.convex_hull.area
