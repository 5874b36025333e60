from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.core.clusters import cluster_ids
from karyo_split.core.mask import PlacedMask, overlap_of_smaller
from karyo_split.pipeline.scoring.candidate import Candidate
from karyo_split.pipeline.scoring.outliers import split_outliers
from karyo_split.pipeline.stitch import merge_repeats, stitch
from karyo_split.pipeline.tiling import is_cut, windows

from ..strategies import placed_masks

SHAPE = (400, 400)


def rod(row: int, column: int, height: int, width: int) -> PlacedMask:
    return PlacedMask(Box(column, row, column + width, row + height), np.ones((height, width), dtype=bool))


@given(st.integers(2, 3000), st.integers(2, 3000), st.integers(64, 700), st.data())
def test_windows_cover_the_slide_and_stay_inside(rows: int, columns: int, window: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, window // 2))
    seen = np.zeros(((rows + 7) // 8, (columns + 7) // 8), dtype=bool)
    for box in windows((rows, columns), window, overlap):
        assert box.clip((rows, columns)) == box
        assert max(box.width, box.height) <= window
        seen[box.y0 // 8 : (box.y1 + 7) // 8, box.x0 // 8 : (box.x1 + 7) // 8] = True
    assert seen.all()


def test_only_inner_sides_cut() -> None:
    window = Box(0, 0, 100, 100)
    assert not is_cut(Box(0, 10, 20, 30), window, SHAPE)
    assert is_cut(Box(80, 10, 100, 30), window, SHAPE)
    assert not is_cut(Box(80, 10, 100, 30), window, (100, 100))


@given(st.lists(st.tuples(placed_masks(low=0, high=300), st.floats(0, 1)), max_size=12), st.randoms())
def test_the_order_in_which_masks_come_does_not_matter(items: list, shuffle: random.Random) -> None:
    found = [Candidate(placed, score) for placed, score in items]
    mixed = found.copy()
    shuffle.shuffle(mixed)
    first, second = (stitch(merge_repeats(given), SHAPE, 10, 0.5) for given in (found, mixed))
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
    upright, level = stitch([Candidate(rod(20, 40, 60, 10), 0.9), Candidate(rod(45, 15, 10, 60), 0.9)], SHAPE, 35, 0.5)
    assert (upright.area_px, level.area_px) == (600, 600)
    assert upright.overlap_px == level.overlap_px == 100
    assert upright.cluster_id == level.cluster_id


def test_flags() -> None:
    row = [Candidate(rod(100, 20 + 20 * i, 40, 20), 0.9) for i in range(5)]
    others = [Candidate(rod(0, 300, 40, 10), 0.9), Candidate(rod(200, 200, 40, 10), 0.2, unresolved=True)]
    chromosomes = stitch(row + others, SHAPE, 35, 0.5)
    flags = {c.box_slide.y0: c.flags for c in chromosomes}
    assert flags == {100: ("crowded",), 0: ("edge",), 200: ("low_confidence", "unresolved")}


def test_fragments_are_dropped() -> None:
    assert stitch([Candidate(rod(10, 10, 6, 8), 0.9)], SHAPE, 35, 0.5) == ()
    assert len(stitch([Candidate(rod(10, 10, 7, 8), 0.9)], SHAPE, 35, 0.5)) == 1


def test_touching_corners_make_a_cluster_and_a_gap_does_not() -> None:
    assert cluster_ids([rod(0, 0, 5, 5), rod(5, 5, 5, 5), rod(11, 11, 5, 5)]) == [1, 1, 2]


def test_nuclei_and_smears_are_told_from_chromosomes() -> None:
    rods = [Candidate(rod(10, 20 * i, 40, 8 + i % 3), 0.9, brightness=0.4 + 0.05 * i) for i in range(10)]
    nucleus, smear = Candidate(rod(100, 100, 50, 50), 0.9), Candidate(rod(200, 200, 40, 9), 0.9, brightness=0.05)
    kept, outliers = split_outliers([*rods, nucleus, smear])
    assert kept == rods
    assert outliers == [nucleus, smear]
    assert split_outliers([nucleus, smear, rods[0]])[1] == []
