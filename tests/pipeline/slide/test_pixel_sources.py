from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given
from karyo_split.core.box import Box
from karyo_split.pipeline.slide.pixel_sources import CachedPixels
from karyo_split.pipeline.slide.slide import Slide
from numpy.typing import NDArray

from ...strategies import boxes

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 60_000, (400, 500)).astype(np.uint16)


class Counted:
    """An array that knows how often it was read."""

    def __init__(self, array: NDArray[np.uint16], chunks: tuple[int, ...]) -> None:
        self.array, self.shape, self.chunks, self.reads = array, array.shape, chunks, 0

    def __getitem__(self, where: object) -> NDArray[np.uint16]:
        self.reads += 1
        return self.array[where]  # type: ignore[index]


@given(boxes(low=0, high=350, largest=50))
def test_cached_pixels_are_the_array_s(box: Box) -> None:
    source = zarr.array(GREY, chunks=(64, 48))
    cached = CachedPixels(source, 0, kept_bytes=200_000)
    for part in (box, box.grow(30).clip(GREY.shape), box):
        assert np.array_equal(cached[part.slices], GREY[part.slices])


def test_neighbouring_regions_read_a_block_once() -> None:
    counted = Counted(GREY, (64, 500))
    cached = CachedPixels(counted, 0)
    for x0 in range(0, 400, 50):
        cached[slice(0, 60), slice(x0, x0 + 100)]
    assert counted.reads == 1


def test_no_more_is_kept_than_allowed() -> None:
    counted = Counted(np.zeros((4000, 4000), np.uint16), (512, 512))
    cached = CachedPixels(counted, 0, kept_bytes=3 * 512 * 512 * 2)
    everywhere = [(y, x) for y in range(0, 4000, 512) for x in range(0, 4000, 512)]
    for y, x in everywhere:
        cached[slice(y, min(4000, y + 512)), slice(x, min(4000, x + 512))]
    assert counted.reads == len(everywhere)
    cached[slice(0, 512), slice(0, 512)]
    assert counted.reads == len(everywhere) + 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rowsperstrip": 7},
        {"compression": "zlib", "rowsperstrip": 16},
        {"tile": (64, 64)},
        {"tile": (48, 112), "compression": "lzw"},
        {"byteorder": ">"},
        {"bigtiff": True, "tile": (512, 512), "compression": "zlib", "predictor": True},
    ],
    ids=str,
)
def test_however_a_file_lays_out_its_pixels_they_are_the_same(tmp_path: Path, options: dict) -> None:
    tifffile.imwrite(tmp_path / "s.tif", GREY, **options)
    with Slide.open(tmp_path / "s.tif") as slide:
        for box in (Box(0, 0, 500, 400), Box(63, 47, 65, 49), Box(120, 300, 499, 400)):
            assert np.array_equal(slide.read(box), GREY[box.slices])


def test_colours_and_pages_of_compressed_files_are_found(tmp_path: Path) -> None:
    colour = RNG.integers(0, 255, (90, 120, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "rgb.tif", colour, photometric="rgb", compression="zlib", tile=(32, 32))
    pages = np.stack([GREY, GREY + 1])
    tifffile.imwrite(tmp_path / "pages.tif", pages, photometric="minisblack", compression="zlib")
    box = Box(10, 20, 70, 80)
    with Slide.open(tmp_path / "rgb.tif") as slide:
        assert np.allclose(slide.read(box), colour[box.slices].mean(axis=2), atol=1e-4)
    with Slide.open(tmp_path / "pages.tif", page=1) as slide:
        assert np.array_equal(slide.read(box), pages[1][box.slices])
