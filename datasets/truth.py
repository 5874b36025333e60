"""What a slide with known chromosomes is, whatever format it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.mask import PlacedMask


@dataclass(frozen=True, eq=False)
class AnnotatedSlide:
    """A slide and its true chromosomes.

    name: the slide's file name without its ending.
    image_path: the slide's file.
    shape: (rows, columns).
    chromosomes: their masks in slide pixels; two may share pixels.
    ambiguous: indices of those that the truth itself leaves open: perhaps two drawn as one.
    """

    name: str
    image_path: Path
    shape: tuple[int, int]
    chromosomes: tuple[PlacedMask, ...]
    ambiguous: frozenset[int] = frozenset()
