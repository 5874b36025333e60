"""The whole path with the shipped weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from karyo_split.core.errors import DeviceError, UsageError
from karyo_split.core.mask import iou
from karyo_split.datasets.mfish import read_mfish
from karyo_split.datasets.simulate import SimulatedSlide, SlideRecipe, simulate_slide
from karyo_split.pipeline.evaluation.comparison import SlideComparison, compare
from karyo_split.pipeline.evaluation.slide_scores import score_slides
from karyo_split.pipeline.records import FLAGS
from karyo_split.pipeline.result import SplitResult

import karyo_split
from karyo_split import SplitSettings, Splitter


@pytest.fixture(scope="module")
def splitter() -> Splitter:
    return Splitter(SplitSettings(device="cpu"))


def f1(slide: SimulatedSlide, result: SplitResult) -> float:
    found = tuple(c.placed for c in result.chromosomes)
    scores = tuple(c.score for c in result.chromosomes)
    return score_slides([SlideComparison("s", slide.recipe.shape, slide.chromosomes, found, scores)]).f1_50


@pytest.mark.parametrize("stain", ["dapi", "giemsa"])
def test_a_simulated_slide_is_split(splitter: Splitter, stain: str) -> None:
    slide = simulate_slide(SlideRecipe(seed=8, stain=stain))
    result = splitter.split(slide.image)
    assert f1(slide, result) > 0.97  # 0.978 and 0.989 when measured
    assert result.normalisation.polarity == ("bright" if stain == "dapi" else "dark")
    for chromosome in result.chromosomes:
        assert chromosome.mask.shape == (chromosome.box_slide.height, chromosome.box_slide.width)
        assert chromosome.area_px == chromosome.mask.sum() > 0
        assert 0 <= chromosome.score <= 1
        assert set(chromosome.flags) <= set(FLAGS)


def test_depth_offset_and_inversion_give_the_same_chromosomes(splitter: Splitter, simulated: SimulatedSlide) -> None:
    plain = splitter.split(simulated.image)
    for other in (simulated.image.astype(np.uint16) * 16 + 100, 255 - simulated.image, simulated.image / 255.0):
        again = splitter.split(other)
        assert [c.box_slide for c in again.chromosomes] == [c.box_slide for c in plain.chromosomes]


def test_twice_the_same_slide_is_twice_the_same_result(splitter: Splitter, simulated: SimulatedSlide) -> None:
    first, second = splitter.split(simulated.image), splitter.split(simulated.image)
    assert all(
        a.box_slide == b.box_slide and a.score == b.score and np.array_equal(a.mask, b.mask)
        for a, b in zip(first.chromosomes, second.chromosomes, strict=True)
    )


@pytest.mark.parametrize("pixels", [np.full((90, 80), 7, np.uint8), np.zeros((2, 2), np.float32)])
def test_a_constant_slide_is_a_success_without_chromosomes(splitter: Splitter, pixels: np.ndarray) -> None:
    result = splitter.split(pixels)
    assert result.chromosomes == ()
    assert "no contrast" in result.warnings[0]


def test_pixels_that_are_set_aside_are_told_and_change_no_box(splitter: Splitter, simulated: SimulatedSlide) -> None:
    plain = simulated.image.astype(np.uint16) * 12 + 400
    hot = plain.copy()
    hot[:, 170] = 65535
    first, second = splitter.split(plain), splitter.split(hot)
    assert len(second) == pytest.approx(len(first), abs=1)
    assert not any("hot pixels" in warning for warning in first.warnings)
    assert any("hot pixels" in warning for warning in second.warnings)


def test_a_large_slide_is_read_in_windows(splitter: Splitter, simulated: SimulatedSlide, tmp_path: Path) -> None:
    rows, columns = simulated.recipe.shape
    large = np.full((1300, 1500), int(np.median(simulated.image)), np.uint8)
    for y, x in ((40, 30), (900, 1100), (850, 880 - columns)):
        large[y : y + rows, x : x + columns] = simulated.image
    tifffile.imwrite(tmp_path / "large.tif", large, tile=(256, 256), compression="zlib")
    found, true = len(splitter.split(tmp_path / "large.tif")), len(simulated.chromosomes)
    assert len(splitter.split(simulated.image)) == pytest.approx(true, abs=1)
    assert found == pytest.approx(3 * true, abs=3)


def test_the_tile_size_changes_no_sure_chromosome() -> None:
    large = np.full((620, 1400), 12, np.uint8)
    for number, x in enumerate((30, 730)):
        slide = simulate_slide(SlideRecipe(seed=20 + number, length_px=36))
        rows, columns = slide.recipe.shape
        level = slide.image.astype(int) - int(np.median(slide.image)) + 12
        large[50 : 50 + rows, x : x + columns] = level.clip(0, 255)
    whole = Splitter(SplitSettings(device="cpu", tile_px=2048)).split(large)
    assert [m.chromosomes for m in whole.metaphases] == pytest.approx([46, 46], abs=4)
    tiled = Splitter(SplitSettings(device="cpu", tile_px=512)).split(large)
    assert len(tiled) == pytest.approx(len(whole), rel=0.03)
    for first, second in ((whole, tiled), (tiled, whole)):
        for sure in (c for c in first.chromosomes if not c.flags):
            assert max(iou(sure.placed, c.placed) for c in second.chromosomes) > 0.7


def test_a_tile_that_is_all_overlap_is_refused() -> None:
    with pytest.raises(UsageError, match="too small"):
        SplitSettings(tile_px=300)


def test_a_click_gives_the_chromosome_under_it(splitter: Splitter, simulated: SimulatedSlide) -> None:
    result = splitter.split(simulated.image)
    sure = [c for c in result.chromosomes if not c.flags and not c.overlap_px]
    assert len(sure) > 3
    for chromosome in sure[:3]:
        rows, columns = np.nonzero(chromosome.mask)
        middle = len(rows) // 2
        point = (int(rows[middle]) + chromosome.box_slide.y0, int(columns[middle]) + chromosome.box_slide.x0)
        clicked = splitter.at(simulated.image, point, result)
        assert clicked is not None and iou(clicked.placed, chromosome.placed) > 0.8
    assert splitter.at(simulated.image, point) is not None
    assert splitter.at(np.full((90, 80), 7, np.uint8), (10, 10)) is None
    with pytest.raises(UsageError, match="outside"):
        splitter.at(simulated.image, (5000, 3))


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(DeviceError, match="no device 'tpu'"):
        Splitter(SplitSettings(device="tpu"))


def test_the_public_face_is_lazy_and_complete() -> None:
    for name in karyo_split.__all__:
        assert getattr(karyo_split, name) is not None
    with pytest.raises(AttributeError):
        karyo_split.nothing  # noqa: B018


def test_real_slides_are_split(splitter: Splitter, mfish: Path) -> None:
    slides = list(read_mfish(mfish, "validation"))[::9]
    scores = score_slides([compare(slide, splitter) for slide in slides])
    assert scores.f1_50 > 0.92  # 0.934 when measured
    assert scores.count_error <= 2  # 0.7 when measured
