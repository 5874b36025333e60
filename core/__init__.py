"""Boxes and placed masks: the shapes that every stage hands to the next."""

from .boxes import Box, bounding_box
from .cells import Cells
from .masks import (
    EIGHT_CONNECTED,
    PlacedMask,
    any_within,
    count_masks,
    intersection_area,
    iou,
    overlap_of_smaller,
    union,
)

__all__ = [
    "EIGHT_CONNECTED",
    "Box",
    "Cells",
    "PlacedMask",
    "any_within",
    "bounding_box",
    "count_masks",
    "intersection_area",
    "iou",
    "overlap_of_smaller",
    "union",
]
