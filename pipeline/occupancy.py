"""Which parts of a slide hold anything at all: the others are not searched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.box import Box
from ..core.grey_scale import EDGE_LEVEL
from .normalise import Normalisation
from .slide.slide import Survey

MIN_OCCUPIED_LEVEL = 0.15
"""Normalised value; a chromosome's edge is 0.35, and the palest that is kept has a body well above this."""


@dataclass(frozen=True, eq=False)
class Occupancy:
    """How far the chromosomes' side of the grey scale reaches in each part of a slide."""

    max_level: NDArray[np.float32]
    """float32, shape (rows, columns) of the survey: the most that any of the slide's pixels (or 4 x 4 px averages, see
    `Survey`) there rises above the background, normalised."""
    step: int
    """Slide pixels, a side, in one of the survey's."""

    @classmethod
    def of(cls, survey: Survey, normalisation: Normalisation) -> Occupancy:
        """Normalise the extremes of a surveyed slide."""
        extreme = survey.highest if normalisation.polarity == "bright" else survey.lowest
        return cls(normalisation.apply_to_view(extreme), survey.step)

    def is_empty(self, box: Box) -> bool:
        """True where no pixel of a box, in slide pixels, can belong to a chromosome."""
        part = self._in(box)
        return not part.size or float(part.max()) < MIN_OCCUPIED_LEVEL

    def foreground_in(self, box: Box) -> int:
        """How many of the survey's pixels in a box, in slide pixels, reach a chromosome's edge."""
        return int(np.count_nonzero(self._in(box) >= EDGE_LEVEL))

    def _in(self, box: Box) -> NDArray[np.float32]:
        return self.max_level[
            box.y0 // self.step : -(-box.y1 // self.step), box.x0 // self.step : -(-box.x1 // self.step)
        ]
