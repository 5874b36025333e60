"""Masks from boxes: which pieces of a slide's foreground are exactly one chromosome.

Where the truth has boxes only, a piece of foreground that lies in one box and fills it is a lone chromosome, and its
outline is known as well as its edge is. Of everything else in the boxes it is only known that it is chromosome.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse.csgraph import connected_components

from ...core.box import Box
from ...core.mask import EIGHT_CONNECTED, PlacedMask

FOREGROUND_LEVEL = 0.28
"""Normalised value of a chromosome's edge; bodies lie near 0.7."""
MAX_HOLE = 0.03
"""Pale bands leave holes: those up to this area, in typical lengths squared, are filled."""
MIN_AREA = 0.03
"""Smaller pieces are specks; in typical lengths squared."""
MIN_INSIDE = 0.9
"""Share of a lone chromosome that lies in its box."""
MAX_FOREIGN = 0.15
"""Of a lone chromosome no more lies in a box that nothing else fills."""
MAX_GAP = 0.1
"""A piece fills a box where it comes as near to each side as usual on its slide, and this share of a length."""


MIN_PART = 0.3
"""Share of the foreground in a box that a piece must have to be a part of its chromosome."""


@dataclass(frozen=True, eq=False)
class BoxTruth:
    """What the foreground of a slide says about its boxes."""

    lone: tuple[PlacedMask, ...]
    """Chromosomes that touch no other, with exact masks."""
    lone_boxes: tuple[int, ...]
    """The number of each lone chromosome's box."""
    rest: tuple[PlacedMask, ...]
    """Foreground in the boxes that is chromosome, whose it is not known."""
    regions: tuple[PlacedMask, ...]
    """For each box with foreground, where its chromosome is: a lone one's mask, or all foreground in the box."""
    clusters: tuple[tuple[int, ...], ...]
    """Which regions hang together: indices into `regions`."""
    length_px: float
    """Median long side of the boxes."""


def masks_from_boxes(image: NDArray[np.float32], boxes: Sequence[Box]) -> BoxTruth:
    """Find the lone chromosomes of a slide whose chromosomes are known by their boxes.

    image: float32, shape (rows, columns), normalised. boxes: in its pixels, one per chromosome, a little loose.
    """
    length = float(np.median([box.long_side for box in boxes]))
    foreground = _filled(image > FOREGROUND_LEVEL, MAX_HOLE * length**2)
    pieces = _pieces(foreground, MIN_AREA * length**2)
    inside = np.array([[_area_in(piece, box) for box in boxes] for piece in pieces]).reshape(len(pieces), len(boxes))
    areas = np.array([piece.area for piece in pieces], dtype=float)
    shares = inside / areas[:, None]
    gaps = np.array([[_gaps(piece.box, box) for box in boxes] for piece in pieces]).reshape(len(pieces), len(boxes), 4)
    near = (shares >= MIN_INSIDE) & (gaps.max(axis=2) <= 0.25 * length)
    usual = float(np.median(gaps[near])) if near.any() else 0.0
    fills = near & (gaps.max(axis=2) <= usual + MAX_GAP * length)
    lone, numbers = [], []
    for index in np.flatnonzero(fills.sum(axis=1) == 1):
        box = int(np.flatnonzero(fills[index])[0])
        foreign = [j for j in np.flatnonzero(shares[index] > MAX_FOREIGN) if j != box]
        explained = all(np.any(np.delete(fills[:, j], index)) for j in foreign)
        if explained and fills[:, box].sum() == 1:
            lone.append(pieces[index])
            numbers.append(box)
    margin = max(0, round(usual))
    tight = [Box(b.x0 + margin, b.y0 + margin, b.x1 - margin, b.y1 - margin) for b in boxes]
    own = dict(zip(numbers, lone, strict=True))
    regions, clusters = _regions(foreground, tight, own, MIN_AREA * length**2)
    return BoxTruth(tuple(lone), tuple(numbers), tuple(_rest(foreground, boxes, lone)), regions, clusters, length)


def _filled(mask: NDArray[np.bool_], largest: float) -> NDArray[np.bool_]:
    """The mask with its holes filled, up to an area."""
    holes, _ = ndimage.label(ndimage.binary_fill_holes(mask) & ~mask)
    return mask | ((np.bincount(holes.ravel()) <= largest)[holes] & (holes > 0))


def _regions(
    foreground: NDArray[np.bool_], boxes: Sequence[Box], lone: Mapping[int, PlacedMask], smallest: float
) -> tuple[tuple[PlacedMask, ...], tuple[tuple[int, ...], ...]]:
    """Each box's foreground, and the clusters that they form: those that share a good part of one piece."""
    others = foreground.copy()
    for placed in lone.values():
        others[placed.box.slices] &= ~placed.mask
    labels, count = ndimage.label(others, structure=EIGHT_CONNECTED)
    regions: list[PlacedMask] = []
    pieces: list[set[int]] = []
    for number, box in enumerate(boxes):
        if number in lone:
            regions.append(lone[number])
            pieces.append(set())
            continue
        sizes = np.bincount(labels[box.slices].ravel(), minlength=count + 1)
        sizes[0] = 0
        main = np.flatnonzero(sizes >= max(MIN_PART * sizes.sum(), 1))
        region = PlacedMask.from_dense(np.isin(labels[box.slices], main), (box.y0, box.x0))
        if region is not None and region.area >= smallest:
            regions.append(region)
            pieces.append(set(main.tolist()))
    linked = np.array([[bool(a & b) for b in pieces] for a in pieces], dtype=bool).reshape(len(pieces), len(pieces))
    _, cluster_of = connected_components(linked, directed=False)
    clusters: dict[int, list[int]] = {}
    for index, cluster in enumerate(cluster_of):
        clusters.setdefault(int(cluster), []).append(index)
    return tuple(regions), tuple(tuple(members) for members in clusters.values())


def _pieces(foreground: NDArray[np.bool_], smallest: float) -> list[PlacedMask]:
    labels, _ = ndimage.label(foreground, structure=EIGHT_CONNECTED)
    pieces = []
    for index, where in enumerate(ndimage.find_objects(labels), start=1):
        mask = labels[where] == index
        if np.count_nonzero(mask) >= smallest:
            pieces.append(PlacedMask(Box(where[1].start, where[0].start, where[1].stop, where[0].stop), mask))
    return pieces


def _rest(foreground: NDArray[np.bool_], boxes: Sequence[Box], lone: Sequence[PlacedMask]) -> list[PlacedMask]:
    """The connected pieces of what is foreground, in some box, and no lone chromosome."""
    rest = np.zeros_like(foreground)
    for box in boxes:
        rest[box.slices] = foreground[box.slices]
    for placed in lone:
        rest[placed.box.slices] &= ~placed.mask
    return _pieces(rest, 1)


def _area_in(piece: PlacedMask, box: Box) -> int:
    shared = piece.box.intersect(box)
    return 0 if shared.is_empty else int(np.count_nonzero(piece.within(shared)))


def _gaps(inner: Box, box: Box) -> tuple[int, int, int, int]:
    """How far a piece stays from each side of a box."""
    return inner.x0 - box.x0, inner.y0 - box.y0, box.x1 - inner.x1, box.y1 - inner.y1
