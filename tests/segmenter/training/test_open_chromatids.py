from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from karyo_split.segmenter.training.open_chromatids import any_piece, opened
from scipy import ndimage


def banded_rod() -> tuple[np.ndarray, np.ndarray]:
    mask = np.zeros((176, 176), dtype=bool)
    mask[60:116, 80:96] = True
    grey = np.where(mask, 0.7 + 0.2 * np.sin(np.arange(176) / 3)[:, None], 0).astype(np.float32)
    return grey, mask


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_no_stain_is_lost_or_lies_outside_the_mask(seed: int) -> None:
    grey, mask = banded_rod()
    apart, both = opened(grey, mask, np.random.default_rng(seed))
    assert apart.shape == grey.shape and both.shape == mask.shape
    assert 0.75 < both.sum() / mask.sum() < 1.5
    beyond_the_soft_edge = ndimage.distance_transform_edt(~both) > 2.5  # px, in all directions alike
    assert apart[beyond_the_soft_edge].max(initial=0) < 0.1
    assert apart[both].mean() > 0.4


@pytest.mark.parametrize("seed", range(6))
def test_most_are_two_pieces(seed: int) -> None:
    pieces = [ndimage.label(opened(*banded_rod(), np.random.default_rng([seed, n]))[1])[1] for n in range(20)]
    assert np.mean(np.array(pieces) == 2) > 0.5


def test_any_piece_is_one_of_the_two() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[2:8, 2:5] = mask[2:8, 10:13] = True
    rng = np.random.default_rng(0)
    firsts = {int(np.argwhere(any_piece(mask, rng))[0, 1]) for _ in range(30)}
    assert firsts == {2, 10}
    assert any_piece(mask[:, :8], rng) is not None
    assert np.array_equal(any_piece(mask[:, :8], rng), mask[:, :8])
