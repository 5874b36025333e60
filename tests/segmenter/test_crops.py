from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.segmenter.crops import (
    CROP_SIDE,
    MARGIN,
    Frame,
    covering_frames,
    enlarge,
    extract,
    frame_side,
    nearest_frame,
)

from ..strategies import boxes

frames = st.builds(Frame, st.integers(-200, 5000), st.integers(-200, 5000), st.integers(10, 400))


@given(frames, st.floats(0, 4999), st.floats(0, 4999))
def test_image_to_crop_and_back_is_the_same_place(frame: Frame, row: float, column: float) -> None:
    assert frame.to_image(*frame.to_crop(row, column)) == pytest.approx((row, column), abs=1e-6)


@given(boxes(low=0, largest=400), st.floats(10, 120))
def test_frames_together_show_the_whole_box(box: Box, length: float) -> None:
    seen = np.zeros((box.height, box.width), dtype=bool)
    for frame in covering_frames(box, length):
        shared = frame.box.intersect(box)
        seen[shared.shift(-box.x0, -box.y0).slices] = True
    assert seen.all()


@given(boxes(low=0, largest=400), st.floats(10, 120), st.data())
def test_the_nearest_frame_of_a_seed_shows_it_away_from_its_edge(box: Box, length: float, data: st.DataObject) -> None:
    row = data.draw(st.integers(box.y0, box.y1 - 1))
    column = data.draw(st.integers(box.x0, box.x1 - 1))
    frame = nearest_frame(covering_frames(box, length), row, column)
    assert frame.side == frame_side(box, length)
    inner = (0.5 / MARGIN + 0.02) * CROP_SIDE + 3
    for at in frame.to_crop(row, column):
        assert abs(at - (CROP_SIDE - 1) / 2) <= inner


@given(st.integers(40, 180), st.integers(-30, 100), st.integers(-30, 100))
def test_a_plane_survives_crop_and_enlargement(side: int, x0: int, y0: int) -> None:
    rows, columns = np.mgrid[0:360, 0:360].astype(np.float32) / 360
    image = rows + 0.5 * columns
    frame = Frame(x0 + 40, y0 + 40, side)
    back = enlarge(extract(image, [frame])[0], frame)
    truth = image[frame.box.slices]
    inner = slice(4, -4)
    assert np.abs(back - truth)[inner, inner].max() < 0.01


def test_outside_the_image_is_background() -> None:
    crop = extract(np.ones((50, 50), np.float32), [Frame(-100, -100, 88)])
    assert crop.shape == (1, CROP_SIDE, CROP_SIDE)
    assert crop.max() == 0


def test_no_frames_give_no_crops() -> None:
    assert extract(np.ones((5, 5), np.float32), []).shape == (0, CROP_SIDE, CROP_SIDE)
