"""Tiles and strips that would crash the decoder, or take all memory."""

from __future__ import annotations

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from karyo_split.core.box import Box
from karyo_split.core.errors import UnreadableSlide
from karyo_split.pipeline.slide.lzw import checked_lzw
from karyo_split.pipeline.slide.slide import Slide


def pictures() -> list[bytes]:
    rng = np.random.default_rng(0)
    noise, flat, steps = rng.integers(0, 256, 30_000), np.zeros(30_000), np.cumsum(rng.integers(-1, 2, 30_000))
    return [each.astype(np.uint8).tobytes() for each in (noise, flat, steps, noise[:1], noise[:0])]


@pytest.mark.parametrize("data", pictures())
def test_what_writers_make_passes(data: bytes) -> None:
    checked_lzw(imagecodecs.lzw_encode(data))


def low_packed(codes: list[int], width: int = 9) -> bytes:
    number = sum(code << width * place for place, code in enumerate(codes))
    return number.to_bytes(len(codes) * width // 8 + 1, "little")


def packed(codes: list[int], width: int = 9) -> bytes:
    bits = "".join(f"{code:0{width}b}" for code in codes)
    return bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))


def test_a_code_beyond_the_table_is_refused() -> None:
    checked_lzw(packed([256, 65, 258, 257]))
    checked_lzw(packed([256, 65, 66, 259, 257]))
    for codes in ([256, 300, 65, 257], [256, 65, 259, 257], [256, 65, 66, 258, 256, 258, 65, 257], [400]):
        with pytest.raises(ValueError, match="corrupt"):
            checked_lzw(packed(codes))


def test_an_end_a_bit_too_narrow_is_written_anew() -> None:
    """As libtiff wrote it for years: the width grows after 254 codes, the end comes next."""
    plain = list(range(254))
    data = packed([256, *plain, 257]) + b"@"
    mended = checked_lzw(data)
    assert mended != data
    assert checked_lzw(mended) == mended
    assert imagecodecs.lzw_decode(mended) == bytes(plain)
    for codes in ([256, *plain, 300], [256, *plain, 258, 257]):
        with pytest.raises(ValueError, match="corrupt"):
            checked_lzw(packed(codes) + b"@")


def test_clearing_all_the_time_is_refused_in_time() -> None:
    with pytest.raises(ValueError, match="clears its table"):
        checked_lzw(packed([256, 65] * 50_000))


def test_old_writers_whose_lowest_bit_comes_first_are_checked_too() -> None:
    assert imagecodecs.lzw_decode(low_packed([256, 65, 66, 258, 257])) == b"ABAB"
    checked_lzw(low_packed([256, 65, 66, 258, 257]))
    with pytest.raises(ValueError, match="corrupt"):
        checked_lzw(low_packed([256, 300, 66, 257]))


def test_a_slide_that_crashed_the_decoder_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pixels = np.random.default_rng(0).integers(0, 4000, (64, 64)).astype(np.uint16)
    tifffile.imwrite(path, pixels, compression="lzw", rowsperstrip=16)
    everything = Box(0, 0, 64, 64)
    assert (Slide.open(path).read(everything) == pixels).all()
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].dataoffsets[1]
    data = bytearray(path.read_bytes())
    data[at : at + 3] = packed([256, 300])
    path.write_bytes(data)
    with pytest.raises(UnreadableSlide, match="corrupt"):
        Slide.open(path).read(everything)


def test_bits_that_lie_the_other_way_round_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pixels = np.random.default_rng(0).integers(0, 4, (64, 64)).astype(np.uint8)
    tifffile.imwrite(path, pixels, compression="lzw", extratags=[(65000, 3, 1, 2, True)])
    with tifffile.TiffFile(path) as file:
        at, count = file.pages[0].dataoffsets[0], file.pages[0].databytecounts[0]
    data = bytearray(path.read_bytes().replace(struct.pack("<HHI", 65000, 3, 1), struct.pack("<HHI", 266, 3, 1)))
    data[at : at + count] = imagecodecs.bitorder_encode(bytes(data[at : at + count]))
    path.write_bytes(data)
    with Slide.open(path) as slide:
        assert (slide.read(Box(0, 0, 64, 64)) == pixels).all()


def test_more_samples_than_a_colour_has_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((20, 20, 5), np.uint8), photometric="minisblack", planarconfig="contig")
    with pytest.raises(UnreadableSlide, match="5 samples a pixel"):
        Slide.open(path)


def test_a_tile_far_larger_than_its_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((64, 64), np.uint8), tile=(64, 64), compression="zlib")
    assert Slide.open(path).shape == (64, 64)
    with tifffile.TiffFile(path) as file:
        places = [file.pages[0].tags[name].valueoffset for name in ("TileWidth", "TileLength")]
    data = bytearray(path.read_bytes())
    for place in places:
        data[place : place + 2] = struct.pack("<H", 64_000)
    path.write_bytes(data)
    with pytest.raises(UnreadableSlide, match="lies in tiles of"):
        Slide.open(path)
