from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.pipeline.tiling import is_cut, windows


@given(st.integers(2, 3000), st.integers(2, 3000), st.integers(64, 700), st.data())
def test_windows_cover_the_slide_and_stay_inside(rows: int, columns: int, window: int, data: st.DataObject) -> None:
    overlap, step = data.draw(st.tuples(st.integers(0, window // 2), st.sampled_from([1, 7, 64])))
    seen = np.zeros(((rows + 7) // 8, (columns + 7) // 8), dtype=bool)
    for box in windows((rows, columns), window, overlap, step):
        assert box.clip((rows, columns)) == box
        assert max(box.width, box.height) <= -(-window // step) * step
        assert box.y0 % step == box.x0 % step == 0
        seen[box.y0 // 8 : (box.y1 + 7) // 8, box.x0 // 8 : (box.x1 + 7) // 8] = True
    assert seen.all()


@given(st.integers(2, 9000), st.integers(256, 2048), st.sampled_from([1, 64]), st.data())
def test_neighbours_share_the_overlap(length: int, window: int, step: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, (window - step) // 2))
    along = list(windows((10, length), window, overlap, step))
    assert all(left.x1 - right.x0 >= overlap for left, right in pairwise(along))
    assert all(left.x0 < right.x0 for left, right in pairwise(along))


def test_only_inner_sides_cut() -> None:
    window = Box(0, 0, 100, 100)
    assert not is_cut(Box(0, 10, 20, 30), window, (400, 400))
    assert is_cut(Box(80, 10, 100, 30), window, (400, 400))
    assert not is_cut(Box(80, 10, 100, 30), window, (100, 100))
