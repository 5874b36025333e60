from __future__ import annotations

import math

import numpy as np
import pytest
from karyo_split.core.box import Box, bounding_box
from karyo_split.pipeline.measure.measurement import measure_chromosome, orientation
from karyo_split.pipeline.measure.medial_axis import constriction_of, medial_axis, medial_length
from karyo_split.pipeline.records import Chromosome


def band(length: float, width: float, angle: float, bend: float = 0.0) -> np.ndarray:
    """A stadium of known length, turned by degrees counter-clockwise, or an arc that turns by `bend` radians."""
    y, x = np.mgrid[0:200, 0:200] - 0.23  # off the pixel grid, so that no edge pixel is a tie
    along = np.linspace(-0.5, 0.5, 400) * (length - width)
    heading = math.radians(angle) + bend * np.linspace(-0.5, 0.5, 400)
    step = (length - width) / 399
    px = 100 + np.cumsum(np.cos(heading)) * step if bend else 100 + along * math.cos(math.radians(angle))
    py = 100 - np.cumsum(np.sin(heading)) * step if bend else 100 - along * math.sin(math.radians(angle))
    if bend:
        px, py = px - px.mean() + 100, py - py.mean() + 100
    distance = np.min([np.hypot(x - a, y - b) for a, b in zip(px[::4], py[::4], strict=True)], axis=0)
    return distance <= width / 2


@pytest.mark.parametrize("angle", [0, 30, 45, 77, 120])
@pytest.mark.parametrize(("length", "width"), [(30, 10), (60, 12), (100, 15)])
def test_lengths_of_straight_shapes(length: float, width: float, angle: float) -> None:
    mask = band(length, width, angle)
    assert medial_length(mask) == pytest.approx(length, rel=0.02, abs=1.2)
    assert abs((orientation(mask) - angle + 90) % 180 - 90) < 2


@pytest.mark.parametrize("bend", [1.0, 2.0])
def test_lengths_follow_the_bend(bend: float) -> None:
    assert medial_length(band(80, 12, 20, bend)) == pytest.approx(80, rel=0.05)


def test_a_single_pixel_has_a_length() -> None:
    assert medial_length(np.ones((1, 1), dtype=bool)) == 1.0


def test_places_and_intensities_are_the_slides() -> None:
    mask = band(50, 10, 0)
    box = bounding_box(mask)
    assert box is not None
    inside = mask[box.slices]
    chromosome = Chromosome(1, box, inside, 0.9, 1, int(inside.sum()), 0)
    window = box.grow(12)
    grey = np.where(chromosome.placed.within(window), 3.0, 1.0).astype(np.float32)
    measured = measure_chromosome(chromosome, grey, window, [chromosome.placed])
    assert (measured.centroid_x, measured.centroid_y) == pytest.approx((100, 100), abs=0.5)
    assert measured.mean_intensity == 3.0
    assert measured.integrated_intensity == pytest.approx(3 * inside.sum())
    assert measured.width_px == pytest.approx(10, rel=0.12)
    assert measured.background == 1.0
    assert measured.net_intensity == pytest.approx(2 * inside.sum())
    dark = measure_chromosome(chromosome, 10 - grey, window, [chromosome.placed], sign=-1)
    assert dark.net_intensity == pytest.approx(2 * inside.sum())


def test_a_chromosome_without_background_around_has_no_net_intensity() -> None:
    mask = np.ones((30, 30), dtype=bool)
    chromosome = Chromosome(1, Box(0, 0, 30, 30), mask, 0.9, 1, 900, 0)
    measured = measure_chromosome(chromosome, np.ones((30, 30), np.float32), chromosome.box_slide, [chromosome.placed])
    assert measured.background is None and measured.net_intensity is None


@pytest.mark.parametrize("angle", [0, 30, 77])
@pytest.mark.parametrize(("short", "long"), [(25, 25), (20, 40), (15, 60)])
def test_the_arms_meet_at_the_constriction(short: int, long: int, angle: float) -> None:
    first, second = band(short + 4, 13, angle), band(long + 4, 13, angle)
    apart = (short + long) / 2
    dy, dx = -round(math.sin(math.radians(angle)) * apart), round(math.cos(math.radians(angle)) * apart)
    mask = first | np.roll(second, (dy, dx), axis=(0, 1))
    axis = medial_axis(mask)
    assert axis is not None
    found = constriction_of(axis)
    assert found is not None
    assert found.arm_ratio == pytest.approx((long + 2) / (short + 2), rel=0.15)


@pytest.mark.parametrize("angle", [0, 30, 45, 77])
def test_an_even_rod_has_no_constriction(angle: float) -> None:
    axis = medial_axis(band(60, 12, angle))
    assert axis is not None and constriction_of(axis) is None
