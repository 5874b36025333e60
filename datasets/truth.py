"""What a slide with known chromosomes is, whatever format it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy import ndimage

from ..core.mask import EIGHT_CONNECTED, PlacedMask, count_masks


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


def clusters_of(masks: Sequence[PlacedMask], shape: tuple[int, int]) -> list[tuple[int, ...]]:
    """Group masks into clusters: the 8-connected components of all of them together.

    Returns one tuple of indices into `masks` per cluster, in the order of their first members.
    """
    labels, _ = ndimage.label(count_masks(masks, shape) > 0, structure=EIGHT_CONNECTED)
    members: dict[int, list[int]] = {}
    for index, placed in enumerate(masks):
        inside = placed.box.clip(shape)
        pixels = labels[inside.slices][placed.within(inside)]
        if pixels.size:
            members.setdefault(int(pixels[0]), []).append(index)
    return [tuple(indices) for indices in members.values()]
