"""A mask between the segmenter and the stitcher, with what speaks for and against it."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.mask import PlacedMask


@dataclass(frozen=True, eq=False)
class Candidate:
    """A mask that may be a chromosome, before it is scored and stitched."""

    placed: PlacedMask
    """The mask, in slide pixels."""
    score: float
    """How sure it is, 0..1; raw until a `Scorer` has calibrated it."""
    certainty: float = 1.0
    """Mean probability over the mask, 0.5..1."""
    support: float = 1.0
    """Share of the seeds inside the mask that answered alike, 0..1."""
    seeds: int = 1
    """Seeds that were asked inside the mask."""
    quality: float = 1.0
    """The IoU with a true chromosome that the network expects of the mask, 0..1."""
    brightness: float = 0.5
    """Mean normalised grey value under the mask."""
    contrast: float = 0.3
    """Mean normalised grey value of the mask's rim minus that just outside."""
    box_score: float = 1.0
    """Best score of the detector's boxes that hold the mask's middle; 0 without one."""
    unresolved: bool = False
    """Whether it lies in a piece of foreground that its chromosomes do not explain wholly."""
    expected: float = 0.0
    """How well it fills the best of the boxes in which the detector expects one chromosome, times that box's score."""
