"""The scale at which a slide is searched: chosen by what the detector finds at several zooms.

At a wrong scale specks look like chromosomes, and a chromosome's bands, or a whole spread, like one. The scale with
the most evidence wins: boxes by score and length, many rather than few, about as long as the detector's training
shows them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..detector import CHROMOSOME
from .records import PlacedDetection

WORKING_LENGTH_PX = 35.0
"""The typical length of a lone chromosome at the working scale: the median of the training slides."""
ZOOM_STEPS = 64
"""Zooms are whole numbers of steps, so many to 1: a window that starts at a multiple of so many slide pixels starts at
a whole pixel of the resampled slide, and all windows show the same pixels."""
ZOOMS = (1.0, 26 / ZOOM_STEPS, 10 / ZOOM_STEPS)
"""Always looked at; working pixels a slide pixel."""
LARGEST_ZOOM = 2.5
"""Looked at where the others leave a doubt."""
MIN_SURE_SCORE = 0.3
"""Only boxes of this score or more are measured."""
MIN_LONE = 3
"""A length is the median of so many lone chromosomes at least."""
ENOUGH = 8
"""So many boxes are enough to measure."""
ENOUGH_EVIDENCE = 20
"""With fewer boxes evidence counts less: a field has fewer nuclei than a spread has chromosomes."""
MIN_CLEAR_LENGTH = 0.7
"""At a zoom of 1, lone chromosomes of this share of the working length or more leave no doubt that smaller ones are
none."""
SPREAD = 0.7
"""Standard deviation of the logarithm of the lengths, over the working length, that the detector is trained for."""


@dataclass(frozen=True)
class View:
    """What the detector found in a part of a slide at one zoom."""

    zoom: float
    """Working pixels a slide pixel."""
    boxes: Sequence[PlacedDetection]
    """In slide pixels."""
    members: Sequence[PlacedDetection]
    """Chromosomes inside clusters, in slide pixels."""
    share: float
    """Share of the slide's foreground that the part holds, 0..1."""

    @property
    def _single(self) -> list[PlacedDetection]:
        """The boxes that hold one chromosome each."""
        return [*(d for d in self.boxes if d.kind == CHROMOSOME), *self.members]

    @property
    def _sure(self) -> int:
        return sum(d.score >= MIN_SURE_SCORE for d in self._single)

    @property
    def length_px(self) -> float | None:
        """The typical length of what it shows, in slide pixels; None where that is too little."""
        return typical_length(self.boxes, self.members)

    @property
    def evidence(self) -> float:
        """How much speaks for this zoom: scores times roots of lengths, in slide pixels, summed for the whole slide.

        Lengths count so that specks do not outweigh chromosomes, and by their roots so that nuclei do not either.
        """
        length = self.length_px
        if length is None or self.share <= 0:
            return 0.0
        off = math.log(length * self.zoom / WORKING_LENGTH_PX) / SPREAD
        enough = min(1.0, self._sure / ENOUGH_EVIDENCE)
        total = sum(d.score * d.box_slide.area**0.25 for d in self._single)
        return total / self.share * enough * math.exp(-(off**2) / 2)

    @property
    def is_clear(self) -> bool:
        """True where a larger zoom need not be looked at: many boxes that are long enough."""
        length = self.length_px
        return (
            length is not None and self._sure >= ENOUGH and length * self.zoom >= MIN_CLEAR_LENGTH * WORKING_LENGTH_PX
        )


def choose_zoom(look: Callable[[float], View]) -> float:
    """The zoom with the most evidence, 1.0 where there is none at all.

    Parameters
    ----------
    look
        Shows a slide at a zoom.
    """
    views = [look(zoom) for zoom in ZOOMS]
    if not any(view.is_clear for view in views):
        views.append(look(LARGEST_ZOOM))
    return max(views, key=lambda view: (view.evidence, view.zoom == 1.0)).zoom


def zoom_for(length_px: float, largest: float) -> float:
    """The zoom, at most `largest`, that brings a typical length nearest to the working length."""
    steps = round(WORKING_LENGTH_PX / length_px * ZOOM_STEPS)
    return min(max(1, steps) / ZOOM_STEPS, largest)


def typical_length(boxes: Sequence[PlacedDetection], members: Sequence[PlacedDetection] = ()) -> float | None:
    """The median long side of lone chromosomes, in pixels; None with fewer than three of them.

    Where few are alone, those are mostly the small ones: the members of clusters are measured with them.
    """
    sure = _lengths(boxes, MIN_SURE_SCORE)
    if len(sure) < ENOUGH:
        sure += [d.box_slide.long_side for d in members if d.score >= MIN_SURE_SCORE]
    lengths = sure if len(sure) >= MIN_LONE else _lengths(boxes, 0.0)
    return float(np.median(lengths)) if len(lengths) >= MIN_LONE else None


def _lengths(boxes: Sequence[PlacedDetection], score: float) -> list[int]:
    return [d.box_slide.long_side for d in boxes if d.kind == CHROMOSOME and d.score >= score]
