from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask, overlap_of_smaller
from karyo_split.pipeline.scoring.candidate import Candidate
from karyo_split.pipeline.stitch import merge_repeats, stitch

from ..strategies import placed_masks

SHAPE = (400, 400)
WHOLE = Box(0, 0, SHAPE[1], SHAPE[0])


def rod(row: int, column: int, height: int, width: int) -> PlacedMask:
    return PlacedMask(Box(column, row, column + width, row + height), np.ones((height, width), dtype=bool))


@given(st.lists(st.tuples(placed_masks(low=0, high=300), st.floats(0, 1)), max_size=12), st.randoms())
def test_the_order_in_which_masks_come_does_not_matter(items: list, shuffle: random.Random) -> None:
    found = [Candidate(placed, score) for placed, score in items]
    mixed = found.copy()
    shuffle.shuffle(mixed)
    first, second = (stitch(merge_repeats(given), WHOLE, 10, 0.5) for given in (found, mixed))
    assert [(c.id, c.box_slide, c.score, c.cluster_id, c.flags) for c in first] == [
        (c.id, c.box_slide, c.score, c.cluster_id, c.flags) for c in second
    ]
    assert [c.id for c in first] == list(range(1, len(first) + 1))
    for i, a in enumerate(first):
        assert all(overlap_of_smaller(a.placed, b.placed) <= 0.6 for b in first[i + 1 :])


def test_what_two_boxes_found_is_kept_once() -> None:
    better, worse = Candidate(rod(10, 10, 40, 10), 0.9), Candidate(rod(11, 10, 40, 10), 0.7)
    assert merge_repeats([worse, better]) == [better]


def test_overlaps_stay_shared_and_counted() -> None:
    upright, level = stitch([Candidate(rod(20, 40, 60, 10), 0.9), Candidate(rod(45, 15, 10, 60), 0.9)], WHOLE, 35, 0.5)
    assert (upright.area_px, level.area_px) == (600, 600)
    assert upright.overlap_px == level.overlap_px == 100
    assert upright.cluster_id == level.cluster_id


def test_flags() -> None:
    row = [Candidate(rod(100, 20 + 20 * i, 40, 20), 0.9) for i in range(5)]
    others = [Candidate(rod(0, 300, 40, 10), 0.9), Candidate(rod(200, 200, 40, 10), 0.2, unresolved=True)]
    chromosomes = stitch(row + others, WHOLE, 35, 0.5)
    flags = {c.box_slide.y0: c.flags for c in chromosomes}
    assert flags == {100: ("crowded",), 0: ("edge",), 200: ("low_confidence", "unresolved")}


def test_what_a_frame_around_the_picture_cuts_is_flagged() -> None:
    picture = Box(50, 60, 350, 340)
    places = {"left": (100, 50), "above": (60, 200), "right": (200, 340), "below": (300, 100), "inside": (200, 200)}
    found = [Candidate(rod(row, column, 40, 10), 0.9) for row, column in places.values()]
    flagged = {(c.box_slide.y0, c.box_slide.x0) for c in stitch(found, picture, 35, 0.5) if "edge" in c.flags}
    assert flagged == set(places.values()) - {places["inside"]}


def test_fragments_are_dropped() -> None:
    assert stitch([Candidate(rod(10, 10, 6, 8), 0.9)], WHOLE, 35, 0.5) == ()
    assert len(stitch([Candidate(rod(10, 10, 7, 8), 0.9)], WHOLE, 35, 0.5)) == 1
