"""Clusters: masks that touch or overlap. One definition for true and for found chromosomes.

Two masks touch where a pixel of one is a pixel of the other or one of its eight neighbours; a cluster is all that hang
together so, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .grid_index import GridIndex
from .mask import PlacedMask, any_within, intersection_area


def cluster_ids(masks: Sequence[PlacedMask]) -> list[int]:
    """Number the cluster of each mask.

    Parameters
    ----------
    masks
        In the pixels of one image, in any order.

    Returns
    -------
    list of int
        One number per mask: 1, 2, 3, ... in the order of the clusters' first members.
    """
    if not masks:
        return []
    index = GridIndex()
    first, second = [], []
    for number, placed in enumerate(masks):
        grown = placed.grown()
        for other in index.near(grown.box):
            if intersection_area(grown, masks[other]):
                first.append(number)
                second.append(other)
        index.add(number, placed.box)
    touching = coo_array((np.ones(len(first)), (first, second)), shape=(len(masks), len(masks)))
    return (connected_components(touching, directed=False)[1] + 1).tolist()


def clusters_of(masks: Sequence[PlacedMask]) -> list[tuple[int, ...]]:
    """Group masks into clusters.

    Parameters
    ----------
    masks
        In the pixels of one image, in any order.

    Returns
    -------
    list of tuple of int
        The indices into `masks` of each cluster's members, in the order of the clusters' first members.
    """
    members: dict[int, list[int]] = {}
    for index, cluster in enumerate(cluster_ids(masks)):
        members.setdefault(cluster, []).append(index)
    return [tuple(indices) for indices in members.values()]


def shared_areas(masks: Sequence[PlacedMask]) -> list[int]:
    """Count the pixels of each mask that at least one other mask also has."""
    index = GridIndex.of(placed.box for placed in masks)
    areas = []
    for number, placed in enumerate(masks):
        others = any_within((masks[i] for i in index.near(placed.box) - {number}), placed.box)
        areas.append(int(np.count_nonzero(others & placed.mask)))
    return areas


def shared_places(masks: Sequence[PlacedMask]) -> Iterator[PlacedMask]:
    """Yield where masks overlap: of each, in its box, the pixels that an earlier one also has; each pair once."""
    index = GridIndex.of(placed.box for placed in masks)
    for number, placed in enumerate(masks):
        earlier = (masks[i] for i in index.near(placed.box) if i < number)
        both = placed.mask & any_within(earlier, placed.box)
        if both.any():
            yield PlacedMask(placed.box, both)
