from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.clusters import cluster_ids, clusters_of, shared_areas, shared_places
from karyo_split.core.mask import PlacedMask, count_masks
from scipy import ndimage

from ..strategies import placed_masks, rod


def test_touching_corners_make_a_cluster_and_a_gap_does_not() -> None:
    assert cluster_ids([rod(0, 0, 5, 5), rod(5, 5, 5, 5), rod(11, 11, 5, 5)]) == [1, 1, 2]


@given(st.lists(placed_masks(low=0, high=120), max_size=10))
def test_clusters_are_the_components_of_masks_that_hang_together(masks: list[PlacedMask]) -> None:
    """Each mask filled, so that it is one component: then clusters are the components of all pixels together."""
    solid = [PlacedMask(placed.box, np.ones_like(placed.mask)) for placed in masks]
    labels, count = ndimage.label(count_masks(solid, (200, 200)) > 0, structure=np.ones((3, 3)))
    expected: dict[int, list[int]] = {}
    for index, placed in enumerate(solid):
        expected.setdefault(int(labels[placed.box.y0, placed.box.x0]), []).append(index)
    assert clusters_of(solid) == [tuple(members) for members in expected.values()]
    assert len(set(cluster_ids(solid))) == count


@given(st.lists(placed_masks(low=0, high=120), max_size=8))
def test_shared_pixels_are_counted_and_placed(masks: list[PlacedMask]) -> None:
    counts = count_masks(masks, (200, 200))
    for placed, area in zip(masks, shared_areas(masks), strict=True):
        assert area == np.count_nonzero(counts[placed.box.slices][placed.mask] > 1)
    places = np.zeros((200, 200), dtype=bool)
    for place in shared_places(masks):
        places[place.box.slices] |= place.mask
    assert np.array_equal(places, counts > 1)
