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


@pytest.mark.parametrize(
    "counts",
    ["o" * 100_000, "oooo", "0" * 10, "\x80", "~", "4o", [10**9], [-5, 405], [2**62, 2**62], ["a"], [[1]], None, 5],
)
def test_run_lengths_that_cannot_be_are_refused_at_once(counts: object) -> None:
    segmentation = {"size": [20, 20], "counts": counts}
    if counts != "0" * 10:  # ten runs of nothing
        with pytest.raises(TruthError):
            placed_of(segmentation, (20, 20))
    if isinstance(counts, str) and counts != "0" * 10:
        with pytest.raises(ValueError, match=r"run|counts|ascii"):
            crop_of(segmentation, Box(0, 0, 20, 20))


@pytest.mark.parametrize("box", [Box(0, 0, 10**9, 10**9), Box(-1, 0, 5, 5), Box(0, 0, 21, 5), Box(5, 5, 5, 5)])
def test_a_box_off_the_slide_is_refused_at_once(box: Box) -> None:
    with pytest.raises(ValueError, match="is no chromosome's"):
        crop_of({"size": [20, 20], "counts": "0"}, box)
    with pytest.raises(ValueError, match="is no chromosome's"):
        crop_of({"size": [10**6, 10**6], "counts": "0"}, Box(0, 0, 10**5, 10**5))


@pytest.mark.parametrize("polygon", [[1e9, 0, 0, 1e9, 3, 3], [float("nan")] * 6, [1, 2, 3, 4], [], ["a"] * 6, [1] * 7])
def test_polygons_that_cannot_be_are_refused_at_once(polygon: list) -> None:
    with pytest.raises(TruthError):
        placed_of([polygon], (20, 20))


def test_plain_and_compressed_run_lengths_say_the_same() -> None:
    mask = PlacedMask.from_dense(np.random.default_rng(1).random((17, 23)) < 0.3)
    assert mask is not None
    dense = mask.within(Box(0, 0, 23, 17))
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[2], dense.T.ravel(), [2]]).astype(int))))
    plain = [*([0] if dense.T.ravel()[0] else []), *runs.tolist()]
    for counts in (plain, rle_of(mask, (17, 23))["counts"]):
        back = placed_of({"size": [17, 23], "counts": counts}, (17, 23))
        assert back is not None
        assert np.array_equal(back.within(Box(0, 0, 23, 17)), dense)


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
