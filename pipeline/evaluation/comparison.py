"""A slide's truth and its result, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.mask import PlacedMask
from ...datasets import AnnotatedSlide
from ..records import PlacedDetection
from ..split import Splitter


@dataclass(frozen=True, eq=False)
class SlideComparison:
    """One slide's truth and result."""

    name: str
    """Of the slide."""
    shape: tuple[int, int]
    """(rows, columns) of the slide."""
    truth: tuple[PlacedMask, ...]
    """True masks, in slide pixels."""
    found: tuple[PlacedMask, ...]
    """The result's masks, in slide pixels."""
    scores: tuple[float, ...]
    """The result's scores, 0..1, one per mask."""
    boxes: tuple[PlacedDetection, ...] = ()
    """The detector's boxes."""
    ambiguous: frozenset[int] = frozenset()
    """Indices of the true ones that are perhaps two."""


def compare(slide: AnnotatedSlide, splitter: Splitter) -> SlideComparison:
    """Split a slide and put the result beside its truth.

    Parameters
    ----------
    slide
        With its truth.
    splitter
        Splits it.
    """
    result = splitter.split(slide.image_path)
    return SlideComparison(
        slide.name,
        slide.shape,
        slide.chromosomes,
        tuple(c.placed for c in result.chromosomes),
        tuple(c.score for c in result.chromosomes),
        result.boxes,
        slide.ambiguous,
    )
