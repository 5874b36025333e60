"""Boxes and placed masks: the shapes that every stage hands to the next."""

from .boxes import Box, bounding_box
from .masks import PlacedMask, count_masks, intersection_area, iou, overlap_of_smaller, union

__all__ = [
    "Box",
    "PlacedMask",
    "bounding_box",
    "count_masks",
    "intersection_area",
    "iou",
    "overlap_of_smaller",
    "union",
]
