"""What a slide would cost, from its header alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...core.errors import KaryoSplitError
from ..settings import SplitSettings
from ..slide.file_formats import is_flat
from ..slide.slide import Slide

SECONDS_A_MEGAPIXEL = 16.0
"""On two cores without AVX512, for the most crowded slides of the M-FISH set. Background costs next to nothing."""
OPENED_SECONDS = 0.5
PROGRAM_GIGABYTES = 0.9
WINDOWED_GIGABYTES = 0.6
"""What a slide needs at most that is read in windows."""
FLAT_BYTES_A_PIXEL = 12
"""A PNG or JPEG is decoded whole."""


@dataclass(frozen=True)
class CostEstimate:
    """At most so many seconds and gigabytes, of which the program itself needs 0.9."""

    shape: tuple[int, int] = (0, 0)
    """(rows, columns) of the slide."""
    seconds: float = 0.0
    """At most, on two cores."""
    gigabytes: float = 0.0
    """Of memory at most, of which the program itself needs 0.9."""
    problem: str = ""
    """Why it cannot be read, in one line; empty where it can."""

    def __str__(self) -> str:
        if self.problem:
            return f"cannot be read: {self.problem}"
        return f"{self.shape[0]} x {self.shape[1]} px, at most {self.seconds:.0f} s and {self.gigabytes:.1f} GB"


def estimate_cost(path: Path, settings: SplitSettings) -> CostEstimate:
    """What splitting a file would cost at most; a slide's content is not looked at.

    Parameters
    ----------
    path
        Of the slide's file.
    settings
        What the user chose.
    """
    try:
        with Slide.open(path, settings.page, settings.channel, settings.max_pixels) as slide:
            shape = slide.shape
        flat = is_flat(path)
    except KaryoSplitError as problem:
        return CostEstimate(problem=str(problem))
    pixels = shape[0] * shape[1]
    extra = FLAT_BYTES_A_PIXEL * pixels / 1e9 if flat else min(WINDOWED_GIGABYTES, 60 * pixels / 1e9)
    return CostEstimate(shape, OPENED_SECONDS + SECONDS_A_MEGAPIXEL * pixels / 1e6, PROGRAM_GIGABYTES + extra)
