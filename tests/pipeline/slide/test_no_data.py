from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.core.box import Box
from karyo_split.core.errors import UnreadableSlide
from karyo_split.pipeline.slide.slide import Slide

GREY = np.random.default_rng(0).integers(100, 4096, (120, 150))
WHOLE = Box(0, 0, 150, 120)
ROW = np.zeros(GREY.shape, dtype=bool)
ROW[3] = True


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (np.float32, -3.4028235e38),
        (np.float32, 3e38),
        (np.float64, -1.7976931348623157e308),
        (np.int16, -(2**15)),
        (np.int32, -(2**31)),
    ],
)
@pytest.mark.parametrize("step", [1, 3])
def test_no_data_reads_as_the_median_of_the_rest(dtype: type, value: float, step: int) -> None:
    grey = np.tile(GREY, (1, 10 * step)) if step > 1 else GREY
    pixels = grey.astype(dtype)
    pixels[3] = value
    slide = Slide.from_array(pixels)
    part = slide.read(Box(20, 2, 60, 5))
    assert np.allclose(part[1], np.median(grey[np.arange(120) != 3]), rtol=0.02)
    assert np.array_equal(part[[0, 2]], grey[[2, 4], 20:60])
    assert slide.survey.no_data == pytest.approx(1 / 120)
    assert slide.survey.lowest.min() >= 100 and slide.survey.highest.max() < 4096


def test_colours_without_data_are_no_data() -> None:
    pixels = np.repeat(GREY[..., None], 3, axis=2).astype(np.float32)
    pixels[5, 6, 1] = -3.4e38
    assert Slide.from_array(pixels).read(WHOLE)[5, 6] == pytest.approx(np.median(GREY), rel=0.02)


def test_a_value_that_the_file_names_is_no_data(tmp_path: Path) -> None:
    named = np.where(ROW, 65000, GREY).astype(np.uint16)
    tifffile.imwrite(tmp_path / "s.tif", named, extratags=[(42113, "s", 0, "65000", True)])
    tifffile.imwrite(tmp_path / "plain.tif", named)
    with Slide.open(tmp_path / "s.tif") as slide, Slide.open(tmp_path / "plain.tif") as plain:
        assert slide.read(WHOLE).max() < 4096
        assert plain.read(WHOLE).max() == 65000


@pytest.mark.parametrize("text", ["nan", "none", "", "inf"])
def test_a_name_for_no_data_that_is_no_number_says_nothing(tmp_path: Path, text: str) -> None:
    tifffile.imwrite(tmp_path / "s.tif", GREY.astype(np.uint16), extratags=[(42113, "s", 0, text, True)])
    with Slide.open(tmp_path / "s.tif") as slide:
        assert np.array_equal(slide.read(WHOLE), GREY)


def test_black_that_is_the_lowest_number_is_data(tmp_path: Path) -> None:
    signed = (np.where(ROW, 0, GREY - 99) - 2**15).astype(np.int16)
    assert np.array_equal(Slide.from_array(signed).read(WHOLE), signed)
    black = np.where(np.arange(150) < 100, 0, GREY).astype(np.uint16)
    tifffile.imwrite(tmp_path / "s.tif", black, extratags=[(42113, "s", 0, "0", True)])
    with Slide.open(tmp_path / "s.tif") as slide:
        assert np.array_equal(slide.read(WHOLE), black)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    pixels = GREY.astype(np.float32)
    pixels[3, 4], pixels[5, 6] = value, -3.4e38
    with pytest.raises(UnreadableSlide, match="not numbers"):
        Slide.from_array(pixels).read(WHOLE)
