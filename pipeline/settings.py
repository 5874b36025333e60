"""What a user may choose for the splitting of a slide."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.errors import UsageError
from .slide.image_file import MAX_PIXELS
from .tiling import OVERLAP_PX, WINDOW_PX

MIN_TILE_PX = 2 * OVERLAP_PX
"""Neighbouring tiles share OVERLAP_PX: smaller ones would be mostly that."""


@dataclass(frozen=True)
class SplitSettings:
    """What a user may choose."""

    device: str = "auto"
    """One of "auto", "cpu", "cuda", "cuda:N", "mps"."""
    polarity: str = "auto"
    """One of "auto", "bright", "dark": the chromosomes on their background."""
    weights_folder: str | None = None
    """Folder of weights; None for the shipped ones."""
    page: int | None = None
    """Page of files that hold several, from 0."""
    channel: int | None = None
    """Channel of files that hold several, from 0."""
    threads: int | None = None
    """Threads of torch; None leaves it to torch."""
    tile_px: int = WINDOW_PX
    """Side of the windows that the detector searches, in pixels."""
    expect: int | None = None
    """Chromosomes that a metaphase has; None expects no certain count."""
    max_pixels: int = MAX_PIXELS
    """Rows times columns of a slide, at most: larger ones are refused before they are read."""

    def __post_init__(self) -> None:
        if self.tile_px < MIN_TILE_PX:
            raise UsageError(f"a tile of {self.tile_px} px is too small: give {MIN_TILE_PX} or more")
        if self.max_pixels < 1:
            raise UsageError(f"no slide has {self.max_pixels} pixels or fewer: give a larger max_pixels")
