from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask
from karyo_split.core.outlines import outline_of
from skimage.draw import polygon2mask

from ..strategies import placed_masks


def filled(placed: PlacedMask) -> np.ndarray:
    """The outline's pixels again, by another library's filling: those whose centre lies in an odd number of rings."""
    box = placed.box
    out = np.zeros(placed.mask.shape, dtype=bool)
    for part in outline_of(placed).geoms:
        for ring in (part.exterior, *part.interiors):
            corners = np.array(ring.coords)[:, ::-1] - (box.y0 + 0.5, box.x0 + 0.5)
            out ^= polygon2mask(out.shape, corners)
    return out


@given(placed_masks(largest=14))
def test_the_outline_holds_the_masks_pixels_and_no_others(placed: PlacedMask) -> None:
    outline = outline_of(placed)
    assert outline.is_valid
    assert outline.area == placed.area
    assert np.array_equal(filled(placed), placed.mask)


def test_corners_are_those_of_the_pixels() -> None:
    outline = outline_of(PlacedMask(Box(10, 20, 13, 22), np.ones((2, 3), dtype=bool)))
    assert outline.bounds == (10, 20, 13, 22)
    assert len(outline.geoms[0].exterior.coords) == 5


def test_a_hole_stays_a_hole() -> None:
    mask = np.ones((5, 5), dtype=bool)
    mask[2, 2] = False
    (part,) = outline_of(PlacedMask(Box(0, 0, 5, 5), mask)).geoms
    assert len(part.interiors) == 1


def test_an_empty_mask_has_no_outline() -> None:
    with pytest.raises(ValueError, match="empty"):
        outline_of(PlacedMask(Box(0, 0, 2, 2), np.zeros((2, 2), dtype=bool)))
