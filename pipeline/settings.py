"""What a user may choose for the splitting of a slide."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.errors import UsageError
from .tiling import OVERLAP_PX, WINDOW_PX

MIN_TILE_PX = 2 * OVERLAP_PX
"""Neighbouring tiles share OVERLAP_PX: smaller ones would be mostly that."""


@dataclass(frozen=True)
class SplitSettings:
    """What a user may choose.

    device: "auto", "cpu", "cuda", "cuda:N" or "mps". polarity: "auto", "bright" or "dark".
    weights_folder: None for the shipped weights. page, channel: of files that hold several.
    threads: of torch; None leaves it to torch. tile_px: side of the windows that the detector searches.
    expect: chromosomes that a metaphase has; None expects no certain count.
    """

    device: str = "auto"
    polarity: str = "auto"
    weights_folder: str | None = None
    page: int | None = None
    channel: int | None = None
    threads: int | None = None
    tile_px: int = WINDOW_PX
    expect: int | None = None

    def __post_init__(self) -> None:
        if self.tile_px < MIN_TILE_PX:
            raise UsageError(f"a tile of {self.tile_px} px is too small: give {MIN_TILE_PX} or more")
