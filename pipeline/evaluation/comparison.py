"""A slide's truth and its result, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.mask import PlacedMask
from ...datasets import AnnotatedSlide
from ..records import PlacedDetection
from ..split import Splitter


@dataclass(frozen=True, eq=False)
class SlideComparison:
    """One slide's truth and result.

    truth: true masks. found: masks with their scores, 0..1. boxes: the detector's. All in slide pixels;
    shape is (rows, columns). ambiguous: indices of the true ones that are perhaps two.
    """

    name: str
    shape: tuple[int, int]
    truth: tuple[PlacedMask, ...]
    found: tuple[PlacedMask, ...]
    scores: tuple[float, ...]
    boxes: tuple[PlacedDetection, ...] = ()
    ambiguous: frozenset[int] = frozenset()


def compare(slide: AnnotatedSlide, splitter: Splitter) -> SlideComparison:
    """Split a slide and put the result beside its truth."""
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
