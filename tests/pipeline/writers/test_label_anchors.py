"""Where the numbers stand in pictures."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.pipeline.records import Chromosome
from karyo_split.pipeline.writers.label_anchors import ROOM_PX, label_anchors

SHAPE = (200, 200)


def rod(number: int, x: int, y: int, width: int, height: int) -> Chromosome:
    mask = np.ones((height, width), dtype=bool)
    return Chromosome(number, Box(x, y, x + width, y + height), mask, 0.9, 1, mask.size, 0, (), 1)


def test_a_number_stands_beside_a_lone_chromosome_and_near_its_middle() -> None:
    (anchor,) = label_anchors([rod(1, 100, 80, 9, 40)], SHAPE)
    assert np.allclose((abs(anchor.dx), anchor.dy), (1, 0))
    x, y = anchor.beside(6, 4)
    assert abs(abs(x - 104.5) - (4.5 + 6)) <= 0.5 and abs(y - 100) <= 0.5


def test_it_stands_on_the_side_where_nothing_lies() -> None:
    row = [rod(number + 1, 40 + 11 * number, 80, 9, 40) for number in range(2)]
    left, right = label_anchors(row, SHAPE)
    assert left.dx < 0 < right.dx


def test_it_stays_on_the_slide() -> None:
    (anchor,) = label_anchors([rod(1, 0, 80, 9, 40)], SHAPE)
    assert anchor.dx > 0


def test_two_numbers_do_not_share_a_place() -> None:
    crossing = [rod(1, 100, 80, 9, 40), rod(2, 85, 95, 40, 9)]
    places = np.array([a.beside(ROOM_PX, ROOM_PX) for a in label_anchors(crossing, SHAPE)])
    assert np.linalg.norm(places[0] - places[1]) >= 2 * ROOM_PX - 1e-6


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 150), st.integers(0, 150), st.integers(3, 40), st.integers(3, 40)), max_size=8)
)
def test_every_anchor_lies_on_its_own_outline(places: list[tuple[int, int, int, int]]) -> None:
    rods = [rod(number + 1, *place) for number, place in enumerate(places)]
    anchors = label_anchors(rods, SHAPE)
    assert len(anchors) == len(rods)
    for anchor, chromosome in zip(anchors, rods, strict=True):
        box = chromosome.box_slide
        assert np.isclose(np.hypot(anchor.dx, anchor.dy), 1)
        assert box.x0 - 1 <= anchor.x <= box.x1 + 1 and box.y0 - 1 <= anchor.y <= box.y1 + 1
        inner = (anchor.x - 1.5 * anchor.dx, anchor.y - 1.5 * anchor.dy)
        assert box.holds(int(np.floor(inner[1])), int(np.floor(inner[0])))


def test_thousands_take_seconds() -> None:
    across = 70
    many = [rod(n + 1, 30 * (n % across), 30 * (n // across), 8, 24) for n in range(across * across)]
    since = time.perf_counter()
    label_anchors(many, (30 * across, 30 * across))
    assert time.perf_counter() - since < 15
