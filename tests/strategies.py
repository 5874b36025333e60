"""Hypothesis strategies for boxes and masks."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from karyo_split.geometry import Box, PlacedMask


@st.composite
def boxes(draw: st.DrawFn, low: int = -50, high: int = 300, largest: int = 60) -> Box:
    x0, y0 = draw(st.integers(low, high)), draw(st.integers(low, high))
    return Box(x0, y0, x0 + draw(st.integers(1, largest)), y0 + draw(st.integers(1, largest)))


@st.composite
def placed_masks(draw: st.DrawFn, low: int = -50, high: int = 300, largest: int = 30) -> PlacedMask:
    box = draw(boxes(low, high, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    mask = rng.random((box.height, box.width)) < draw(st.floats(0.2, 1.0))
    mask[0, 0] = True
    return PlacedMask(box, mask)
