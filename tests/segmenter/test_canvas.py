"""How a piece of foreground is seen the second time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from karyo_split.core.box import Box
from karyo_split.core.mask import PlacedMask
from karyo_split.segmenter.canvas import Canvas
from karyo_split.segmenter.crops import MARGIN, NEAR_FRAME, covering_frames
from karyo_split.segmenter.selection import SeedAnswer

LENGTH = 40.0


def piece(side: int, longest: int) -> Canvas:
    """A square piece of foreground with one answer of so many pixels length."""
    window = Box(0, 0, side, side)
    canvas = Canvas(covering_frames(window, LENGTH), window, np.ones((side, side), dtype=bool))
    plane = np.ones((side, side), dtype=np.float32)
    placed = PlacedMask(Box(0, 0, longest, 8), np.ones((8, longest), dtype=bool))
    canvas.answers = [SeedAnswer((4, 4), window, plane, plane, placed, 1.0)]
    return canvas


@given(st.integers(60, 400), st.integers(8, 180))
def test_a_cluster_is_seen_from_nearer_but_no_answer_is_cut(side: int, longest: int) -> None:
    canvas = piece(side, min(longest, side))
    before = max(frame.side for frame in canvas.frames)
    canvas.look_closer(LENGTH)
    after = max(frame.side for frame in canvas.frames)
    assert canvas.answers == []
    assert canvas.twice
    assert after <= before
    assert after >= min(before, MARGIN * min(longest, side) - 1)
    assert after <= max(NEAR_FRAME * LENGTH, MARGIN * longest) + 1
    seen = np.zeros((side, side), dtype=bool)
    for frame in canvas.frames:
        seen[frame.box.clip((side, side)).slices] = True
    assert seen.all()
