"""A mask between the segmenter and the stitcher, with what speaks for and against it."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.mask import PlacedMask


@dataclass(frozen=True, eq=False)
class Found:
    """A mask in slide pixels before stitching.

    score: how sure it is, 0..1. certainty: mean probability over the mask, 0.5..1. support: share of the seeds inside
    it that answered alike, 0..1. seeds: how many were asked there.
    brightness: mean normalised grey value under the mask. contrast: mean grey of its rim minus that just outside.
    box_score: the best score of the detector's boxes that hold its middle, 0 without one.
    unresolved: it lies in a piece of foreground that its chromosomes do not explain wholly.
    """

    placed: PlacedMask
    score: float
    certainty: float = 1.0
    support: float = 1.0
    seeds: int = 1
    brightness: float = 0.5
    contrast: float = 0.3
    box_score: float = 1.0
    unresolved: bool = False
