"""What a slide with known chromosomes is, whatever format it came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..core.mask import PlacedMask


@dataclass(frozen=True, eq=False)
class AnnotatedSlide:
    """A slide and its true chromosomes."""

    name: str
    """The slide's file name without its ending."""
    image_path: Path
    """The slide's file."""
    shape: tuple[int, int]
    """(rows, columns)."""
    chromosomes: tuple[PlacedMask, ...]
    """Their masks in slide pixels; two may share pixels."""
    ambiguous: frozenset[int] = frozenset()
    """Indices of those that the truth itself leaves open: perhaps two drawn as one."""
