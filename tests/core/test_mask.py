from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.box import Box, bounding_box
from karyo_split.core.mask import PlacedMask, count_masks, intersection_area, iou, overlap_of_smaller, union

from ..strategies import boxes, placed_masks


@given(boxes(), boxes())
def test_box_iou_is_symmetric_and_one_for_itself(a: Box, b: Box) -> None:
    assert a.iou(b) == b.iou(a)
    assert a.iou(a) == 1.0
    assert a.intersect(b).area <= min(a.area, b.area) <= a.enclose(b).area


@given(placed_masks(), st.integers(-20, 20), st.integers(-20, 20))
def test_shift_and_back_is_the_same_mask(placed: PlacedMask, dx: int, dy: int) -> None:
    back = placed.shift(dx, dy).shift(-dx, -dy)
    assert back.box == placed.box
    assert np.array_equal(back.mask, placed.mask)


@given(placed_masks(), boxes())
def test_within_shows_exactly_the_shared_pixels(placed: PlacedMask, box: Box) -> None:
    seen = placed.within(box)
    assert seen.shape == (box.height, box.width)
    dense = np.zeros((500, 500), dtype=bool)
    dense[placed.box.shift(60, 60).slices] = placed.mask
    assert np.array_equal(seen, dense[box.shift(60, 60).slices])


@given(placed_masks(), placed_masks())
def test_intersection_and_union_add_up(a: PlacedMask, b: PlacedMask) -> None:
    shared = intersection_area(a, b)
    assert union([a, b]).area == a.area + b.area - shared
    assert iou(a, b) == pytest.approx(shared / union([a, b]).area)
    assert overlap_of_smaller(a, b) == pytest.approx(shared / min(a.area, b.area))


@given(placed_masks(low=0, high=60))
def test_from_dense_finds_the_mask_again(placed: PlacedMask) -> None:
    dense = placed.within(Box(0, 0, 120, 120))
    found = PlacedMask.from_dense(dense)
    assert found is not None
    assert found.area == placed.area
    assert found.box == bounding_box(dense)
    assert iou(found, placed) == 1.0


def test_an_empty_mask_has_no_place() -> None:
    assert PlacedMask.from_dense(np.zeros((3, 4), dtype=bool)) is None


def test_a_mask_must_fill_its_box() -> None:
    with pytest.raises(ValueError, match="does not fill"):
        PlacedMask(Box(0, 0, 2, 2), np.ones((3, 2), dtype=bool))


def test_the_union_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no masks"):
        union([])


def test_count_masks_counts_owners_and_clips_to_the_image() -> None:
    square = PlacedMask(Box(0, 0, 2, 2), np.ones((2, 2), dtype=bool))
    counts = count_masks([square, square.shift(1, 1), square.shift(-1, -1)], (3, 3))
    assert counts.tolist() == [[2, 1, 0], [1, 2, 1], [0, 1, 1]]
