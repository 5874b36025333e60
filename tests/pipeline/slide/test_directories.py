"""Directories of a TIFF that lead nowhere, in circles, or across each other."""

from __future__ import annotations

import io
import struct
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.core.errors import UnreadableSlide
from karyo_split.pipeline.slide import directories
from karyo_split.pipeline.slide.directories import check_directories
from karyo_split.pipeline.slide.slide import Slide

GREY = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
TAGS = ((256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1), (279, 4, 1, 64))


def chained(count: int, last: int = 0, tags: tuple[tuple[int, int, int, int], ...] = TAGS, step: int = 0) -> bytes:
    """A TIFF of `count` directories `step` bytes apart, one behind the other for 0; the last leads to the `last`-th."""
    length = 6 + 12 * len(tags)
    places = [72 + number * (step or length) for number in range(count)]
    data = bytearray(places[-1] + length)
    data[:8] = struct.pack("<2sHI", b"II", 42, places[0])
    for place, following in pairwise([*places, places[last] if last else 0]):
        body = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
        data[place : place + length] = struct.pack("<H", len(tags)) + body + struct.pack("<I", following)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (chained(2, last=1), "circle"),
        (chained(150, last=120), "circle"),
        (chained(900, last=899), "circle"),
        (chained(500, tags=(*TAGS, (700, 4, 9000, 8))), "claim more"),
    ],
    ids=["a short circle", "a late circle", "its own next", "shared values"],
)
def test_what_cannot_be_is_refused_at_once(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "s.tif"
    path.write_bytes(data)
    begin = time.process_time()
    with pytest.raises(UnreadableSlide, match=said):
        Slide.open(path, 0)
    assert time.process_time() - begin < 2


def test_directories_below_that_lead_back_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "s.tif"
    path.write_bytes(chained(3, tags=(*TAGS, (330, 4, 1, 72))))
    check_directories(path)
    path.write_bytes(chained(400, tags=(*TAGS, (330, 4, 4000, 72))))
    with pytest.raises(UnreadableSlide, match="claim more"):
        check_directories(path)


def test_directories_that_lie_across_each_other_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.tif"
    far = 2 + 12 * 200  # each has 200 tags, and behind them the place of the next, which begins 4 bytes further on
    data = bytearray(8 + 4 * 300 + far + 4)
    data[:8] = struct.pack("<2sHI", b"II", 42, 8)
    for place in range(8, 8 + 4 * 300, 4):
        struct.pack_into("<H", data, place, 200)
        struct.pack_into("<I", data, place + far, place + 4)
    path.write_bytes(data)
    with pytest.raises(UnreadableSlide, match="damaged"):
        check_directories(path)


def test_more_images_than_are_allowed_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directories, "MAX_DIRECTORIES", 20)
    path = tmp_path / "s.tif"
    for count, allowed in ((20, True), (21, False)):
        path.write_bytes(chained(count))
        if allowed:
            check_directories(path)
        else:
            with pytest.raises(UnreadableSlide, match="more than the 20 images"):
                check_directories(path)


@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"byteorder": ">"}, {"bigtiff": True, "byteorder": ">"}])
def test_stacks_and_pyramids_are_let_through(options: dict[str, object], tmp_path: Path) -> None:
    stack = tmp_path / "stack.tif"
    tifffile.imwrite(stack, np.stack([GREY] * 40), photometric="minisblack", metadata=None, **options)
    check_directories(stack)
    with tifffile.TiffWriter(tmp_path / "pyramid.tif", **options) as writer:  # type: ignore[arg-type]
        writer.write(GREY, subifds=2, tile=(16, 16), compression="zlib")
        writer.write(GREY[::2, ::2], subfiletype=1, tile=(16, 16))
        writer.write(GREY[::4, ::4], subfiletype=1, tile=(16, 16))
    with Slide.open(tmp_path / "pyramid.tif") as slide:
        assert np.array_equal(slide.view(), GREY)


def test_whatever_breaks_off_is_left_to_the_reader(tmp_path: Path) -> None:
    file = io.BytesIO()
    tifffile.imwrite(file, GREY)
    path = tmp_path / "s.tif"
    for end in (0, 3, 4, 7, 9, 20, 200):
        path.write_bytes(file.getvalue()[:end])
        check_directories(path)
