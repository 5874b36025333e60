"""What is no picture must not change how a picture is normalised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.datasets.simulate import SlideRecipe, simulate_slide
from karyo_split.pipeline.normalise import Normalisation, measure_slide
from karyo_split.pipeline.occupancy import Occupancy
from karyo_split.pipeline.slide.slide import Slide, to_grey
from numpy.typing import NDArray
from scipy import ndimage

SHAPE = (300, 340)
DAPI = simulate_slide(SlideRecipe(seed=5, shape=SHAPE, chromosomes=12, nuclei=1)).image.astype(np.uint16) * 12 + 800
GIEMSA = to_grey(simulate_slide(SlideRecipe(seed=5, shape=SHAPE, stain="giemsa", chromosomes=12, nuclei=1)).image)
PLAIN = {"bright": DAPI, "dark": (GIEMSA * 16).astype(np.uint16)}
WHITE = 65535
Grey = NDArray[np.uint16]
Mask = NDArray[np.bool_]


def normalised(pixels: NDArray, polarity: str = "auto") -> tuple[Normalisation, NDArray[np.float32]]:
    slide = Slide.from_array(pixels)
    everywhere = Box(0, 0, slide.shape[1], slide.shape[0])
    normalisation = measure_slide(slide, polarity)
    return normalisation, normalisation.apply(slide.read(everywhere), everywhere)


CLEAN = {polarity: normalised(pixels) for polarity, pixels in PLAIN.items()}


def at(*places: tuple[slice | int, slice | int]) -> Mask:
    mask = np.zeros(SHAPE, dtype=bool)
    for place in places:
        mask[place] = True
    return mask


def scattered(count: int, seed: int = 0) -> Mask:
    mask = np.zeros(DAPI.size, dtype=bool)
    mask[np.random.default_rng(seed).choice(DAPI.size, count, replace=False)] = True
    return mask.reshape(SHAPE)


def letters() -> Mask:
    """Strokes of two pixels, as text has them."""
    mask = np.zeros(SHAPE, dtype=bool)
    for x in range(20, 140, 12):
        mask[270:284, x : x + 2] = mask[270:272, x : x + 8] = mask[276:278, x : x + 6] = True
    return mask


ALL = slice(None)
DIRT = {
    "a pixel": at((100, 100)),
    "five pixels": scattered(5),
    "fifty pixels": scattered(50),
    "a percent": scattered(DAPI.size // 100),
    "a column": at((ALL, 170)),
    "the first column": at((ALL, 0)),
    "a row": at((150, ALL)),
    "the last row": at((-1, ALL)),
    "a row and two columns": at((150, ALL), (ALL, 40), (ALL, 200)),
    "a scale bar": at((slice(280, 286), slice(230, 320))),
    "a bar upright": at((slice(40, 150), slice(12, 17))),
    "text": letters(),
    "text at the top": letters()[::-1],
}


@pytest.mark.parametrize("polarity", PLAIN)
@pytest.mark.parametrize("dirt", DIRT)
def test_white_pixels_change_nothing_around_them(polarity: str, dirt: str) -> None:
    mask, (clean, plain) = DIRT[dirt], CLEAN[polarity]
    dirty, image = normalised(np.where(mask, np.uint16(WHITE), PLAIN[polarity]))
    assert dirty.polarity == clean.polarity == polarity
    assert dirty.level == pytest.approx(clean.level, rel=0.05)
    assert np.abs(image - plain)[~mask].mean() < 0.005


@pytest.mark.parametrize("polarity", PLAIN)
@pytest.mark.parametrize("dirt", [name for name in DIRT if "pixel" in name or "column" in name or "percent" in name])
def test_hot_pixels_and_columns_do_not_reach_the_networks(polarity: str, dirt: str) -> None:
    mask = DIRT[dirt]
    _, image = normalised(np.where(mask, np.uint16(WHITE), PLAIN[polarity]))
    wrong = np.abs(image - CLEAN[polarity][1])[mask] > 0.3
    assert wrong.mean() < 0.02  # where a row crosses a column, most neighbours are hot too


@pytest.mark.parametrize("polarity", PLAIN)
@pytest.mark.parametrize("dirt", ["text", "text at the top", "a scale bar", "a bar upright", "a row and two columns"])
@pytest.mark.parametrize("blur_px", [0.0, 0.5])
def test_burnt_in_marks_do_not_reach_the_networks(dirt: str, blur_px: float, polarity: str) -> None:
    inked = ndimage.gaussian_filter(DIRT[dirt].astype(float), blur_px)
    _, image = normalised((PLAIN[polarity] * (1 - inked) + WHITE * inked).astype(np.uint16))
    assert np.abs(image - CLEAN[polarity][1])[inked > 0.01].mean() < 0.1


def test_what_is_far_brighter_than_chromosomes_but_soft_stays() -> None:
    y, x = np.mgrid[:600, :680]
    glow = 14 * CLEAN["bright"][0].level * np.exp(-(np.hypot(y - 440, x - 490) ** 2) / (2 * 40**2))
    measured, image = normalised((np.tile(DAPI, (2, 2)) + glow).astype(np.uint16))
    assert glow.max() > measured.limits.reach
    assert image[435:445, 485:495].min() == 1.5


@pytest.mark.parametrize("polarity", PLAIN)
def test_a_time_stamp_in_the_first_row_changes_nothing_below_it(polarity: str) -> None:
    pixels = PLAIN[polarity].copy()
    pixels[0, :40] = np.random.default_rng(2).integers(0, WHITE, 40)
    dirty, image = normalised(pixels)
    assert dirty.level == pytest.approx(CLEAN[polarity][0].level, rel=0.05)
    assert np.abs(image - CLEAN[polarity][1])[3:].mean() < 0.005


@pytest.mark.parametrize("polarity", PLAIN)
@given(seed=st.integers(0, 2**31), share=st.floats(0, 0.01), low=st.integers(0, WHITE), high=st.integers(0, WHITE))
@settings(max_examples=30)
def test_a_percent_of_arbitrary_pixels_leaves_the_level(
    polarity: str, seed: int, share: float, low: int, high: int
) -> None:
    values = np.random.default_rng(seed).integers(min(low, high), max(low, high) + 1, SHAPE).astype(np.uint16)
    dirty, _ = normalised(np.where(scattered(int(share * DAPI.size), seed), values, PLAIN[polarity]))
    assert dirty.polarity == polarity
    assert dirty.level == pytest.approx(CLEAN[polarity][0].level, rel=0.1)


@pytest.mark.parametrize("value", [1e6, -1e6, 1e20, 3.4e38, -3.4e38])
@pytest.mark.parametrize("dirt", ["a pixel", "a percent", "the last row"])
@pytest.mark.parametrize("polarity", PLAIN)
def test_unlikely_real_numbers_change_nothing(polarity: str, dirt: str, value: float) -> None:
    pixels = np.where(DIRT[dirt], np.float32(value), PLAIN[polarity].astype(np.float32) / 65535)
    dirty, image = normalised(pixels)
    assert dirty.level * 65535 == pytest.approx(CLEAN[polarity][0].level, rel=0.05)
    assert np.abs(image - CLEAN[polarity][1])[~DIRT[dirt]].mean() < 0.005


PAGES = {
    "all around": ((60, 60), (80, 80)),
    "above": ((90, 0), (0, 0)),
    "left": ((0, 0), (70, 0)),
    "below and right": ((0, 50), (0, 150)),
    "most of the image": ((300, 400), (500, 200)),
}


@pytest.mark.parametrize("value", [0, WHITE])
@pytest.mark.parametrize("polarity", PLAIN)
@pytest.mark.parametrize("sides", PAGES)
def test_a_page_around_the_picture_is_not_seen(sides: str, polarity: str, value: int) -> None:
    around = PAGES[sides]
    measured, image = normalised(np.pad(PLAIN[polarity], around, constant_values=value))
    page = np.pad(np.zeros(SHAPE, dtype=bool), around, constant_values=True)
    assert not image[page].any()
    assert measured.level == pytest.approx(CLEAN[polarity][0].level, rel=0.05)
    picture = image[~page].reshape(SHAPE)
    assert np.abs(picture - CLEAN[polarity][1])[3:-3, 3:-3].mean() < 0.01
    assert any("page or frame" in warning for warning in measured.warnings)


@pytest.mark.parametrize("column", [20, 170, 300])
def test_a_hot_column_of_the_page_s_own_value_cuts_nothing_off(column: int) -> None:
    pixels = DAPI.copy()
    pixels[:, column : column + 2] = pixels[90] = WHITE
    measured, image = normalised(np.pad(pixels, ((50, 0), (0, 70)), constant_values=WHITE))
    assert measured.field.width >= 338 and measured.field.height >= 298
    dirt = ndimage.binary_dilation(pixels == WHITE, iterations=2)
    assert np.abs(image[50:, :340] - CLEAN["bright"][1])[3:-3, 3:-3][~dirt[3:-3, 3:-3]].mean() < 0.01


@pytest.mark.parametrize("value", [-9999.0, 9999.0])
@pytest.mark.parametrize("polarity", PLAIN)
def test_a_block_of_a_far_value_is_not_taken_for_the_picture(polarity: str, value: float) -> None:
    pixels = PLAIN[polarity].astype(np.float32) / 4095
    pixels[10:60, :120] = value
    measured, image = normalised(pixels)
    assert measured.field == Box(0, 0, 340, 300)
    assert measured.polarity == polarity
    assert measured.level * 4095 == pytest.approx(CLEAN[polarity][0].level, rel=0.1)
    assert np.abs(image - CLEAN[polarity][1])[70:].mean() < 0.01


def test_a_label_on_a_sparse_slide_is_not_taken_for_the_picture() -> None:
    """Where few pixels of any row are of chromosomes, rows look as flat as a page."""
    pixels = np.random.default_rng(6).normal(200, 4, (600, 800))
    for x in range(30, 750, 90):
        pixels[300:336, x : x + 9] += 900
    pixels = ndimage.gaussian_filter(pixels, 1.2)
    pixels[540:590, 20:300] = WHITE
    measured, image = normalised(pixels.astype(np.uint16))
    assert measured.field == Box(0, 0, 800, 600)
    assert 0.3 < np.median(image[305:330, 33:36]) < 1.2


def test_a_picture_with_a_black_rim_and_a_caption_on_a_page_is_found() -> None:
    framed = np.pad(np.pad(DAPI, 2), 70, constant_values=WHITE)
    framed[-40:-30, 100:130] = 0
    measured, image = normalised(framed)
    assert np.abs(image[72:-72, 72:-72] - CLEAN["bright"][1])[3:-3, 3:-3].mean() < 0.01
    assert measured.field.grow(2).enclose(Box(72, 72, 412, 372)) == measured.field.grow(2)


@pytest.mark.parametrize("polarity", PLAIN)
def test_the_level_of_a_page_is_taken_from_the_picture_on_a_large_slide_too(polarity: str) -> None:
    tiled = np.tile(PLAIN[polarity], (5, 5))
    clean, plain = normalised(tiled)
    dirty = np.pad(tiled, ((200, 100), (300, 0)), constant_values=WHITE)
    dirty[900:906, 900:1000] = WHITE
    dirty[:, 1200] = WHITE
    measured, image = normalised(dirty)
    assert measured.polarity == polarity
    assert measured.level == pytest.approx(clean.level, rel=0.05)
    assert np.abs(image[200:-100, 300:] - plain)[8:-8, 8:-8].mean() < 0.01
    slide = Slide.from_array(dirty)
    assert Occupancy.of(slide.survey, measured).is_empty(Box(0, 0, 290, 1800))


def test_a_background_of_exactly_zero_is_the_slides_own() -> None:
    pixels = np.pad(np.clip(DAPI.astype(int) - 1100, 0, None).astype(np.uint16), 40)
    measured, _ = normalised(pixels)
    assert measured.field == Box(0, 0, 420, 380)
    assert measured.warnings == ()


def test_light_that_fades_evenly_towards_a_border_is_no_page() -> None:
    fading = DAPI + np.linspace(0, 800, SHAPE[0])[:, None].astype(np.uint16)
    assert normalised(fading)[0].field == Box(0, 0, 340, 300)
    assert normalised(np.linspace(0, 800, 300 * 340).reshape(SHAPE))[0].field == Box(0, 0, 340, 300)


@pytest.mark.parametrize("polarity", PLAIN)
def test_ordinary_slides_keep_every_value(polarity: str) -> None:
    """Single pixels of an ordinary slide stay as they are, however it is cut."""
    measured = CLEAN[polarity][0]
    assert measured.warnings == ()
    slide = Slide.from_array(PLAIN[polarity])
    for box in (Box(0, 0, 340, 300), Box(0, 0, 1, 300), Box(37, 41, 39, 42), Box(100, 0, 340, 1)):
        plain = (slide.read(box) - measured.background_in(box)) * (1 if polarity == "bright" else -1)
        assert np.array_equal(
            measured.apply(slide.read(box), box), np.clip(plain * (0.35 / measured.level), 0, 1.5).astype(np.float32)
        )


@pytest.mark.parametrize(
    ("dirt", "told"),
    [("a pixel", False), ("fifty pixels", False), ("a percent", True), ("a scale bar", True), ("a column", True)],
)
def test_what_is_set_aside_is_told(dirt: str, told: bool) -> None:
    measured, _ = normalised(np.where(DIRT[dirt], np.uint16(WHITE), DAPI))
    assert any("hot pixels, burnt-in marks" in warning for warning in measured.warnings) == told


def test_a_doubtful_polarity_is_told_and_a_given_one_is_taken() -> None:
    rng = np.random.default_rng(4)
    pixels = rng.normal(2000, 5, SHAPE)
    for number in range(12):
        y, x = 20 + number // 4 * 90, 20 + number % 4 * 80
        pixels[y : y + 36, x : x + 9] += 800 if number % 2 else -800
    pixels = ndimage.gaussian_filter(pixels, 1.5)
    measured, _ = normalised(pixels)
    assert any("--polarity settles it" in warning for warning in measured.warnings)
    for polarity in ("bright", "dark"):
        assert normalised(pixels, polarity)[0].warnings == ()
        assert normalised(pixels, polarity)[0].polarity == polarity


@pytest.mark.parametrize("scale", [0.02, 1.0, 50.0])
def test_noise_and_sharp_rods_are_no_dirt(scale: float) -> None:
    """Nothing is set aside where nothing but noise would be left."""
    rng = np.random.default_rng(1)
    noise = rng.normal(40, 2, SHAPE) * scale
    sharp = noise.copy()
    for number in range(12):
        sharp[20 + number // 4 * 90 :, 20 + number % 4 * 80 :][:36, :8] += 120 * scale
    for pixels in (noise, sharp):
        assert not any("marks" in warning or "page" in warning for warning in normalised(pixels)[0].warnings)
    assert np.median(normalised(sharp)[1][20:56, 20:28]) > 0.3
