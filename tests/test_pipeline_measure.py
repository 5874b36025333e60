from __future__ import annotations

import math

import numpy as np
import pytest
from karyo_split.geometry import bounding_box
from karyo_split.pipeline.measure import measure_chromosome, medial_length, orientation
from karyo_split.pipeline.result import Chromosome


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
    measured = measure_chromosome(chromosome, np.full(inside.shape, 3.0, np.float32))
    assert (measured.centroid_x, measured.centroid_y) == pytest.approx((100, 100), abs=0.5)
    assert measured.mean_intensity == 3.0
    assert measured.integrated_intensity == pytest.approx(3 * inside.sum())
    assert measured.width_px == pytest.approx(10, rel=0.12)
