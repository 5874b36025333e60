from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given
from karyo_split.core.box import Box
from karyo_split.core.errors import TruthError
from karyo_split.core.mask import PlacedMask, iou
from karyo_split.datasets.coco import crop_of, instances, placed_of, read_coco, rle_of
from pycocotools import mask as rle_tools

from ..strategies import placed_masks

SHAPE = (95, 91)


@given(placed_masks(low=0, high=60))
def test_rle_is_what_pycocotools_makes_of_the_whole_slide(placed: PlacedMask) -> None:
    dense = placed.within(Box(0, 0, SHAPE[1], SHAPE[0]))
    expected = rle_tools.encode(np.asfortranarray(dense.astype(np.uint8)))
    encoded = rle_of(placed, SHAPE)
    assert encoded["counts"].encode() == expected["counts"]
    back = placed_of(encoded, SHAPE)
    assert back is not None
    assert iou(back, placed) == 1.0
    window = placed.box.grow(3).clip(SHAPE)
    assert np.array_equal(crop_of(encoded, window).mask, placed.within(window))


def test_a_mask_that_fills_the_slide_survives() -> None:
    whole = PlacedMask(Box(0, 0, 7, 5), np.ones((5, 7), dtype=bool))
    back = placed_of(rle_of(whole, (5, 7)), (5, 7))
    assert back is not None
    assert back.area == 35


def test_polygons_are_read() -> None:
    square = placed_of([[2, 2, 12, 2, 12, 12, 2, 12]], (20, 20))
    assert square is not None
    assert square.area == pytest.approx(100, abs=10)


@pytest.mark.parametrize("wrong", [{"size": [3, 3]}, "text", {"size": [3, 3], "counts": [1, 2]}])
def test_what_is_no_segmentation_is_refused(wrong: object) -> None:
    with pytest.raises(TruthError):
        placed_of(wrong, (20, 20))


def test_files_are_read_with_the_slides_beside_them(tmp_path: Path) -> None:
    masks = [PlacedMask(Box(1, 2, 8, 9), np.ones((7, 7), dtype=bool))]
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((30, 40), np.uint8))
    (tmp_path / "a.json").write_text(json.dumps(instances("a.tif", (30, 40), masks)))
    (slide,) = read_coco(tmp_path)
    assert (slide.name, slide.shape, slide.chromosomes[0].box) == ("a", (30, 40), Box(1, 2, 8, 9))
    (tmp_path / "a.tif").unlink()
    with pytest.raises(TruthError, match="not beside it"):
        list(read_coco(tmp_path))
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(TruthError, match="not a COCO file"):
        list(read_coco(tmp_path))
