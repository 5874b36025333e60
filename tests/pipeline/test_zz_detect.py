"""The search for the working scale, with a detector that sees only what is about as long as it was trained for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.detector import CHROMOSOME, Detection
from karyo_split.pipeline.detect import find_boxes, resample
from karyo_split.pipeline.normalise import measure, measure_slide
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.working_scale import WORKING_LENGTH_PX
from numpy.typing import NDArray
from scipy import ndimage


class Nearsighted:
    """Boxes every bright object; it is the surer the nearer its length is to the working length."""

    def detect(self, image: NDArray[np.float32]) -> list[Detection]:
        labels, _ = ndimage.label(image > 0.3)
        found = []
        for where in ndimage.find_objects(labels):
            box = Box(where[1].start, where[0].start, where[1].stop, where[0].stop)
            score = 1 - abs(np.log2(max(box.width, box.height) / WORKING_LENGTH_PX)) / 3
            if score > 0.3:
                found.append(Detection(box, CHROMOSOME, float(score)))
        return found


def slide_of(length: int, side: int, count: int = 6) -> Slide:
    grey = np.full((side, side), 20, np.uint8)
    for row in range(count):
        top = row * (side // 6) + side // 24
        grey[top : top + max(2, length // 4), side // 4 : side // 4 + length] = 200
    return Slide.from_array(ndimage.gaussian_filter(grey.astype(np.float32), 0.5))


def searched(slide: Slide):  # type: ignore[no-untyped-def]
    return find_boxes(slide, measure(slide.view(), slide.shape), Nearsighted())


@pytest.mark.parametrize(("length", "side"), [(9, 240), (18, 300), (35, 400), (60, 500), (110, 900), (250, 1500)])
def test_the_slides_own_chromosomes_set_the_scale(length: int, side: int) -> None:
    boxes = searched(slide_of(length, side))
    assert boxes.measured
    assert len(boxes.detections) == 6
    assert boxes.length_px == pytest.approx(length, rel=0.15, abs=2)
    assert 0.6 <= boxes.length_px * boxes.zoom / WORKING_LENGTH_PX <= 1.9


def test_a_slide_near_the_working_scale_is_taken_as_it_is() -> None:
    assert searched(slide_of(40, 400)).zoom == 1.0


def test_a_slide_near_the_working_scale_is_not_resampled_though_another_zoom_showed_more() -> None:
    grey = np.full((1300, 1500), 20, np.float32)
    for row, column, height, width in ((0, 1024, 34, 9), (273, 0, 10, 37), (284, 0, 34, 9)):
        grey[row : row + height, column : column + width] = 200
    boxes = searched(Slide.from_array(ndimage.gaussian_filter(grey, 0.5)))
    assert boxes.zoom == 1.0
    assert len(boxes.detections) == 3


def test_boxes_stay_in_slide_pixels() -> None:
    for detection in searched(slide_of(110, 900)).detections:
        box = detection.box_slide
        assert abs(box.x0 - 225) <= 5 and abs(box.x1 - 335) <= 5
        assert abs(box.height - 27) <= 6


def test_without_lone_chromosomes_the_scale_is_an_assumption() -> None:
    boxes = searched(slide_of(35, 400, count=2))
    assert not boxes.measured
    assert boxes.length_px == WORKING_LENGTH_PX


def test_resampling_keeps_the_mean() -> None:
    image = np.random.default_rng(1).random((120, 90)).astype(np.float32)
    for zoom in (0.3, 0.5, 2.0):
        small = resample(image, zoom)
        assert small.shape == (round(120 * zoom), round(90 * zoom))
        assert small.mean() == pytest.approx(image.mean(), rel=0.03)
    assert resample(image, 1.0) is image


@pytest.mark.parametrize(("rise", "boxes"), [(60, 6), (120, 7)])
def test_specks_far_paler_than_the_chromosomes_are_not_boxed(rise: int, boxes: int) -> None:
    clean = slide_of(35, 400)
    grey = clean.read(Box(0, 0, 400, 400))
    grey[300:308, 20:40] += rise
    image = measure(grey, grey.shape).apply(grey, Box(0, 0, 400, 400))
    assert len(Nearsighted().detect(image)) == 7
    assert len(searched(Slide.from_array(grey)).detections) == boxes


TILES = [512, 600, 777, 1024, 1301, 2048]
RESAMPLED = [(296, 1199), (104, 81), (630, 373), (373, 1280), (373, 1280), (42, 188), (457, 577)]
"""Rods that are searched at a zoom of 0.93."""


@given(st.lists(st.tuples(st.integers(0, 1260), st.integers(0, 1440)), min_size=4, max_size=40), st.sampled_from(TILES))
@settings(max_examples=150)
@example(RESAMPLED, 600)
def test_the_boxes_do_not_depend_on_the_tile(places: list[tuple[int, int]], tile: int) -> None:
    grey = np.full((1300, 1500), 20, np.float32)
    for number, (row, column) in enumerate(places):
        height, width = (34, 9) if number % 2 else (10, 37)
        grey[row : row + height, column : column + width] = 200
    slide = Slide.from_array(ndimage.gaussian_filter(grey, 0.5))
    normalisation = measure_slide(slide)
    whole = find_boxes(slide, normalisation, Nearsighted(), window_px=4096)
    tiled = find_boxes(slide, normalisation, Nearsighted(), window_px=tile)
    assert tiled.detections == whole.detections
    assert (tiled.length_px, tiled.zoom) == (whole.length_px, whole.zoom)
