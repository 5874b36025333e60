from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.pipeline.detect import MAX_VIEW_WINDOWS, find_boxes
from karyo_split.pipeline.normalise import measure_slide
from karyo_split.pipeline.occupancy import Occupancy
from karyo_split.pipeline.slide.slide import Slide
from karyo_split.pipeline.working_scale import ZOOMS
from numpy.typing import NDArray

SIDE = 9000
RNG = np.random.default_rng(3)


def large(dark: bool = False, rods: int = 40) -> tuple[Slide, list[Box]]:
    """A slide with rods in two far corners of it."""
    grey = RNG.normal(40, 2, (SIDE, SIDE)).astype(np.float32)
    placed = []
    for number in range(rods):
        corner = 300 if number % 2 else SIDE - 1200
        y, x = corner + number // 2 % 5 * 150, corner + number // 10 * 150
        placed.append(Box(x, y, x + 8, y + 36))
        grey[placed[-1].slices] += 120
    return Slide.from_array(200 - grey if dark else grey), placed


@pytest.mark.parametrize("dark", [False, True])
def test_windows_with_chromosomes_are_searched_and_most_others_are_not(dark: bool) -> None:
    slide, placed = large(dark)
    normalisation = measure_slide(slide)
    assert normalisation.polarity == ("dark" if dark else "bright")
    occupancy = Occupancy.of(slide.survey, normalisation)
    assert not any(occupancy.is_empty(box) for box in placed)
    middle = [Box(x, y, x + 1000, y + 1000) for x in (3000, 5000) for y in (3000, 4500)]
    assert all(occupancy.is_empty(box) for box in middle)


def test_a_large_slide_s_chromosomes_have_the_grey_values_of_a_small_one_s() -> None:
    slide, placed = large()
    part = Box(0, 0, 1024, 1024)
    small = Slide.from_array(slide.read(part))
    here, there = measure_slide(slide), measure_slide(small)
    for box in placed[1::8]:
        values = here.apply(slide.read(box), box)
        assert np.median(values) == pytest.approx(np.median(there.apply(small.read(box), box)), rel=0.1)


def test_no_window_without_content_reaches_the_detector() -> None:
    class Counting:
        seen = 0

        def detect(self, image: NDArray[np.float32]) -> list:
            self.seen += 1
            assert image.max() > 0.3
            return []

    slide, _ = large()
    detector = Counting()
    told: list[tuple[int, int]] = []
    find_boxes(slide, measure_slide(slide), detector, progress=lambda done, total: told.append((done, total)))
    looks = 2 * MAX_VIEW_WINDOWS + len(ZOOMS)  # at the scales among which one is chosen
    assert 0 < detector.seen < len(told) / 10 + looks
    assert told[-1][0] == told[-1][1]


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 3))
def test_the_occupancy_covers_every_pixel(rows: int, columns: int, step: int) -> None:
    max_level = np.zeros((-(-rows // step), -(-columns // step)), np.float32)
    y, x = rows - 1, columns - 1
    max_level[y // step, x // step] = 1
    occupancy = Occupancy(max_level, step)
    assert not occupancy.is_empty(Box(x, y, x + 1, y + 1))
    assert not occupancy.is_empty(Box(0, 0, columns, rows))
